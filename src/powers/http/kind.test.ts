import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldGrant } from '../../ocap/grant.ts';
import { judge } from '../../ocap/judge.ts';
import { QUOTE_CHARS_MAX } from '../../policy/limits.ts';
import { parseRule, ruleToGrant } from '../../policy/rule.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { httpKind } from './kind.ts';
import type { HttpNarrowing } from './narrowing.ts';

const BASE: HttpCall = {
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'GET',
  path: '/v1/x',
  query: '',
};
const call = (part: Partial<HttpCall>): HttpCall => ({ ...BASE, ...part });

const grants = (...texts: readonly string[]): HeldGrant<HttpConfig, HttpNarrowing>[] =>
  texts.map((text, index) =>
    ruleToGrant(parseRule(text, { allowAllHosts: true, isPublicSuffix: () => false }), `g${index}`),
  );

const judgeCall = (texts: readonly string[], part: Partial<HttpCall>) =>
  judge(httpKind, grants(...texts), call(part), 0);

describe('httpKind', () => {
  test('nothing by default', () => {
    expect(judgeCall([], {})).toMatchObject({ allow: false, code: 'not-granted' });
  });

  test.each<[string, Partial<HttpCall>]>([
    ['api.example.com', {}],
    ['api.example.com', { method: 'DELETE', path: '//x' }],
    ['*.example.com', {}],
    ['*', {}],
    ['GET api.example.com/v1/*', {}],
    ['GET api.example.com', { method: 'HEAD' }],
    ['http://[::1]:81', { scheme: 'http', host: '::1', port: 81 }],
  ])('%s permits', (rule, part) => {
    expect(judgeCall([rule], part)).toMatchObject({ allow: true, grant: { id: 'g0' } });
  });

  test.each<[string, Partial<HttpCall>, string]>([
    ['api.example.com', { scheme: 'http' }, 'not-granted'],
    ['api.example.com', { port: 8443 }, 'not-granted'],
    ['api.example.com', { host: 'api.example.com.evil.com' }, 'not-granted'],
    ['*.example.com', { host: 'example.com' }, 'not-granted'],
    ['*', { host: '127.0.0.1' }, 'not-granted'],
    ['api.example.com', { method: 'TRACE' }, 'method-not-granted'],
    ['api.example.com', { method: 'CONNECT' }, 'method-not-granted'],
    ['api.example.com', { method: 'TRACK' }, 'method-not-granted'],
    ['api.example.com', { method: 'get' }, 'method-not-granted'],
    ['api.example.com', { method: '' }, 'method-not-granted'],
    ['HEAD api.example.com', {}, 'method-not-granted'],
    ['GET api.example.com', { method: 'POST' }, 'method-not-granted'],
    ['api.example.com/v2', {}, 'path-not-granted'],
    ['api.example.com/**', { path: '/v1//x' }, 'path-ambiguous'],
    ['api.example.com/v1/*', { path: '/v1/a%2Fb' }, 'path-not-granted'],
  ])('%s refuses %j', (rule, part, code) => {
    expect(judgeCall([rule], part)).toMatchObject({ allow: false, code });
  });

  test('a path that cannot be read permits nothing', () => {
    const verdict = httpKind.permits({ methods: null, path: '/a/../b' }, call({ path: '/a/../b' }));
    expect(verdict).toMatchObject({ allow: false, code: 'path-not-granted' });
  });

  test('the nearest refusal explains, and says what is allowed instead', () => {
    const rules = [
      'POST api.example.com/issues',
      'GET api.example.com/repos/acme/**',
      'GET api.example.com/user',
    ];
    expect(judgeCall(rules, { method: 'POST', path: '/repos/acme/x' })).toMatchObject({
      code: 'method-not-granted',
      reason:
        'POST https://api.example.com/repos/acme/x is not allowed: this box may only use GET on /repos/acme/** there.',
    });
    expect(judgeCall([...rules].reverse(), { path: '/repos/evil/x' })).toMatchObject({
      code: 'path-not-granted',
      reason:
        'GET https://api.example.com/repos/evil/x is not allowed: this box may only use /repos/acme/** there.',
    });
  });

  test('a reason is one bounded line without the query', () => {
    const part = { path: `/${'x'.repeat(9000)}`, query: 'key=hunter2' };
    for (const rule of [
      'api.example.com/a',
      `PUT api.example.com/${'y'.repeat(1000)}`,
      'b.example',
    ]) {
      const verdict = judgeCall([rule], part);
      if (verdict.allow) throw new Error('allowed');
      expect(verdict.reason).not.toContain('hunter2');
      expect(verdict.reason.length).toBeLessThan(2 * QUOTE_CHARS_MAX + 300);
      expect(verdict.reason).toMatch(/^[^\n]+\.$/);
    }
  });

  test('says what a call does', () => {
    expect(['GET', 'HEAD', 'OPTIONS'].map((method) => httpKind.effect(call({ method })))).toEqual(
      new Array(3).fill('read'),
    );
    expect(['POST', 'DELETE', 'PURGE'].map((method) => httpKind.effect(call({ method })))).toEqual(
      new Array(3).fill('write'),
    );
    expect(httpKind.effect(call({ method: 'GET', websocket: true }))).toBe('write');
    expect(httpKind.describe(call({ method: 'GET', websocket: true }))).toBe(
      'GET https://api.example.com/v1/x (WebSocket)',
    );
    expect(httpKind.describe(call({ query: 'a=b' }))).toBe('GET https://api.example.com/v1/x');
    expect(httpKind.describe(call({ host: '::1', port: 81 }))).toBe('GET https://[::1]:81/v1/x');
  });
});

