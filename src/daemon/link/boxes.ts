import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type GrantAsk, HOST, type Kernel } from '../../kernel/kernel.ts';
import type { KernelStore, Principal, RegisteredBox } from '../../store/kernel-store.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { BoxOpened, LinkRule, OpenBox } from '../../wire/link.ts';
import { makeRoots, type RootFor } from './roots.ts';

/** The boxes that run, each as the guest that it is. */
export interface Boxes {
  /** Makes a box a guest, with its grants, in one transaction. */
  open(wanted: OpenBox): BoxOpened;
  /** Ends what was for this box only. Does nothing for a box that is not known. */
  close(id: string, reason: string): Promise<void>;
  /** The box that shows this token. Throws `session-refused`. */
  known(id: string, token: string): RegisteredBox;
  /** Keeps which process the box's egress is. */
  keepEgress(id: string, egress: RegisteredBox['egress']): RegisteredBox;
  get(id: string): RegisteredBox | undefined;
  all(): readonly RegisteredBox[];
  /** While a box ends, nobody waits for its egress any more. */
  isEnding(id: string): boolean;
}

export type BoxStore = Pick<KernelStore, 'transaction' | 'boxes'>;

export function makeBoxes(kernel: Kernel, store: BoxStore): Boxes {
  const known = new Map(store.boxes.all().map((box) => [box.id, box]));
  const ending = new Map<string, Promise<void>>();
  const rootFor = makeRoots(kernel);

  function keep(box: RegisteredBox): RegisteredBox {
    store.transaction(() => store.boxes.put(box));
    known.set(box.id, box);
    return box;
  }

  async function end(box: RegisteredBox, reason: string): Promise<void> {
    await endGrants(kernel, box, reason);
    store.transaction(() => store.boxes.remove(box.id));
    known.delete(box.id);
  }

  async function close(id: string, reason: string): Promise<void> {
    const box = known.get(id);
    if (box === undefined) return;
    // A turn later, when everybody can see that it is ending.
    const going = ending.get(id) ?? Promise.resolve().then(() => end(box, reason));
    ending.set(id, going);
    await going.finally(() => ending.delete(id));
  }

  return {
    open({ box: id, as, reason, rules, secrets }) {
      if (known.has(id)) throw new PowerboxError('call-invalid', `The box ${id} is known already.`);
      const token = randomBytes(32).toString('base64url');
      const { guest, box } = kernel.together(() => {
        const guest = as === null ? kernel.addGuest(id, { reason, box: id }) : guestOf(kernel, as);
        const made = Date.now();
        const box = { id, guest: guest.id, token: digestOf(token), egress: null, created: made };
        store.boxes.put(box);
        for (const rule of rules) kernel.grant(HOST, askForRule(rootFor, guest, id, rule));
        for (const name of secrets) kernel.grant(HOST, askForSecret(rootFor, guest, id, name));
        return { guest, box };
      });
      known.set(id, box);
      return { type: 'box-opened', guest: { id: guest.id, name: guest.name }, token };
    },
    close,
    known(id, token) {
      const box = known.get(id);
      const shown = Buffer.from(digestOf(token));
      if (box === undefined || !timingSafeEqual(shown, Buffer.from(box.token))) {
        throw new PowerboxError(
          'session-refused',
          'Cannot link: the box and its token are unknown.',
        );
      }
      return box;
    },
    keepEgress: (id, egress) => keep({ ...(known.get(id) as RegisteredBox), egress }),
    get: (id) => known.get(id),
    all: () => [...known.values()],
    isEnding: (id) => ending.has(id),
  };
}

/** A rule of http, as a grant for one box. */
function askForRule(rootFor: RootFor, guest: Principal, box: string, rule: LinkRule): GrantAsk {
  return {
    parent: rootFor('http', rule.config, rule.text),
    to: guest.id,
    narrowing: rule.narrowing,
    reason: `the box was started with ${rule.text}`,
    box,
  };
}

/**
 * What lets the box send a secret in its slots is a grant too, so that it can be taken back. It
 * lets its holder do nothing else with the secret than to verify a MAC of no data.
 */
function askForSecret(rootFor: RootFor, guest: Principal, box: string, name: string): GrantAsk {
  return {
    parent: rootFor('secret', { name, algorithm: null, key: 'text' }, `the secret ${name}`),
    to: guest.id,
    narrowing: [{ methods: ['verify'], algorithms: null, bytes: 0, prefix: null, purposes: null }],
    delegable: false,
    reason: `the box may send ${name} in its slots`,
    box,
  };
}

/** A guest that was made for the box goes with it; of another one only what was for this box. */
async function endGrants(kernel: Kernel, box: RegisteredBox, reason: string): Promise<void> {
  const guest = livingGuest(kernel, box.guest);
  if (guest === null) return;
  if (guest.box === box.id) {
    await kernel.removeGuest(guest.id, reason);
    return;
  }
  for (const { grant } of kernel.grants({ to: box.guest })) {
    if (grant.box === box.id) await kernel.revoke(HOST, { grant: grant.id }, reason);
  }
}

/** Null for one that was removed while its box ran. */
function livingGuest(kernel: Kernel, id: string): Principal | null {
  try {
    return kernel.principal(id);
  } catch {
    return null;
  }
}

/** The host holds everything: nothing runs as it. */
function guestOf(kernel: Kernel, name: string): Principal {
  const guest = kernel.principal(name);
  if (guest.id !== HOST) return guest;
  throw new PowerboxError('guest-invalid', 'Cannot run a box as the host: it is no guest.');
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
