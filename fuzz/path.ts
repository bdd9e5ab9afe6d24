import { canonicalPath } from '../src/policy/path.ts';
import { compilePathPattern, matchPath } from '../src/policy/path-pattern.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

/**
 * A line is a request target, a second one a path pattern. What is canonical stays as it is, names
 * no segment that a server would resolve, and a pattern reads back to itself.
 */
export const pathTarget: FuzzTarget = {
  name: 'path',
  seeds: [
    '/repos/acme/x?page=1&q=a%20b\n/repos/{owner=acme|b}/**',
    '/a/%2e%2e/b\n/a/*',
    '/a%2Fb/%C3%A9;v=1\n/{x}.json',
    '/v1//x\n/**/x/**',
    '/%252e/\n/a%2Fb/{y=a%2Fb}',
    '/a/b/c/d\n/a/**/d',
  ],
  words: [
    ...['/', '//', '/./', '/../', '%2e', '%2F', '%5c', '\\', ';', '%3B', '%00', '%25', '%252f'],
    ...['?', '#', '*', '**', '/**/', '{a}', '{a=b|c}', '{', '}', '%C0%AF', '%E0%80%AF', '\n', ' '],
  ],
  check(input) {
    const [target = '', pattern = ''] = textOf(input).split('\n');
    const outcome = checkTarget(target);
    const compiled = compilePathPattern(pattern);
    if (!compiled.ok) {
      holds('at' in compiled && compiled.at >= 0, 'a fault has a place');
      return `${outcome} ${compiled.reason}`;
    }
    const { text } = compiled.pattern;
    const again = compilePathPattern(text);
    holds(again.ok && again.pattern.text === text, 'a pattern reads back to itself');
    const path = canonicalPath(target);
    if (!path.ok) return outcome;
    const match = matchPath(compiled.pattern, path.path);
    const prefix = /^[^*{]*/.exec(text)?.[0] ?? '';
    const begins = path.path.startsWith(prefix) || `${path.path}/` === prefix;
    holds(match !== 'match' || begins, 'what matches begins as the pattern');
    return `${outcome} ${match}`;
  },
};

function checkTarget(target: string): string {
  const read = canonicalPath(target);
  if (!read.ok) return `${read.code} ${read.reason}`;
  const { path, query, flags } = read;
  const whole = query === '' ? path : `${path}?${query}`;
  const again = canonicalPath(whole);
  holds(again.ok && again.path === path && again.query === query, 'canonical stays canonical');
  holds(path.startsWith('/') && /^[\x21-\x7e]*$/.test(whole), 'canonical is one line of ASCII');
  // What the platform's own URL parser makes of it is the same place.
  holds(
    !/(?:^|\/)\.{1,2}(?:\/|$)/.test(decodeURIComponent(path.replace(/%(?![0-7])./g, '_'))),
    'no dot segment',
  );
  const resolved = new URL(`http://host.invalid${whole}`);
  holds(resolved.host === 'host.invalid', 'the host stays');
  holds(resolved.pathname.split('/').length === path.split('/').length, 'segments stay');
  return `ok ${JSON.stringify(flags)}`;
}
