import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '../ocap/judge.ts';
import { parseRule } from '../policy/rule.ts';
import type { HttpCall } from '../powers/http/call.ts';
import { httpKind } from '../powers/http/kind.ts';
import { type HttpGrant, makeGrantIndex } from './grant-index.ts';

const isPublicSuffix = (name: string): boolean => name === 'com';

function grant(id: string, rule: string, asks = false): HttpGrant {
  const { config, narrowing, text } = parseRule(rule, { allowAllHosts: true, isPublicSuffix });
  const common = { kind: 'http', chain: [id], text, notBefore: null, expires: null };
  return { ...common, id, config, narrowings: [narrowing], asks, approval: 'none', secret: null };
}

const HOSTS = ['a.com', 'b.a.com', 'c.b.a.com', 'other.com'];
const RULE_HOSTS = [...HOSTS, '*.a.com', '*.b.a.com', '*', 'http://a.com', 'a.com:8443'];
const PATHS = ['', '/', '/v1', '/v1/**', '/v1/*/x', '/v1/items/*', '/**', '/*/items/7'];

const rules = fc
  .tuple(
    fc.constantFrom('', 'GET ', 'POST '),
    fc.constantFrom(...RULE_HOSTS),
    fc.constantFrom(...PATHS),
  )
  .map(([method, host, path]) => `${method}${host}${path}`);

const calls: fc.Arbitrary<HttpCall> = fc.record({
  scheme: fc.constantFrom('http', 'https'),
  host: fc.constantFrom(...HOSTS, '10.0.0.1'),
  port: fc.constantFrom(80, 443, 8443),
  method: fc.constantFrom('GET', 'POST'),
  path: fc.constantFrom('/', '/v1', '/v1/', '/v1/items/7', '/v1/a/x', '/v2/items/7', '/v1//x'),
  query: fc.constant(''),
});

describe('makeGrantIndex()', () => {
  it('leaves out no grant that would permit the call', () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 30 }), calls, (texts, call) => {
        const grants = texts.map((text, index) => grant(String(index), text));
        const index = makeGrantIndex();
        for (const one of grants) index.add(one);
        const expected = judge(httpKind, grants, call, 0);
        expect(judge(httpKind, index.near(call), call, 0).allow).toBe(expected.allow);
        expect(judge(httpKind, index.around(call), call, 0)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('forgets what was removed, and only that', () => {
    fc.assert(
      fc.property(fc.array(rules, { maxLength: 12 }), fc.nat(11), calls, (texts, gone, call) => {
        const grants = texts.map((text, index) => grant(String(index), text));
        const index = makeGrantIndex();
        for (const one of grants) index.add(one);
        expect(index.remove(String(gone))).toEqual(grants[gone]);
        const left = grants.filter(({ id }) => id !== String(gone));
        expect(index.all()).toEqual(left);
        const expected = judge(httpKind, left, call, 0);
        expect(judge(httpKind, index.around(call), call, 0)).toEqual(expected);
      }),
    );
  });

  it('looks at few grants of many for one origin', () => {
    const index = makeGrantIndex();
    for (let i = 0; i < 1000; i++) index.add(grant(`g${i}`, `GET a.com/repos/r${i}/**`));
    const call: HttpCall = {
      ...{ scheme: 'https', host: 'a.com', port: 443 },
      ...{ method: 'GET', path: '/repos/r7/x', query: '' },
    };
    expect(index.near(call).map(({ id }) => id)).toEqual(['g7']);
    expect(index.around(call)).toHaveLength(1000);
  });

  it('gives plain grants before those that must be asked for', () => {
    const index = makeGrantIndex();
    index.add(grant('asks', 'a.com', true));
    index.add(grant('plain', 'a.com'));
    const call: HttpCall = {
      ...{ scheme: 'https', host: 'a.com', port: 443 },
      ...{ method: 'GET', path: '/', query: '' },
    };
    expect(index.near(call).map(({ id }) => id)).toEqual(['plain', 'asks']);
  });
});
