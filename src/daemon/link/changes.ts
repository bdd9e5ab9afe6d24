import type { Kernel } from '../../kernel/kernel.ts';
import type { Approval, HeldGrant } from '../../ocap/grant.ts';
import type { Home } from '../../store/home.ts';
import type { RegisteredBox } from '../../store/kernel-store.ts';
import type { ErrorCode } from '../../wire/errors.ts';
import type { Change, EndedGrant, LinkGrant, LinkSecret, OwnSecret } from '../../wire/link.ts';
import { makeSessionSecrets } from './session-secrets.ts';
import { wordsOf } from './words.ts';

/** What an egress knows of the grants of its box, and what it must be told. */
export interface Changes {
  /** True for a grant that the egress was told of and that has not ended. */
  has(grant: string): boolean;
  /** What has changed since the last; null for nothing. The first is whole. */
  next(): Change | null;
  /** Secrets that have changed since, or are gone; null for none. */
  rotated(): Change | null;
}

export function makeChanges(home: Home, kernel: Kernel, box: RegisteredBox): Changes {
  const secrets = makeSessionSecrets(home);
  const own = ownSecrets(kernel, box);
  const held = new Set(own.map(({ grant }) => grant));
  let change = 0;

  function make(
    grants: readonly LinkGrant[],
    ended: readonly EndedGrant[],
    values: readonly LinkSecret[],
    gone: readonly string[] = [],
  ): Change {
    const whole = change === 0;
    change += 1;
    const common = {
      guest: box.guest,
      grants,
      ended,
      secrets: values,
      gone,
      own: whole ? own : [],
    };
    return { type: 'change', change, whole, ...common };
  }

  return {
    has: (grant) => held.has(grant),
    next() {
      const grants: LinkGrant[] = [];
      const values: LinkSecret[] = [];
      const now = new Set(own.map(({ grant }) => grant).filter((id) => isValid(kernel, id)));
      for (const grant of kernel.replica(box.guest)) {
        const isNew = !held.has(grant.id);
        if (isNew && !isFor(kernel, grant.id, box.id)) continue;
        now.add(grant.id);
        if (!isNew) continue;
        const linked = linkGrant(kernel, grant);
        const value = linked.secret === null ? null : secrets.need(linked.secret);
        if (value !== null) values.push(value);
        grants.push(linked);
        held.add(grant.id);
      }
      const gone = [...held].filter((id) => !now.has(id));
      for (const id of gone) held.delete(id);
      const ended = gone.map((id) => whyEnded(kernel, id));
      if (change > 0 && grants.length === 0 && ended.length === 0) return null;
      return make(grants, ended, values);
    },
    rotated() {
      const { values, gone } = secrets.changed();
      return values.length + gone.length === 0 ? null : make([], [], values, gone);
    },
  };
}

function isValid(kernel: Kernel, id: string): boolean {
  return kernel.view(id).valid.allow;
}

/** The secrets that the box was started with, also those that ended since. */
function ownSecrets(kernel: Kernel, box: RegisteredBox): readonly OwnSecret[] {
  return kernel
    .grants({ to: box.guest, all: true })
    .filter(({ grant, power }) => grant.box === box.id && power.kind === 'secret')
    .map(({ grant, power }) => ({
      name: (power.config as { readonly name: string }).name,
      grant: grant.id,
    }));
}

/** A grant that was made for one box of a guest is none of its other boxes' business. */
function isFor(kernel: Kernel, id: string, box: string): boolean {
  const { grant } = kernel.view(id);
  return grant.box === null || grant.box === box;
}

const STRICTNESS: readonly Approval[] = ['none', 'writes', 'always'];

function linkGrant(kernel: Kernel, grant: HeldGrant): LinkGrant {
  let approval: Approval = 'none';
  if (grant.asks) {
    for (const id of grant.chain) {
      const own = kernel.view(id).grant.approval;
      if (STRICTNESS.indexOf(own) > STRICTNESS.indexOf(approval)) approval = own;
    }
  }
  const definition = kernel.kinds.get(grant.kind)?.definition;
  const secret = definition?.secretsOf(grant.config)[0] ?? null;
  return { ...grant, text: wordsOf(grant), approval, secret };
}

function whyEnded(kernel: Kernel, id: string): EndedGrant {
  const ended = { code: 'grant-revoked' as ErrorCode, reason: 'The grant has ended.' };
  try {
    const { valid } = kernel.view(id);
    return valid.allow ? { id, ...ended } : { id, code: valid.code, reason: valid.reason };
  } catch {
    return { id, ...ended };
  }
}
