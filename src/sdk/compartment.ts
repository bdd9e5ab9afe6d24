import type {
  CompartmentDoor,
  CompartmentInfo,
  CompartmentWords,
  ConsoleLine,
  GiveWords,
  ProgramWords,
} from '../wire/compartment.ts';
import { PowerboxError } from '../wire/errors.ts';
import { mustBeObject } from './asked.ts';
import { meant } from './failures.ts';
import { fromCompartment, toCompartment } from './far.ts';
import { grantOf, type Power } from './power.ts';

/** What code is given under a name: a petname, `KIND:WORDS`, a power that was looked up, or more. */
export type Give = string | Power | (Omit<GiveWords, 'power'> & { readonly power: string | Power });

export interface CompartmentOptions extends Omit<CompartmentWords, 'give'> {
  readonly give?: Readonly<Record<string, Give>>;
  /** Called with each line of its console. */
  readonly onConsole?: (line: ConsoleLine) => void;
}

/** Code in a room of its own. */
export interface Compartment extends AsyncDisposable {
  info(): Promise<CompartmentInfo>;
  /**
   * The value of the program: data by copy; functions, objects marked with `Far` and streams as
   * what can be called and iterated here.
   */
  evaluate<Value = unknown>(program: string | ProgramWords): Promise<Value>;
  /** TypeScript declarations of what its code sees by name. */
  declarations(): Promise<string>;
  /** Ends it at once, whatever it does, and all that was given to it. */
  close(reason?: string): Promise<void>;
}

/** As the door gives it: an object of the session. */
type FarDoor = CompartmentDoor & Disposable;

export async function makeCompartment(
  open: (words: CompartmentWords) => Promise<unknown>,
  wanted: CompartmentOptions,
): Promise<Compartment> {
  mustBeObject(wanted, 'Cannot make a compartment');
  const { give, onConsole, ...rest } = wanted;
  const words = give === undefined ? rest : { ...rest, give: giveWords(give) };
  const door = (await open(words)) as FarDoor;
  const told = onConsole === undefined ? Promise.resolve() : tell(door, onConsole);
  let closing: Promise<void> | undefined;
  const close = async (reason: string): Promise<void> => {
    try {
      await meant(() => door.stop(reason));
      await told;
    } catch (error) {
      // What is gone already needs no end.
      if (!PowerboxError.is(error) || error.code !== 'daemon-unreachable') throw error;
    } finally {
      door[Symbol.dispose]();
    }
  };
  const ask = async <T>(work: () => PromiseLike<T>): Promise<T> => {
    if (closing !== undefined) {
      throw new PowerboxError('compartment-ended', 'The compartment has ended: it was closed.');
    }
    return meant(work);
  };
  const box: Compartment = {
    info: () => ask(() => door.info()),
    async evaluate<Value>(program: string | ProgramWords) {
      const asked = typeof program === 'string' ? { code: program } : program;
      mustBeObject(asked, 'Cannot evaluate what is no source');
      const source =
        asked.with === undefined
          ? asked
          : { ...asked, with: toCompartment(asked.with) as Readonly<Record<string, unknown>> };
      const answer = await ask(() => door.evaluate(source));
      return (await fromCompartment(answer)) as Value;
    },
    declarations: () => ask(() => door.declarations()),
    close(reason = '') {
      closing ??= close(reason);
      return closing;
    },
    [Symbol.asyncDispose]: () => box.close(),
  };
  return Object.freeze(box);
}

/** Reads the console until the compartment has ended. */
async function tell(door: FarDoor, listener: (line: ConsoleLine) => void): Promise<void> {
  let after = 0;
  for (;;) {
    let read: Awaited<ReturnType<CompartmentDoor['console']>>;
    try {
      read = await door.console(after);
    } catch {
      return;
    }
    for (const line of read.lines) listener(line);
    if (read.done) return;
    after = read.next;
  }
}

function giveWords(give: Readonly<Record<string, Give>>): Record<string, GiveWords> {
  mustBeObject(give, 'Cannot read what is to be given');
  const entries = Object.entries(give).map(([name, one]) => {
    if (typeof one === 'string') return [name, { power: one }];
    if (typeof one !== 'function') mustBeObject(one, `Cannot give ${name}`);
    const looked = grantOf(one);
    if (looked !== undefined) return [name, { power: looked }];
    const { power, ...narrowing } = one as Exclude<Give, string | Power>;
    const words = typeof power === 'string' ? power : grantOf(power);
    if (words !== undefined) return [name, { ...narrowing, power: words }];
    throw new PowerboxError(
      'not-passable',
      `Cannot give ${name}: it is no power that was looked up.`,
      { hint: 'Give a petname, KIND:WORDS, or what `lookup` gave.' },
    );
  });
  return Object.fromEntries(entries) as Record<string, GiveWords>;
}
