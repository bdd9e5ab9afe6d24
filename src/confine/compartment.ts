import { makeChance } from './chance.ts';
import { structuredClone } from './clone.ts';
import { makeConsole, write } from './console.ts';
import type { Compartment, CompartmentOptions, ConsoleSink, Outcome, Program } from './contract.ts';
import { E } from './eventual.ts';
import { Far } from './far.ts';
import { inspect } from './inspect.ts';
import { assertLockedDown, freezeRecord, harden } from './realm.ts';
import { runProgram } from './source/run.ts';
import { atob, btoa, TextDecoder, TextEncoder } from './text-coding.ts';
import { makeDate, makeQueueMicrotask, makeTimers } from './timing.ts';
import { URL, URLSearchParams } from './url.ts';

interface SesCompartment {
  readonly globalThis: Record<string, unknown>;
  evaluate(text: string): unknown;
}

type SesCompartmentMaker = new (options: {
  readonly __options__: true;
  readonly name: string;
  readonly globals: Readonly<Record<string, unknown>>;
}) => SesCompartment;

/** What every compartment has, and none can change; it keeps no state that two could share. */
const SHARED = {
  E,
  Far,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  atob,
  btoa,
  structuredClone,
};

/** Of SES, and of no use to a program; the fewer ways there are, the fewer must be watched. */
const REMOVED = ['Compartment', 'HandledPromise', 'ModuleSource', 'lockdown'] as const;

/**
 * Of the language, those that programs use most. They cannot be replaced in a compartment: SES then
 * reads each once instead of looking it up in its scopes at each use, which is thirty times slower.
 */
const FIXED = [
  'Array',
  'BigInt',
  'Error',
  'JSON',
  'Map',
  'Math',
  'Number',
  'Object',
  'Promise',
  'Reflect',
  'Set',
  'String',
  'Symbol',
  'Uint8Array',
  'parseInt',
] as const;

const NAME = /^[A-Za-z_$][\w$]*$/;

const SILENT: ConsoleSink = () => {};

/**
 * A room for code that you do not trust: it sees the intrinsics of the language, which nobody can
 * change, what you endow it with, and nothing else.
 *
 * @example
 * const tool = compartment({ endowments: { add: (a, b) => a + b } });
 * await tool.evaluate('add(1, 2)'); // 3
 */
export function compartment(options: CompartmentOptions = {}): Compartment {
  assertLockedDown('make a compartment');
  const { Compartment } = globalThis as unknown as { Compartment: SesCompartmentMaker };
  const room = new Compartment({
    __options__: true,
    name: options.name ?? 'compartment',
    globals: {},
  });
  const scope = room.globalThis;
  for (const name of REMOVED) delete scope[name];
  give(scope, harden(SHARED));
  give(scope, ownGlobals(options, scope.Math as object));
  for (const name of FIXED) Object.defineProperty(scope, name, NEVER_CHANGED);
  const endow = (name: string, value: unknown): void => {
    if (!NAME.test(name)) {
      throw new TypeError(`Cannot endow ${JSON.stringify(name.slice(0, 100))}: it is no name.`);
    }
    if (name in scope) throw new TypeError(`Cannot endow ${name}: the code has it already.`);
    give(scope, { [name]: harden(value) });
  };
  for (const [name, value] of Object.entries(options.endowments ?? {})) endow(name, value);
  const run = (program: Program): Promise<Outcome> =>
    runProgram({
      program,
      evaluate: (text) => room.evaluate(text),
      known: (name) => name in scope,
    });
  return freezeRecord({
    run,
    evaluate: async (program: string | Program) =>
      (await run(typeof program === 'string' ? { code: program } : program)).value,
    endow,
  });
}

/** What a compartment has for itself, frozen. */
function ownGlobals(options: CompartmentOptions, math: object): Record<string, unknown> {
  const sink = options.console ?? SILENT;
  const report = (error: unknown): void => write(sink, 'error', `Uncaught ${inspect(error)}`);
  return {
    console: makeConsole(sink),
    queueMicrotask: Object.freeze(makeQueueMicrotask(report)),
    ...(options.timers === undefined ? {} : makeTimers(options.timers, report)),
    ...(options.clock === undefined ? {} : { Date: harden(makeDate(options.clock)) }),
    ...(options.random === undefined ? {} : harden(makeChance(options.random, math))),
  };
}

const NEVER_CHANGED = { writable: false, configurable: false };

function give(scope: Record<string, unknown>, values: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(scope, name, { value, enumerable: false, ...NEVER_CHANGED });
  }
}
