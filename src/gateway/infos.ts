import { type GrantView, HOST, type Kernel, type RevokeReport } from '../kernel/kernel.ts';
import { declarationOf } from '../ocap/derive-declaration.ts';
import { methodsOf } from '../ocap/derive-schema.ts';
import type { Verdict } from '../ocap/verdict.ts';
import type { Mail, PendingApproval, Principal } from '../store/kernel-store.ts';
import type {
  GrantInfo,
  GuestInfo,
  MailInfo,
  PendingInfo,
  PowerInfo,
  RevokeInfo,
  VerdictInfo,
} from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { definitionOf } from './power-words.ts';
import { budgetWords } from './quantity-words.ts';

/** What the kernel knows, as `viewer` may see it. */

export function nameOf(kernel: Kernel, id: string): string {
  try {
    return kernel.principal(id).name;
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    return kernel.principals().find((one) => one.id === id)?.name ?? id;
  }
}

export function grantInfo(kernel: Kernel, viewer: string, view: GrantView): GrantInfo {
  const { grant, power } = view;
  return {
    id: grant.id,
    from: nameOf(kernel, grant.from),
    to: nameOf(kernel, grant.to),
    parent: grant.parent,
    chain: view.chain,
    power: power.id,
    kind: power.kind,
    text: power.text,
    only: view.only,
    budget: budgetWords(grant.budget),
    spent: view.spent,
    begins: grant.notBefore,
    expires: grant.expires,
    approval: grant.approval,
    delegable: grant.delegable,
    // What somebody calls a thing is nobody else's matter.
    names: viewer === HOST || viewer === grant.to ? view.names : [],
    reason: grant.reason,
    created: grant.created,
    lastUsed: view.lastUsed,
    valid: verdictInfo(view.valid),
  };
}

export function verdictInfo(verdict: Verdict): VerdictInfo {
  if (verdict.allow) return { allow: true };
  return { allow: false, code: verdict.code, reason: verdict.reason };
}

export function powerInfo(kernel: Kernel, viewer: string, view: GrantView): PowerInfo {
  const { grant, power } = view;
  const definition = definitionOf(kernel, power.kind);
  return {
    id: power.id,
    grant: grant.id,
    kind: power.kind,
    text: power.text,
    only: view.only,
    secrets: viewer === HOST ? power.secrets : [],
    declaration: declarationOf(definition, definition.summary),
    methods: methodsOf(definition),
  };
}

export function revokeInfo(kernel: Kernel, viewer: string, report: RevokeReport): RevokeInfo {
  return {
    grants: report.grants.map(({ id }) => grantInfo(kernel, viewer, kernel.view(id))),
    guests: report.guests.map((id) => nameOf(kernel, id)),
    cut: report.cut,
  };
}

export function mailInfo(kernel: Kernel, mail: Mail): MailInfo {
  return { ...mail, from: nameOf(kernel, mail.from), to: nameOf(kernel, mail.to) };
}

export function pendingInfo(kernel: Kernel, pending: PendingApproval): PendingInfo {
  const { id, guest, grant, call, effect, created, expires, state } = pending;
  const name = nameOf(kernel, guest);
  const power = kernel.view(grant).power.text;
  return { id, guest: name, grant, power, call, effect, created, expires, state };
}

export function guestInfo(kernel: Kernel, principal: Principal, running: string | null): GuestInfo {
  const { id, name, created, reason, box, removed } = principal;
  const grants = kernel.grants({ to: id }).filter((view) => view.valid.allow).length;
  return { id, name, created, reason, box, running, grants, removed: removed?.time ?? null };
}
