import { PowerboxError } from '../../wire/errors.ts';
import { fileWord, sourceInvalid } from './faults.ts';
import type { SourceText } from './read.ts';

/** Part of every language text, whatever the code was given. */
const ALWAYS: ReadonlySet<string> = new Set(['undefined', 'NaN', 'Infinity', 'globalThis']);

const NODE = 'a compartment has none of the objects of Node';
const COMMON = 'a compartment has modules with import and export only';
const NETWORK = 'a compartment reaches no network but by a power that it was given';

/** What people write by habit, and why it is not there. */
const HABITS: ReadonlyMap<string, string> = new Map([
  ...['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate'].map(
    (name) => [name, NODE] as const,
  ),
  ...['require', 'module', 'exports', '__dirname', '__filename'].map(
    (name) => [name, COMMON] as const,
  ),
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'Request', 'Response'].map(
    (name) => [name, NETWORK] as const,
  ),
  ...['window', 'self', 'document', 'navigator', 'location', 'localStorage'].map(
    (name) => [name, 'a compartment has none of the objects of a browser'] as const,
  ),
]);

/**
 * Throws `endowment-missing` for the first name that the source reads and nobody gave. A name that
 * it looks for with `typeof` may be missing: the code says that it can do without. To assign such a
 * name fails as the language says, when it runs.
 */
export function requireNames(source: SourceText, known: (name: string) => boolean): void {
  const { file, freeNames } = source;
  const optional = new Set<string>();
  for (const { name, use } of freeNames) if (use === 'typeof') optional.add(name);
  for (const { name, use, line, column } of freeNames) {
    // The function that the text becomes has them, and they are nobody's business.
    if (name === 'arguments') {
      throw sourceInvalid(file, { line, column }, 'arguments stands outside a function');
    }
    if (use === 'write' || optional.has(name) || ALWAYS.has(name) || known(name)) continue;
    throw missingName(file, name, line);
  }
}

function missingName(file: string, name: string, line: number): PowerboxError {
  const habit = HABITS.get(name);
  const why = habit === undefined ? '' : `; ${habit}`;
  return new PowerboxError(
    'endowment-missing',
    `Cannot evaluate ${fileWord(file)}: line ${line} uses ${fileWord(name)}, which it was not given${why}.`,
    habit === undefined
      ? { hint: `Grant it with --give ${fileWord(name)}=POWER.` }
      : { hint: 'Grant a power with --give NAME=POWER, and use its methods.' },
  );
}
