import { isCodeName } from '../../gateway/compartments/code-names.ts';
import { type Gift, readGift } from '../../gateway/grant-words.ts';
import { type GrantView, HOST, type Kernel } from '../../kernel/kernel.ts';
import type { GiveWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';

type Gives = Readonly<Record<string, GiveWords>>;

/** Names that an agent has by itself. */
const OWN_NAMES: ReadonlySet<string> = new Set(['model', 'powerbox']);

/** Makes the grants, in a transaction of the caller's; gives those that they take the place of. */
export type GiveAll = (to: string) => readonly string[];

/** Reads all words, and makes nothing yet. What is held already as it is worded stays. */
export async function readGives(
  kernel: Kernel,
  giver: string,
  gives: Gives,
  now: number,
): Promise<GiveAll> {
  const read: (readonly [string, Gift])[] = [];
  for (const [name, words] of Object.entries(gives)) {
    if (!isCodeName(name) || OWN_NAMES.has(name)) {
      throw new PowerboxError(
        'call-invalid',
        `Cannot give a power as ${JSON.stringify(name.slice(0, 64))}: it is no name that an agent can be given one by.`,
        { hint: 'Use a name that code can have, and neither model nor powerbox.' },
      );
    }
    read.push([name, await readGift(kernel, giver, { reason: 'for an agent', ...words }, now)]);
  }
  return (to) =>
    read.flatMap(([as, give]) => {
      const old = heldAs(kernel, to, as);
      if (old?.valid.allow === true && give.isSaidBy(old.grant)) return [];
      const replaced = freeName(kernel, giver, to, as);
      give({ to, as });
      return replaced;
    });
}

function heldAs(kernel: Kernel, holder: string, name: string): GrantView | undefined {
  const entry = kernel.names.list(holder, '').find((one) => one.name === name);
  return entry?.type === 'grant' ? kernel.view(entry.id) : undefined;
}

/** What the giver itself had given by this name gives way; what is another's gets another name. */
function freeName(kernel: Kernel, giver: string, holder: string, name: string): readonly string[] {
  const { names } = kernel;
  if (!names.list(holder, '').some((entry) => entry.name === name)) return [];
  const old = heldAs(kernel, holder, name)?.grant;
  if (old?.from === giver) {
    names.remove(holder, name);
    return [old.id];
  }
  names.move(holder, name, names.freeName(holder, name));
  return [];
}

export interface ModelAsk {
  readonly model: string;
  readonly budget: readonly string[];
}

/** The grant that pays for an agent's answers, in a transaction of the caller's. */
export async function readModelGrant(
  kernel: Kernel,
  giver: string,
  power: string,
  { model, budget }: ModelAsk,
  now: number,
): Promise<(to: string) => { readonly id: string; readonly replaced: readonly string[] }> {
  const only = giver === HOST ? [`model=${model}`] : [];
  const words = { power, only, budget, reason: 'the model of an agent' };
  const give = await readGift(kernel, giver, words, now);
  return (to) => {
    const replaced = freeName(kernel, giver, to, 'model');
    return { id: give({ to, as: 'model' }).id, replaced };
  };
}
