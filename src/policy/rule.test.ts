import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { PowerboxError } from '../wire/errors.ts';
import { QUOTE_CHARS_MAX, RULE_CHARS_MAX } from './limits.ts';
import { type IsPublicSuffix, loadPublicSuffix } from './public-suffix.ts';
import { parseRule, type Rule, ruleToGrant } from './rule.ts';
import { parseRules } from './rules.ts';

let isPublicSuffix: IsPublicSuffix;
beforeAll(async () => {
  isPublicSuffix = await loadPublicSuffix();
});

function faultOf(text: string, options = {}): PowerboxError {
  try {
    parseRule(text, { isPublicSuffix, ...options });
  } catch (error) {
    if (PowerboxError.is(error)) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

const columnOf = (error: PowerboxError): number =>
  Number(/ \(column (\d+)\)\.$/.exec(error.message)?.[1]);

describe('parseRule', () => {
  const exact = (name: string): Rule['config']['host'] => ({ type: 'exact', name });

  test.each<[string, Rule['config'], Rule['narrowing'], string]>([
    [
      'api.example.com',
      { scheme: 'https', host: exact('api.example.com'), port: 443 },
      { methods: null, path: null },
      'https://api.example.com',
    ],
    [
      'HEAD,GET,GET https://api.github.com/repos/acme/**',
      { scheme: 'https', host: exact('api.github.com'), port: 443 },
      { methods: ['GET', 'HEAD'], path: '/repos/acme/**' },
      'GET,HEAD https://api.github.com/repos/acme/**',
    ],
    [
      '*.Example.com.',
      { scheme: 'https', host: { type: 'below', suffix: 'example.com' }, port: 443 },
      { methods: null, path: null },
      'https://*.example.com',
    ],
    [
      'HTTPS://registry.example:8443',
      { scheme: 'https', host: exact('registry.example'), port: 8443 },
      { methods: null, path: null },
      'https://registry.example:8443',
    ],
    [
      'http://10.0.0.5:8080/x',
      { scheme: 'http', host: exact('10.0.0.5'), port: 8080 },
      { methods: null, path: '/x' },
      'http://10.0.0.5:8080/x',
    ],
    [
      'https://[2001:DB8:0::1]:8443',
      { scheme: 'https', host: exact('2001:db8::1'), port: 8443 },
      { methods: null, path: null },
      'https://[2001:db8::1]:8443',
    ],
    [
      'http://a.example:80/',
      { scheme: 'http', host: exact('a.example'), port: 80 },
      { methods: null, path: '/' },
      'http://a.example/',
    ],
    [
      'M-SEARCH a.example/@scope%2fx/%61',
      { scheme: 'https', host: exact('a.example'), port: 443 },
      { methods: ['M-SEARCH'], path: '/@scope%2Fx/a' },
      'M-SEARCH https://a.example/@scope%2Fx/a',
    ],
  ])('%s', (text, config, narrowing, canonical) => {
    const rule = parseRule(text, { isPublicSuffix });
    expect(rule).toEqual({ config, narrowing, text: canonical });
    expect(parseRule(rule.text, { isPublicSuffix })).toEqual(rule);
  });

  test.each([
    ['', 1, 'host is missing'],
    ['GET', 3, 'host is missing'],
    ['GET ', 4, 'host is missing'],
    [' a.example', 1, 'method is missing'],
    ['get a.example', 1, 'capital letters'],
    ['GET,,PUT a.example', 5, 'method is missing'],
    ['GET,TRACE a.example', 5, 'never allowed'],
    ['connect a.example', 1, 'never allowed'],
    ['GET  a.example', 5, 'cannot be part'],
    ['a.example ', 1, 'capital letters'],
    ['ftp://a.example', 1, 'neither http nor https'],
    ['https://', 8, 'host is missing'],
    ['http:///b', 8, 'host is missing'],
    ['http://a@b/', 9, 'user name'],
    ['http://a\\@b/', 9, 'query or fragment'],
    ['a.example#@b', 10, 'query or fragment'],
    ['a.example?x', 10, 'query or fragment'],
    ['a.example/x?y', 12, 'query'],
    ['a.example/x#y', 12, 'fragment'],
    ['a\t.example', 2, 'control'],
    ['a.example:', 10, 'port'],
    ['a.example:0', 10, 'port'],
    ['a.example:080', 10, 'port'],
    ['a.example:65536', 10, 'port'],
    ['a.example:x', 10, 'port'],
    ['2001:db8::1', 9, 'brackets'],
    ['[::1', 1, 'not closed'],
    ['[::1]x', 6, 'port'],
    ['[fe80::1%25eth0]', 9, 'zone'],
    ['127.1', 1, 'four decimal'],
    ['http://0x7f.1/', 8, 'four decimal'],
    ['2130706433', 1, 'four decimal'],
    ['0177.0.0.1', 1, 'four decimal'],
    ['a..example', 3, 'empty label'],
    ['exаmple.com', 3, 'xn--'],
    ['a*.example.com', 2, 'wildcard'],
    ['*example.com', 1, 'wildcard'],
    ['*.*.example.com', 3, 'wildcard'],
    ['a.*.example.com', 3, 'wildcard'],
    ['*.10.0.0.1', 1, 'addresses'],
    ['*', 1, 'every host'],
    ['https://*:8443', 9, 'every host'],
    ['*.com', 1, 'anyone'],
    ['*.co.uk', 1, 'anyone'],
    ['GET https://*.GitHub.io./x', 13, 'anyone'],
    ['*.pages.dev', 1, 'anyone'],
    ['*.internal', 1, 'anyone'],
    ['a.example/a/../b', 13, 'dot segment'],
    ['a.example/a//b', 12, 'empty segment'],
    ['a.example/a**', 11, 'stands alone'],
    ['a.example/%zz', 11, 'percent sign'],
    ['a.example/é', 11, 'ASCII'],
  ])('refuses %j at column %i', (text, column, word) => {
    const error = faultOf(text);
    expect(error.code).toBe('rule-invalid');
    expect(error.message).toContain(word);
    expect(columnOf(error)).toBe(column);
  });

  test('takes the wildcard for every host only when told to', () => {
    expect(parseRule('*', { allowAllHosts: true }).config.host).toEqual({ type: 'any' });
    expect(parseRule('GET http://*:8080/x', { allowAllHosts: true }).text).toBe(
      'GET http://*:8080/x',
    );
    expect(faultOf('*.com', { allowAllHosts: true }).message).toContain('anyone');
  });

  test('refuses wildcards while the public suffix list is not there', () => {
    expect(() => parseRule('*.example.com')).toThrow(/public suffix list/);
  });

  test('bounds the rule and what an error repeats of it', () => {
    const error = faultOf(`a.example/${'x'.repeat(RULE_CHARS_MAX)}`);
    expect(error.message.length).toBeLessThan(QUOTE_CHARS_MAX + 120);
    const evil = faultOf('\x1b[31m\u202eevil\n');
    expect(evil.message).toMatch(/^[\x20-\x7e]*$/);
  });

  test('fails only with rule-invalid, at a column of the text', () => {
    const piece = fc.constantFrom(
      ...[
        'GET',
        ',',
        ' ',
        'https',
        '://',
        ':',
        '/',
        '*',
        '**',
        '.',
        'example',
        'com',
        '[',
        ']',
        '::1',
      ],
      ...['@', '?', '#', '\\', '%', '%2e', '%2F', '8443', '0', '-', '_', 'xn--', 'é', '\0', '127'],
    );
    const text = fc.array(fc.oneof({ weight: 6, arbitrary: piece }, fc.string({ maxLength: 4 })), {
      maxLength: 12,
    });
    let accepted = 0;
    fc.assert(
      fc.property(text, (pieces) => {
        const rule = pieces.join('');
        try {
          const parsed = parseRule(rule, { isPublicSuffix });
          accepted += 1;
          expect(parseRule(parsed.text, { isPublicSuffix })).toEqual(parsed);
        } catch (error) {
          if (!PowerboxError.is(error)) throw error;
          expect(error.code).toBe('rule-invalid');
          expect(columnOf(error)).toBeGreaterThanOrEqual(1);
          expect(columnOf(error)).toBeLessThanOrEqual(Math.max(1, rule.length));
        }
      }),
      { seed: 11, numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

test('parseRules loads the public suffix list for wildcards', async () => {
  const [rule] = await parseRules(['GET *.example.com']);
  expect(rule?.text).toBe('GET https://*.example.com');
  await expect(parseRules(['*.github.io'])).rejects.toThrow(/anyone/);
  await expect(parseRules(['*'])).rejects.toThrow(/every host/);
});

test('a rule becomes a first-hand grant in its own words', () => {
  const rule = parseRule('GET a.example/x');
  expect(ruleToGrant(rule, 'g1')).toMatchObject({
    id: 'g1',
    kind: 'http',
    config: rule.config,
    narrowings: [rule.narrowing],
    chain: ['g1'],
    text: 'GET https://a.example/x',
    asks: false,
  });
});