describe('only narrower', () => {
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'TRACE', 'get');
  const segment = fc.constantFrom('a', 'b', 'v1', 'a%2Fb', '');
  const someCall = fc
    .record({ method, segments: fc.array(segment, { minLength: 1, maxLength: 4 }) })
    .map(({ method: name, segments }) => call({ method: name, path: `/${segments.join('/')}` }));
  const methods = fc.subarray(['GET', 'HEAD', 'POST', 'TRACE']);
  const literals = fc.array(fc.constantFrom('a', 'b', 'v1'), { minLength: 1, maxLength: 4 });
  const allows = (narrowing: HttpNarrowing, asked: HttpCall): boolean =>
    httpKind.permits(narrowing, asked).allow;

  test('naming methods or a path never allows more', () => {
    const path = fc.constantFrom('/a', '/a/**', '/*/b', '/v*', '/**', '/a%2Fb', '/..');
    fc.assert(
      fc.property(methods, path, someCall, (some, pattern, asked) => {
        const narrow = allows({ methods: some, path: pattern }, asked);
        const byMethod = allows({ methods: some, path: null }, asked);
        const byPath = allows({ methods: null, path: pattern }, asked);
        expect(narrow).toBe(byMethod && byPath);
        if (byMethod || byPath) expect(allows({ methods: null, path: null }, asked)).toBe(true);
      }),
      { seed: 16, numRuns: 3000 },
    );
  });

  test('taking methods away never allows more', () => {
    fc.assert(
      fc.property(methods, methods, someCall, (some, others, asked) => {
        const fewer = some.filter((name) => others.includes(name));
        if (allows({ methods: fewer, path: null }, asked)) {
          expect(allows({ methods: some, path: null }, asked)).toBe(true);
        }
      }),
      { seed: 17, numRuns: 2000 },
    );
  });

  test('a wildcard in place of a segment never allows less', () => {
    fc.assert(
      fc.property(
        literals,
        fc.nat(3),
        fc.constantFrom('*', '**'),
        someCall,
        (parts, at, star, asked) => {
          const wide = parts.map((part, index) => (index === at ? star : part));
          if (allows({ methods: null, path: `/${parts.join('/')}` }, asked)) {
            expect(allows({ methods: null, path: `/${wide.join('/')}` }, asked)).toBe(true);
          }
        },
      ),
      { seed: 18, numRuns: 3000 },
    );
  });

  test('a grant for an origin never permits a call to another', () => {
    const host = fc.constantFrom(
      'a.example',
      'b.example',
      'x.a.example',
      'example',
      '127.0.0.1',
      '::1',
    );
    const scheme = fc.constantFrom<'http' | 'https'>('http', 'https');
    const port = fc.constantFrom(80, 443, 8443);
    fc.assert(
      fc.property(host, scheme, port, host, scheme, port, (h1, s1, p1, h2, s2, p2) => {
        const rule = `${s1}://${h1.includes(':') ? `[${h1}]` : h1}:${p1}`;
        const verdict = judgeCall([rule], { host: h2, scheme: s2, port: p2 });
        expect(verdict.allow).toBe(h1 === h2 && s1 === s2 && p1 === p2);
      }),
      { seed: 19, numRuns: 500 },
    );
  });
});
