import { PowerboxError } from '../wire/errors.ts';
import { makeFacade } from './facade.ts';
import { asData, passIn } from './pass.ts';

/** A value that an argument may be, a list of which one must fit, or a question about it. */
export type ArgumentPattern =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly ArgumentPattern[]
  | ((value: never) => boolean);

/**
 * What of a method is allowed: `true` all of it; a list a pattern for each argument, and no more
 * arguments than that; a function whatever it answers `true` to. Any other answer refuses, and a
 * text says why.
 */
export type Guard = true | readonly ArgumentPattern[] | ((...args: never[]) => boolean | string);

/**
 * An object that can do less: it has the methods that are named, each as its guard allows. What is
 * not named is not there. A guard sees copies of plain data, and what it saw is what is passed on;
 * of functions and objects that are passed by reference it sees that they are there.
 * Narrowing what is narrow can only narrow it further. Objects that a method gives are not
 * narrowed: `membrane` is for those.
 *
 * @example
 * const reader = narrow(files, {
 *   list: true,
 *   read: (path) => path.startsWith('docs/') || 'only docs/ may be read',
 * });
 */
export function narrow<T extends object>(object: T, allow: Readonly<Record<string, Guard>>): T {
  const guards = new Map(Object.entries(allow));
  for (const [method, guard] of guards) assertGuard(method, guard);
  return makeFacade(
    object,
    ({ method, args, proceed }) => {
      const guard = guards.get(method);
      if (guard === true) return proceed(args);
      const own = args.map((value, index) => passIn(value, AS_THEY_ARE, `argument ${index + 1}`));
      const verdict = guard === undefined ? false : judge(guard, own.map(asData));
      if (verdict !== true) {
        const why = typeof verdict === 'string' ? verdict : 'these arguments are not allowed';
        throw new PowerboxError('narrowing-refused', `Cannot call ${method}: ${why}.`);
      }
      return proceed(own);
    },
    [...guards.keys()],
  );
}

/** Functions and marked objects are what they are; only data can be changed behind a guard. */
const AS_THEY_ARE = { reference: (value: object) => value };

function assertGuard(method: string, guard: unknown): void {
  if (guard === true || typeof guard === 'function' || Array.isArray(guard)) return;
  throw new TypeError(`Cannot narrow ${method}: its guard is not true, a list or a function.`);
}

function judge(guard: Exclude<Guard, true>, args: readonly unknown[]): boolean | string {
  try {
    if (typeof guard === 'function') return guard(...(args as readonly never[]));
    return (
      args.length <= guard.length && guard.every((pattern, index) => fits(pattern, args[index]))
    );
  } catch {
    return 'its guard failed';
  }
}

function fits(pattern: ArgumentPattern, value: unknown): boolean {
  if (typeof pattern === 'function') return pattern(value as never) === true;
  if (Array.isArray(pattern)) return pattern.some((one: ArgumentPattern) => fits(one, value));
  return Object.is(pattern, value);
}
