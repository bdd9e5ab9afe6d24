import { HOST, type Kernel } from '../../kernel/kernel.ts';
import type { Principal } from '../../store/kernel-store.ts';
import type { CompartmentWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { readGift } from '../grant-words.ts';
import { heldGrant } from '../power-words.ts';
import { isCodeName } from './code-names.ts';

/** Who the code of a compartment is, and what it holds. */
export interface Holder {
  readonly guest: Principal;
  /** The guest was made for this compartment, and goes with it. */
  readonly goes: boolean;
  /** Grants by the name that the code sees. */
  readonly powers: ReadonlyMap<string, string>;
}

/** What the guests of compartments, and grants for the time of one, have in their column `box`. */
const BOX = /^cm-/;

/**
 * Reads all words, and gives what makes the guest with all its grants, in one transaction. Nothing
 * is made before everything was read.
 */
export async function readHolder(
  kernel: Kernel,
  maker: string,
  id: string,
  words: CompartmentWords,
  now: number,
): Promise<() => Holder> {
  const give = words.give ?? {};
  for (const name of Object.keys(give)) {
    if (!isCodeName(name)) {
      throw new PowerboxError(
        'call-invalid',
        `Cannot give a power as ${JSON.stringify(name.slice(0, 64))}: it is no name that code can use.`,
      );
    }
  }
  if (words.as === undefined) return readNew(kernel, maker, id, words, now);
  const guest = guestFor(kernel, maker, words.as);
  if (guest.id === maker) return readOwn(kernel, guest, words);
  return readOther(kernel, maker, guest, id, words, now);
}

/** The whole world of a guest that stays; whoever calls may run code as it. */
export function holderAs(kernel: Kernel, guest: string): () => Holder {
  const holder = { guest: kernel.principal(guest), goes: false, powers: worldOf(kernel, guest) };
  return () => holder;
}

type Gift = Awaited<ReturnType<typeof readGift>>;

async function readGifts(
  kernel: Kernel,
  maker: string,
  words: CompartmentWords,
  now: number,
): Promise<readonly (readonly [string, Gift])[]> {
  const gifts: (readonly [string, Gift])[] = [];
  for (const [name, gift] of Object.entries(words.give ?? {})) {
    const reason = words.reason ?? '';
    gifts.push([name, await readGift(kernel, maker, { ...gift, reason }, now)]);
  }
  return gifts;
}

/** A guest of its own, which finds each power under the name that the code sees. */
async function readNew(
  kernel: Kernel,
  maker: string,
  id: string,
  words: CompartmentWords,
  now: number,
): Promise<() => Holder> {
  const gifts = await readGifts(kernel, maker, words, now);
  const name = nameOf(kernel, maker, id, words.name);
  const box = words.keep === true ? null : id;
  return () => {
    const guest = kernel.addGuest(name, { reason: words.reason ?? '', box });
    const powers = new Map<string, string>();
    for (const [as, give] of gifts) powers.set(as, give({ to: guest.id, box, as }).id);
    return { guest, goes: box !== null, powers };
  };
}

/** What a guest makes shows whose it is: `agent.tool`. */
function nameOf(kernel: Kernel, maker: string, id: string, wanted = id): string {
  return maker === HOST ? wanted : `${kernel.principal(maker).name}.${wanted}`;
}

/** The whole world of whoever asks; a grant to oneself would add nothing to it. */
function readOwn(kernel: Kernel, guest: Principal, words: CompartmentWords): () => Holder {
  const powers = worldOf(kernel, guest.id);
  for (const [name, { power, ...narrowing }] of Object.entries(words.give ?? {})) {
    if (Object.values(narrowing).some((said) => said !== undefined)) {
      throw new PowerboxError(
        'call-invalid',
        `Cannot narrow ${name} for oneself: a compartment of its own can be given it narrowed.`,
      );
    }
    const isId = /^gr-/.test(power);
    powers.set(
      name,
      isId ? heldGrant(kernel, guest.id, power) : kernel.names.lookup(guest.id, power),
    );
  }
  return () => ({ guest, goes: false, powers });
}

/** The world of a guest that stays, and for the time of the compartment what is given beside it. */
async function readOther(
  kernel: Kernel,
  maker: string,
  guest: Principal,
  id: string,
  words: CompartmentWords,
  now: number,
): Promise<() => Holder> {
  const gifts = await readGifts(kernel, maker, words, now);
  const box = words.keep === true ? null : id;
  return () => {
    const powers = worldOf(kernel, guest.id);
    for (const [name, give] of gifts) {
      const as = kernel.names.freeName(guest.id, name);
      powers.set(name, give({ to: guest.id, box, as }).id);
    }
    return { guest, goes: false, powers };
  };
}

/** What lies in a guest's root directory under names that code can use. */
function worldOf(kernel: Kernel, guest: string): Map<string, string> {
  const entries = kernel.names
    .list(guest, '')
    .filter(({ type, name }) => type === 'grant' && isCodeName(name));
  return new Map(entries.map(({ name, id }) => [name, id]));
}

/** The host may name any guest; nothing runs as the host. */
function guestFor(kernel: Kernel, maker: string, as: string): Principal {
  if (maker !== HOST && as !== 'self') {
    throw new PowerboxError(
      'guest-invalid',
      'Cannot run code as another guest: a guest can name only itself, as self.',
    );
  }
  const guest = kernel.principal(maker === HOST ? as : maker);
  if (guest.id !== HOST) return guest;
  throw new PowerboxError('guest-invalid', 'Cannot run code as the host: it is no guest.');
}

/** Ends what was made for a compartment, and nothing that stays. */
export async function endHolder(
  kernel: Kernel,
  id: string,
  { guest, goes, powers }: Holder,
  reason: string,
): Promise<void> {
  if (goes) {
    if (isThere(kernel, guest.id)) await kernel.removeGuest(guest.id, reason);
    return;
  }
  for (const grant of powers.values()) {
    if (kernel.view(grant).grant.box === id) await kernel.revoke(HOST, { grant }, reason);
  }
}

/** Compartments end with the daemon: what they were given ends when the next one begins. */
export async function endFormer(kernel: Kernel): Promise<void> {
  const reason = 'the compartment ended with the daemon';
  for (const { id, box, removed } of kernel.principals()) {
    if (removed === null && box !== null && BOX.test(box)) await kernel.removeGuest(id, reason);
  }
  for (const { grant } of kernel.grants({})) {
    if (grant.box !== null && BOX.test(grant.box)) {
      await kernel.revoke(HOST, { grant: grant.id }, reason);
    }
  }
}

function isThere(kernel: Kernel, guest: string): boolean {
  try {
    return kernel.principal(guest).id === guest;
  } catch {
    return false;
  }
}
