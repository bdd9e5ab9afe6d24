import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { compileGlob } from './glob.ts';
import { GLOBS_MAX } from './limits.ts';
import type { FilesNarrowing } from './narrowing.ts';
import { parseSize } from './size.ts';

/** The pattern that matches everything; a list that has it is the same as no list. */
const ALL = '/**';

type Rule =
  | { readonly type: 'globs'; readonly read: readonly string[]; readonly write: readonly string[] }
  | { readonly type: 'max'; readonly bytes: number };

/**
 * The texts of `--only`: `read GLOB`, `write GLOB`, `below PATH` (both, of everything below it),
 * `ro` (reads everything), `ro below PATH`, `nothing`. What any of them allows is allowed, and
 * what none of them speaks of is not. `max=1M` allows nothing by itself and bounds each call.
 */
export function readNarrowing(texts: readonly string[]): FilesNarrowing {
  const rules = texts.map(readRule);
  const allowing = rules.filter((rule) => rule.type === 'globs');
  const bounds = rules.filter((rule) => rule.type === 'max');
  if (bounds.length > 1) throw invalid('max=', 'it is there twice');
  // Whoever writes `ro` beside other rules means to narrow them, and would have widened them.
  if (allowing.length > 1 && texts.some((text) => text.trim() === 'ro')) {
    throw invalid('ro', 'it allows reading everything; write `ro below PATH` or `read GLOB`');
  }
  return {
    read: allowing.length === 0 ? null : union(allowing.flatMap(({ read }) => read)),
    write: allowing.length === 0 ? null : union(allowing.flatMap(({ write }) => write)),
    maxBytes: bounds[0]?.bytes ?? null,
  };
}

export function describeNarrowing({ read, write, maxBytes }: FilesNarrowing): readonly string[] {
  const max = maxBytes === null ? [] : [`max=${maxBytes}`];
  if (read === null && write === null) return max;
  if (read === null && write?.length === 0) return ['ro', ...max];
  const texts = [
    ...(read ?? [ALL]).map((glob) => `read ${glob}`),
    ...(write ?? [ALL]).map((glob) => `write ${glob}`),
  ];
  return [...(texts.length === 0 ? ['nothing'] : texts), ...max];
}

function readRule(text: string): Rule {
  const [word = '', ...rest] = text.trim().split(' ');
  const operand = rest.join(' ').trim();
  if (operand === '') {
    if (word === 'ro') return { type: 'globs', read: [ALL], write: [] };
    if (word === 'nothing') return { type: 'globs', read: [], write: [] };
    if (word.startsWith('max=')) return { type: 'max', bytes: readMax(text, word.slice(4)) };
  } else {
    if (word === 'read') return { type: 'globs', read: [readGlob(text, operand)], write: [] };
    if (word === 'write') return { type: 'globs', read: [], write: [readGlob(text, operand)] };
    if (word === 'below') return below(text, operand);
    if (word === 'ro' && operand.startsWith('below ')) {
      return { ...below(text, operand.slice(6).trim()), write: [] };
    }
  }
  throw invalid(
    text,
    'a rule of files is `read GLOB`, `write GLOB`, `below PATH`, `ro`, `ro below PATH`, `nothing` or `max=SIZE`',
  );
}

function below(text: string, path: string): Rule & { type: 'globs' } {
  if (path.includes('*')) throw invalid(text, 'the path after `below` has no wildcards');
  const glob = path === '/' ? ALL : `${path.replace(/\/$/, '')}/**`;
  const read = [readGlob(text, glob)];
  return { type: 'globs', read, write: read };
}

function readGlob(text: string, glob: string): string {
  const result = compileGlob(glob);
  if (!result.ok) throw invalid(text, result.reason);
  return result.glob.text;
}

function readMax(text: string, size: string): number {
  const bytes = parseSize(size);
  if (bytes === null) throw invalid(text, 'the size is not a number of bytes such as 64K or 10M');
  return bytes;
}

function union(globs: readonly string[]): readonly string[] | null {
  const distinct = [...new Set(globs)];
  if (distinct.includes(ALL)) return null;
  if (distinct.length > GLOBS_MAX) {
    throw invalid(distinct[GLOBS_MAX] ?? '', `there are more than ${GLOBS_MAX} patterns`);
  }
  return distinct;
}

function invalid(text: string, why: string): PowerboxError {
  return new PowerboxError('narrowing-invalid', `Cannot use the rule ${quote(text)}: ${why}.`);
}
