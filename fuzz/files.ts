import { filesCall, TOP } from '../src/powers/files/call.ts';
import { readConfig } from '../src/powers/files/config.ts';
import { compileGlob, leadsToMatch, matchesTree, matchGlob } from '../src/powers/files/glob.ts';
import { filesPower } from '../src/powers/files/kind.ts';
import { childPath, readPath, segmentsOf, splitPath } from '../src/powers/files/path.ts';
import { PowerboxError } from '../src/wire/errors.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

const CONFIG = { root: '/srv/data', access: 'rw', quotaBytes: null } as const;

/**
 * A path of a file, a pattern of paths, a rule of `--only`, and the words of a power, a line each.
 * A path has one spelling that stays inside, patterns and rules read back to the same.
 */
export const filesTarget: FuzzTarget = {
  name: 'files',
  seeds: [
    'src/a.ts\n/src/**/*.ts\nread /src/**\n/srv/data:ro',
    '/docs/a b\n/docs/**\nro below /docs\n/srv/my data/:quota=10M',
    '/\n/**\nwrite /out/*.txt\n/:rw',
    '/a/b/c\n/a/**/b*/**/c\nbelow /a/b\n/a:quota=1:ro',
    '../x\n/*\nmax=64K\n/a/../b',
    '%2e%2e/\u00e9\n/[id]*\nnothing\n',
  ],
  words: [
    ...['/', '//', '/./', '/../', '..', '\\', '%2e', '*', '**', '/**/', '**/**', '\ud800', '\n'],
    ...['read ', 'write ', 'below ', 'ro', 'nothing', 'max=', '1K', ':ro', ':quota=', ':', '.'],
    ...['.powerbox-writing-', 'e\u0301', '\u202e', '\x7f', ' '],
  ],
  check(input) {
    const [path = '', pattern = '', rule = '', words = ''] = textOf(input).split('\n');
    return [
      checkPath(path),
      checkGlob(pattern, path),
      checkRule(rule, path),
      checkWords(words),
    ].join();
  },
};

function checkPath(text: string): string {
  const read = readPath(text);
  if (!read.ok) {
    holds(
      outcomeOf('call-invalid', () => `${filesCall(TOP, 'read', [text]).method}!`) !== 'read!',
      'no call',
    );
    return read.reason;
  }
  const { path } = read;
  const again = readPath(path);
  holds(again.ok && again.path === path, 'canonical stays canonical');
  holds(Buffer.from(path).toString() === path, 'it has one form in UTF-8');
  const names = segmentsOf(path);
  holds(!names.some((name) => ['', '.', '..'].includes(name)), 'it stays inside');
  holds(!/[\0\\]/.test(path), 'no character cuts it');
  if (path === '/') return 'top';
  const { directory, name } = splitPath(path);
  holds(childPath(directory, name) === path, 'it can be cut and joined');
  return 'path';
}

function checkGlob(text: string, tried: string): string {
  const compiled = compileGlob(text);
  if (!compiled.ok) return compiled.reason;
  const { glob } = compiled;
  const again = compileGlob(glob.text);
  holds(again.ok && again.glob.text === glob.text, 'a pattern reads back to itself');
  const read = readPath(tried);
  if (!read.ok) return 'pattern';
  const below = childPath(read.path, 'x');
  if (matchesTree(glob, read.path)) {
    holds(matchGlob(glob, read.path) && matchGlob(glob, below), 'a tree has what is below');
  }
  holds(!matchGlob(glob, below) || leadsToMatch(glob, read.path), 'what matches was led to');
  return `pattern ${matchGlob(glob, read.path)} ${leadsToMatch(glob, read.path)}`;
}

function checkRule(text: string, tried: string): string {
  return outcomeOf('narrowing-invalid', () => {
    const read = filesPower.readNarrowing([text], CONFIG);
    holds(filesPower.narrowing.safeParse(read).success, 'what is read is valid');
    const again = filesPower.readNarrowing(filesPower.describeNarrowing(read), CONFIG);
    holds(JSON.stringify(again) === JSON.stringify(read), 'it reads back to the same');
    if (!readPath(tried).ok) return 'rule';
    const verdict = filesPower.permits(read, filesCall(TOP, 'read', [tried, { length: 9 }]));
    return `rule ${verdict.allow}`;
  });
}

function checkWords(text: string): string {
  return outcomeOf('power-invalid', () => {
    const config = readConfig(text);
    holds(filesPower.config.safeParse(config).success, 'what is read is valid');
    const again = readConfig(filesPower.describeConfig(config).replace(/^files:/, ''));
    holds(JSON.stringify(again) === JSON.stringify(config), 'it reads back to the same');
    return `${config.access} ${config.quotaBytes === null}`;
  });
}

/** What was read, or the words of the refusal without what they quote. */
function outcomeOf(code: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!PowerboxError.is(error) || error.code !== code) throw error;
    holds(error.message.length < 2_000 && !/[\x00-\x1f\x7f]/.test(error.message), 'it is one line');
    return error.message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, '');
  }
}
