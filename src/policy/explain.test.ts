import { describe, expect, test } from 'vitest';
import { httpKind } from '../powers/http/kind.ts';
import { PowerboxError } from '../wire/errors.ts';
import { checkRules, explain } from './explain.ts';
import { parseRule } from './rule.ts';

const rules = (...texts: readonly string[]) => {
  return texts.map((text) => parseRule(text, { allowAllHosts: true, isPublicSuffix: () => false }));
};

describe('explain', () => {
  test('says that nothing is nothing', () => {
    expect(explain([])).toEqual(['The box may reach nothing on the network.']);
  });

  test.each([
    ['a.example', 'The box may send any requests to https://a.example, on every path.'],
    [
      'GET,POST a.example/x',
      'The box may send GET and POST requests to https://a.example, on the path /x only.',
    ],
    [
      'GET a.example/x/**',
      'The box may send GET requests to https://a.example, on paths that match /x/**.',
    ],
    [
      'GET http://*.a.example:81',
      'The box may send GET requests to http://*.a.example:81, on every path (every name below a.example, not a.example itself; without encryption).',
    ],
    [
      '*',
      'The box may send any requests to https://*, on every path (every name, but no bare address).',
    ],
  ])('%s', (text, sentence) => {
    expect(explain(rules(text))).toEqual([sentence]);
  });
});

describe('checkRules', () => {
  const given = rules('GET a.example/x/**', 'POST a.example/y', '*.b.example', 'http://c.example');

  test.each([
    ['GET', 'https://a.example/x/1?q=secret', 'GET https://a.example/x/**'],
    ['HEAD', 'https://A.example:443/x', 'GET https://a.example/x/**'],
    ['POST', 'a.example/%79', 'POST https://a.example/y'],
    ['DELETE', 'https://x.b.example', 'https://*.b.example'],
    ['GET', 'http://c.example?q', 'http://c.example'],
  ])('%s %s is allowed', (method, url, text) => {
    expect(checkRules(httpKind, given, method, url)).toMatchObject({
      allow: true,
      rule: { text },
    });
  });

  test.each([
    ['GET', 'https://b.example/', 'not-granted'],
    ['GET', 'http://a.example/x', 'not-granted'],
    ['GET', 'https://a.example:8443/x', 'not-granted'],
    ['PUT', 'https://a.example/y', 'method-not-granted'],
    ['GET', 'https://a.example/z', 'path-not-granted'],
    ['GET', 'https://a.example/x/../y', 'path-ambiguous'],
    ['GET', 'https://a.example/x//y', 'path-ambiguous'],
  ])('%s %s is refused as %s', (method, url, code) => {
    expect(checkRules(httpKind, given, method, url)).toMatchObject({ allow: false, code });
  });

  test.each([
    '',
    'ftp://a.example',
    'https://a@b/',
    'https://a.example/ x',
    'https://a.example/#x',
  ])('refuses %j as no URL', (url) => {
    expect(() => checkRules(httpKind, given, 'GET', url)).toThrow(
      expect.toSatisfy((error) => PowerboxError.is(error) && error.code === 'usage'),
    );
  });
});
