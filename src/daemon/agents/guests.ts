import { isCodeName } from '../../gateway/compartments/code-names.ts';
import { readGift } from '../../gateway/grant-words.ts';
import { HOST, type Kernel } from '../../kernel/kernel.ts';
import type { GiveWords } from '../../wire/compartment.ts';
import { PowerboxError } from '../../wire/errors.ts';

type Gives = Readonly<Record<string, GiveWords>>;
type Gift = Awaited<ReturnType<typeof readGift>>;

/** Names that an agent has by itself. */
const OWN_NAMES: ReadonlySet<string> = new Set(['model', 'powerbox']);

/** Reads all words; what it gives makes the grants, in a transaction of the caller's. */
export async function readGives(
  kernel: Kernel,
  giver: string,
  gives: Gives,
  now: number,
): Promise<(to: string) => void> {
  const read: (readonly [string, Gift])[] = [];
  for (const [name, words] of Object.entries(gives)) {
    if (!isCodeName(name) || OWN_NAMES.has(name)) {
      throw new PowerboxError(
        'call-invalid',
        `Cannot give a power as ${JSON.stringify(name.slice(0, 64))}: it is no name that an agent can be given one by.`,
      );
    }
    read.push([name, await readGift(kernel, giver, { reason: 'for an agent', ...words }, now)]);
  }
  return (to) => {
    for (const [as, give] of read) {
      freeName(kernel, to, as);
      give({ to, as });
    }
  };
}

/** What had this name goes by another: what was granted stays granted until it is revoked. */
function freeName(kernel: Kernel, holder: string, name: string): void {
  const isTaken = kernel.names.list(holder, '').some((entry) => entry.name === name);
  if (isTaken) kernel.names.move(holder, name, kernel.names.freeName(holder, name));
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
): Promise<(to: string) => string> {
  const only = giver === HOST ? [`model=${model}`] : [];
  const words = { power, only, budget, reason: 'the model of an agent' };
  const give = await readGift(kernel, giver, words, now);
  return (to) => {
    freeName(kernel, to, 'model');
    return give({ to, as: 'model' }).id;
  };
}
