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
import { definitionOf } from './power-words.ts';
import { budgetWords } from './quantity-words.ts';

/** What the kernel knows, as `viewer` may see it. */

/** Names of principals by their ids, of removed ones too; looked up once for a whole answer. */
export function namesOf(kernel: Kernel): (id: string) => string {
  let names: ReadonlyMap<string, string> | undefined;
  return (id) => {
    names ??= new Map(kernel.principals().map((principal) => [principal.id, principal.name]));
    return names.get(id) ?? id;
  };
}

export function grantInfos(
  kernel: Kernel,
  viewer: string,
  views: readonly GrantView[],
): readonly GrantInfo[] {
  const nameOf = namesOf(kernel);
  return views.map((view) => grantInfo(viewer, view, nameOf));
}

export function grantInfo(
  viewer: string,
  view: GrantView,
  nameOf: (id: string) => string,
): GrantInfo {
  const { grant, power } = view;
  return {
    id: grant.id,
    from: nameOf(grant.from),
    to: nameOf(grant.to),
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
  return {
    id: power.id,
    grant: grant.id,
    kind: power.kind,
    text: power.text,
    only: view.only,
    secrets: viewer === HOST ? power.secrets : [],
    ...describe(definitionOf(kernel, power.kind)),
  };
}

type Definition = ReturnType<typeof definitionOf>;

/** A kind never changes, and a list of powers has the same few many times. */
const DESCRIBED = new WeakMap<Definition, Pick<PowerInfo, 'declaration' | 'methods'>>();

function describe(definition: Definition): Pick<PowerInfo, 'declaration' | 'methods'> {
  const known = DESCRIBED.get(definition);
  if (known !== undefined) return known;
  const declaration = declarationOf(definition, definition.summary);
  const described = { declaration, methods: methodsOf(definition) };
  DESCRIBED.set(definition, described);
  return described;
}

export function revokeInfo(kernel: Kernel, viewer: string, report: RevokeReport): RevokeInfo {
  const views = report.grants.map(({ id }) => kernel.view(id));
  const nameOf = namesOf(kernel);
  return {
    grants: grantInfos(kernel, viewer, views),
    guests: report.guests.map(nameOf),
    cut: report.cut,
  };
}

export function mailInfos(kernel: Kernel, mail: readonly Mail[]): readonly MailInfo[] {
  const nameOf = namesOf(kernel);
  return mail.map((one) => ({ ...one, from: nameOf(one.from), to: nameOf(one.to) }));
}

export function mailInfo(kernel: Kernel, mail: Mail): MailInfo {
  const nameOf = namesOf(kernel);
  return { ...mail, from: nameOf(mail.from), to: nameOf(mail.to) };
}

export function pendingInfos(
  kernel: Kernel,
  pending: readonly PendingApproval[],
): readonly PendingInfo[] {
  const nameOf = namesOf(kernel);
  return pending.map(({ id, guest, grant, call, effect, created, expires, state }) => {
    const power = kernel.view(grant).power.text;
    return { id, guest: nameOf(guest), grant, power, call, effect, created, expires, state };
  });
}

export function guestInfo(kernel: Kernel, principal: Principal, running: string | null): GuestInfo {
  const { id, name, created, reason, box, removed } = principal;
  const grants = kernel.grants({ to: id }).filter((view) => view.valid.allow).length;
  return { id, name, created, reason, box, running, grants, removed: removed?.time ?? null };
}
