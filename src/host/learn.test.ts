import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPath } from '../policy/path.ts';
import { parseRule } from '../policy/rule.ts';
import type { HttpCall } from '../powers/http/call.ts';
import { httpKind } from '../powers/http/kind.ts';
import { type LearnedRequest, proposeRules } from './learn.ts';

const get = (url: string): LearnedRequest => ({ method: 'GET', url });

describe('proposeRules()', () => {
  it('makes one rule of requests for things of one kind', () => {
    expect(
      proposeRules([
        get('https://api.example.com/v1/items/1?page=…'),
        get('https://api.example.com/v1/items/22'),
        { method: 'POST', url: 'https://api.example.com/v1/items' },
        { method: 'HEAD', url: 'https://api.example.com/v1/items/1' },
        get('https://api.example.com/users/0b1f6a52-3c1e-4a7e-8f61-6dd0a3f1c2ab/keys'),
      ]),
    ).toEqual([
      'GET api.example.com/users/*/keys',
      'GET api.example.com/v1/items/*',
      'POST api.example.com/v1/items',
    ]);
  });

  it('keeps the scheme and the port where they are not the usual ones', () => {
    expect(proposeRules([get('http://a.example/x'), get('https://a.example:8443/y')])).toEqual([
      'GET a.example:8443/y',
      'GET http://a.example/x',
    ]);
  });

  it('keeps few names apart, and takes many for one that changes', () => {
    const names = ['lodash', 'react', 'vite', 'zod'].map((name) =>
      get(`https://npm.example/${name}/latest`),
    );
    expect(proposeRules(names.slice(0, 3))).toHaveLength(3);
    expect(proposeRules(names)).toEqual(['GET npm.example/*/latest']);
  });

  it('joins what would be more rules than a person reads', () => {
    const many = Array.from({ length: 60 }, (_, i) =>
      get(
        `https://a.example/docs/${'abcdefgh'.slice(i % 8)}/${'q'.repeat(i + 1)}/${'z'.repeat(60 - i)}`,
      ),
    );
    expect(proposeRules(many).length).toBeLessThanOrEqual(12);
    expect(proposeRules(many).every((rule) => rule.startsWith('GET a.example/docs'))).toBe(true);
  });

  it('allows a whole host for a path that servers read in different ways', () => {
    expect(proposeRules([get('https://a.example/x//y')])).toEqual(['GET a.example']);
  });

  const segment = fc.oneof(
    fc.constantFrom('v1', 'items', 'users', 'a', 'b', 'c', 'd', 'e', '', '*', '{x}', 'a%2Fb', '.x'),
    fc.nat(99).map(String),
    fc.string({ maxLength: 6 }),
  );
  const host = fc.constantFrom('a.example', 'b.example', 'c.example:8443');
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE');
  const request = fc
    .tuple(fc.constantFrom('http', 'https'), host, fc.array(segment, { maxLength: 5 }), method)
    .filter(([, , segments]) => canonicalPath(`/${segments.join('/')}`).ok)
    .map(([scheme, at, segments, verb]) => {
      const path = canonicalPath(`/${segments.join('/')}`);
      const name = at.split(':')[0] as string;
      const port = Number(at.split(':')[1] ?? (scheme === 'http' ? 80 : 443));
      const call: HttpCall = {
        ...{ scheme: scheme as 'http' | 'https', host: name, port, method: verb, query: '' },
        path: path.ok ? path.path : '/',
      };
      return { call, learned: { method: verb, url: `${scheme}://${at}${call.path}` } };
    });

  it('covers every request, and no other host, and no method that a host was not asked with', () => {
    fc.assert(
      fc.property(fc.array(request, { maxLength: 40 }), request, (requests, other) => {
        const rules = proposeRules(requests.map(({ learned }) => learned)).map((text) =>
          parseRule(text),
        );
        const isGiven = (call: HttpCall): boolean =>
          rules.some(
            ({ config, narrowing }) =>
              httpKind.concerns(config, call) && httpKind.permits(narrowing, call).allow,
          );
        for (const { call, learned } of requests) expect(isGiven(call), learned.url).toBe(true);
        if (!isGiven(other.call)) return;
        const verbs = other.call.method === 'HEAD' ? ['HEAD', 'GET'] : [other.call.method];
        expect(
          requests.some(
            ({ call }) =>
              call.scheme === other.call.scheme &&
              call.host === other.call.host &&
              call.port === other.call.port &&
              verbs.includes(call.method),
          ),
        ).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});
