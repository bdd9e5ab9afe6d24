import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TARGET_CHARS_MAX } from './limits.ts';
import { canonicalPath } from './path.ts';

/** Pieces that path parsers are known to disagree about, among plain ones. */
const hostilePiece = fc.constantFrom(
  ...[
    '/',
    '//',
    '.',
    '..',
    '%2e',
    '%2E',
    '%2f',
    '%2F',
    '%5c',
    '\\',
    ';',
    '%3b',
    '?',
    '#',
    '%25',
    '%00',
  ],
  ...[
    '%',
    '%6',
    '%61',
    'a',
    'B',
    '~',
    '%7e',
    '%c0%ae',
    '%e0%80%ae',
    ' ',
    '%20',
    '\t',
    '\0',
    'é',
    '%41',
  ],
  ...['*', '%2a', '2e', '2F', '&', '=', '+', ':', '@', '%0d%0a', '{', '|', '"', '%u002e', '\u007f'],
);
const hostileTarget = fc
  .array(fc.oneof(hostilePiece, fc.string({ maxLength: 3 })), { maxLength: 12 })
  .map((pieces) => `/${pieces.join('')}`);

describe('canonicalPath', () => {
  test.each([
    ['/', '/', ''],
    ['/a/b?x=1', '/a/b', 'x=1'],
    ['/%61dmin', '/admin', ''],
    ['/%7Euser/a%2ejson', '/~user/a.json', ''],
    ['/%e4%bd%a0', '/%E4%BD%A0', ''],
    ['/.well-known/x', '/.well-known/x', ''],
    ['/a...b', '/a...b', ''],
    ['/v1.0/a.', '/v1.0/a.', ''],
    ['/ADMIN', '/ADMIN', ''],
    ['/a/', '/a/', ''],
    ['/a?', '/a', ''],
    ['/a?b?c=%2e%2f&d=\\', '/a', 'b?c=%2E%2F&d=\\'],
    ['/@scope%2fname', '/@scope%2Fname', ''],
    ['/a;x=1/b', '/a;x=1/b', ''],
    ['/a?redirect=../x', '/a', 'redirect=../x'],
  ])('%s is %s', (target, path, query) => {
    expect(canonicalPath(target)).toMatchObject({ ok: true, path, query });
  });

  test.each([
    ...['/a/../admin', '/..', '/.', '/a/./b', '/a/..', '/%2e%2e/a', '/.%2e/a', '/%2E/a', '/..;/a'],
    ...['/..;x=1/a', '/a;../b', '/..%2fadmin', '/a%2f..%2fb', '/..%3bx/a', '/..%20/a', '/%20../a'],
    ...[
      '/a\\b',
      '/a%5cb',
      '/..\\a',
      '/..%5Ca',
      '/a%00',
      '/%c0%ae%c0%ae/a',
      '/a%c0%afb',
      '/%e0%80%ae',
    ],
    ...['/%f0%80%80%ae', '/a;./b'],
  ])('refuses %s as ambiguous', (target) => {
    expect(canonicalPath(target)).toMatchObject({ ok: false, code: 'path-ambiguous' });
  });

  test.each([
    ...[
      '',
      '*',
      'a',
      'http://a/b',
      '?a',
      '/a b',
      '/a\tb',
      '/a\0',
      '/a\r\nX: y',
      '/é',
      '/a#b',
      '/%',
      '/%4',
    ],
    ...['/%zz', '/%u002e', '/a?b=%', '/a?b c', '/a?b#c', '/a?é', '/a?b\n', '/\x7f'],
  ])('refuses %j as malformed', (target) => {
    expect(canonicalPath(target)).toMatchObject({ ok: false, code: 'request-malformed' });
  });

  test('flags what servers read in different ways', () => {
    const none = { encodedSlash: false, emptySegment: false, doubleEncoded: false };
    const flagsOf = (target: string): unknown => {
      const canonical = canonicalPath(target);
      return canonical.ok ? canonical.flags : canonical;
    };
    expect(flagsOf('/a/b/?c//d')).toEqual(none);
    expect(flagsOf('/a%2fb')).toEqual({ ...none, encodedSlash: true });
    expect(flagsOf('//admin')).toEqual({ ...none, emptySegment: true });
    expect(flagsOf('/a//b')).toEqual({ ...none, emptySegment: true });
    expect(flagsOf('/;x/b')).toEqual({ ...none, emptySegment: true });
    expect(flagsOf('/%3bx/b')).toEqual({ ...none, emptySegment: true });
    expect(flagsOf('/%252e%252e/a')).toEqual({ ...none, doubleEncoded: true });
    expect(flagsOf('/%25%32%65')).toEqual({ ...none, doubleEncoded: true });
    expect(flagsOf('/100%25')).toEqual(none);
  });

  test('bounds the target', () => {
    const longest = `/${'a'.repeat(TARGET_CHARS_MAX - 1)}`;
    expect(canonicalPath(longest).ok).toBe(true);
    expect(canonicalPath(`${longest}a`)).toMatchObject({ ok: false, code: 'request-malformed' });
  });

  test('never throws, and names a place in the text', () => {
    fc.assert(
      fc.property(fc.oneof(hostileTarget, fc.string(), fc.string({ unit: 'binary' })), (target) => {
        const canonical = canonicalPath(target);
        if (canonical.ok) return;
        expect(canonical.at).toBeGreaterThanOrEqual(0);
        expect(canonical.at).toBeLessThanOrEqual(target.length);
      }),
      { seed: 5, numRuns: 3000 },
    );
  });

  test('canonicalising again changes nothing', () => {
    let accepted = 0;
    fc.assert(
      fc.property(hostileTarget, (target) => {
        const once = canonicalPath(target);
        if (!once.ok) return;
        accepted += 1;
        expect(canonicalPath(once.path + (once.query === '' ? '' : `?${once.query}`))).toEqual(
          once,
        );
      }),
      { seed: 6, numRuns: 3000 },
    );
    expect(accepted).toBeGreaterThan(300);
  });

  test('a URL parser finds nothing left to resolve in it', () => {
    fc.assert(
      fc.property(hostileTarget, (target) => {
        const canonical = canonicalPath(target);
        // A URL escapes these, and the egress sends them as they came.
        if (!canonical.ok || /["<>^`{|}]/.test(canonical.path)) return;
        expect(new URL(`https://host.example${canonical.path}`).pathname).toBe(canonical.path);
        const decoded = canonical.path.replace(/%2F/g, '/').replace(/%3B/g, ';');
        expect(decoded.split(/[/;]/).some((part) => part === '.' || part === '..')).toBe(false);
      }),
      { seed: 7, numRuns: 3000 },
    );
  });

  test('takes time in proportion to the length of a hostile target', () => {
    const started = performance.now();
    for (const piece of ['%20', '/%20', '..%20', '/.%20', '%2F', '%25', ';', '//']) {
      canonicalPath(`/${piece.repeat(Math.floor((TARGET_CHARS_MAX - 2) / piece.length))}x`);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
