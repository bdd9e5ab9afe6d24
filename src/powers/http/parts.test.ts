import { describe, expect, test } from 'vitest';
import type { HeldGrant } from '../../ocap/grant.ts';
import type { HttpCall, HttpHeader } from './call.ts';
import type { HttpConfig } from './config.ts';
import { httpKind } from './kind.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { needsBody, responseBytesMax, wantsBody } from './needs.ts';
import { readOnly } from './read-only.ts';

const CONFIG: HttpConfig = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
};
const BASE: HttpCall = {
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'GET',
  path: '/repos/acme/x/issues/5',
  query: '',
  headers: [],
  body: null,
};

const only = (...texts: string[]): HttpNarrowing => readOnly(texts, CONFIG);
function code(rule: string, part: Partial<HttpCall>): string {
  const verdict = httpKind.permits(only(rule), { ...BASE, ...part });
  return verdict.allow ? 'ok' : verdict.code;
}
const ofPath = (rule: string, path: string): string => code(rule, { path });
const ofQuery = (rule: string, query: string): string => code(rule, { query });
const ofHeaders = (rule: string, ...headers: HttpHeader[]): string => code(rule, { headers });

describe('paths with variables', () => {
  const PINNED = '/repos/{owner=acme}/{repo=x|y}/issues/**';

  test.each([
    [PINNED, '/repos/acme/x/issues'],
    [PINNED, '/repos/acme/y/issues/1/comments'],
    ['/repos/{owner}/{repo}/** owner=acme repo=x|y', '/repos/acme/y'],
    ['/repos/{owner}/{repo}', '/repos/a/b'],
    ['/files/{name}.json', '/files/a.b.json'],
    ['/v{major=1|2}/x', '/v2/x'],
    ['/p/{id=a%2Fb}', '/p/a%2Fb'],
  ])('%s matches %s', (rule, path) => {
    expect(ofPath(rule, path)).toBe('ok');
  });

  test.each([
    [PINNED, '/repos/evil/x/issues'],
    [PINNED, '/repos/acme/z/issues'],
    [PINNED, '/repos/acme/x/pulls'],
    [PINNED, '/repos/ACME/x/issues'],
    [PINNED, '/repos/acme;x/x/issues'],
    [PINNED, '/repos/acme/x'],
    [PINNED, '/repos/acme%2Fx/issues/5'],
    [PINNED, '/repos//acme/x/issues'],
    [PINNED, '/repos/acme/x/x/issues'],
    ['/repos/{owner}/{repo} owner=acme', '/repos/evil/b'],
    ['/repos/{owner}/{repo}', '/repos/a/b/c'],
    ['/repos/{owner}/{repo}', '/repos/a/'],
    ['/repos/{owner}', '/repos/a%2Fb'],
    ['/files/{name}.json', '/files/.json'],
    ['/repos/{owner=acme} owner=evil', '/repos/acme'],
    ['/repos/{owner=acme} owner=evil', '/repos/evil'],
  ])('%s does not match %s', (rule, path) => {
    expect(ofPath(rule, path)).toMatch(/path-(?:not-granted|ambiguous)/);
  });
});

describe('rules for a query', () => {
  test.each([
    ['query page=*', ''],
    ['query page=*', 'page=5'],
    ['query page=*', 'page=5&page=6'],
    ['query state=open|closed', 'state=closed'],
    ['query state=open', 'st%61te=%6Fpen'],
    ['query +q="a b"', 'q=a+b'],
    ['query +q="a b"', 'q=a%20b&'],
    ['query state=open ...', 'state=open&x=1&y'],
    ['query -admin ...', 'user=1'],
    ['query "a key"=*', 'a%20key=1'],
  ])('%s allows %j', (rule, query) => {
    expect(ofQuery(rule, query)).toBe('ok');
  });

  test.each([
    ['query page=*', 'q=1'],
    ['query page=*', 'Page=1'],
    ['query page=*', 'page[]=1'],
    ['query page=*', 'page=1;q=2'],
    ['query page=*', 'page=1&=2'],
    ['query page=*', 'page=%ff'],
    ['query page=*', 'page=%00'],
    ['query page=*', new Array(2000).fill('page=1').join('&')],
    ['query state=open|closed', 'state=all'],
    ['query state=open|closed', 'state=open&state=all'],
    ['query state=open|closed', 'state'],
    ['query +state=open', ''],
    ['query +state=open', 'state='],
    ['query state=open ...', 'State=all'],
    ['query state=open ...', 'state[]=all'],
    ['query state=open ...', '%20state=all'],
    ['query state=open ...', 's%2574ate=all'],
    ['query -admin ...', 'admin=1'],
    ['query -admin ...', 'ADMIN'],
    ['query per_page=1 ...', 'per.page=5'],
  ])('%s refuses %j', (rule, query) => {
    expect(ofQuery(rule, query)).toBe('narrowing-refused');
  });

  test('a refusal shows no value', () => {
    const call = { ...BASE, query: 'state=hunter2' };
    const verdict = httpKind.permits(only('query state=open'), call);
    expect(verdict).toMatchObject({ allow: false });
    expect(JSON.stringify(verdict)).not.toContain('hunter2');
  });
});

describe('rules for headers', () => {
  test('allow and refuse', () => {
    expect(ofHeaders('header accept=a|b', ['accept', 'a'])).toBe('ok');
    expect(ofHeaders('header accept=a|b')).toBe('ok');
    expect(ofHeaders('header accept=a|b', ['x', 'y'])).toBe('ok');
    expect(ofHeaders('header +x-tenant=acme', ['x-tenant', 'acme'])).toBe('ok');
    expect(ofHeaders('header X-Tenant=acme', ['x-tenant', 'acme'])).toBe('ok');
    expect(ofHeaders('header accept only', ['accept', '*/*'], ['content-length', '5'])).toBe('ok');
    expect(ofHeaders('header -x-admin', ['x-user', '1'])).toBe('ok');
  });

  test.each<[string, readonly HttpHeader[]]>([
    ['header accept=a|b', [['accept', 'c']]],
    ['header accept=a|b', [['accept', 'A']]],
    [
      'header accept=a|b',
      [
        ['accept', 'a'],
        ['accept', 'a'],
      ],
    ],
    ['header x-a=1', [['x_a', '1']]],
    ['header +x-tenant=acme', []],
    ['header +x-tenant', []],
    ['header accept only', [['x', '1']]],
    ['header -x-admin', [['x-admin', '1']]],
    ['header -x-admin', [['x_admin', '1']]],
  ])('%s refuses %j', (rule, headers) => {
    expect(ofHeaders(rule, ...headers)).toBe('narrowing-refused');
  });

  test('headers that nobody looked at are in doubt', () => {
    const { headers: _, ...call } = BASE;
    expect(httpKind.permits(only('header -x'), call)).toMatchObject({ allow: false });
  });
});

describe('sizes', () => {
  const sent = (part: Partial<HttpCall>): string => code('request<=4', { method: 'POST', ...part });

  test('of a request', () => {
    expect(sent({})).toBe('ok');
    expect(sent({ body: { bytes: new Uint8Array(4) } })).toBe('ok');
    expect(sent({ body: { bytes: new Uint8Array(5) } })).toBe('body-refused');
    const { body: _, ...unread } = BASE;
    const rule = only('request<=4');
    const declared = (length: string): boolean =>
      httpKind.permits(rule, { ...unread, headers: [['content-length', length]] }).allow;
    expect([declared('4'), declared('5'), declared('4e9')]).toEqual([true, false, false]);
    expect(httpKind.permits(rule, unread).allow).toBe(false);
    expect(sent({ websocket: true })).toBe('body-refused');
  });

  test('of an answer: the narrowest of a chain, the widest of what permits', () => {
    const chain = [
      only('response<=1K'),
      only('/repos/** response<=10', '/x response<=5', 'GET response<=100'),
    ];
    expect(responseBytesMax(chain, BASE)).toBe(100);
    expect(responseBytesMax([...chain, only('response<=50')], BASE)).toBe(50);
    expect(responseBytesMax(chain, { ...BASE, method: 'POST' })).toBe(10);
    expect(responseBytesMax([only('/repos/** response<=10', 'GET')], BASE)).toBe(null);
    expect(responseBytesMax([], BASE)).toBe(null);
  });
});

describe('alternatives', () => {
  test('one of them must permit, and all else too', () => {
    const rule = only('GET /repos/{o=acme}/**', 'POST /x body /a=1');
    expect(httpKind.permits(rule, BASE).allow).toBe(true);
    expect(httpKind.permits({ ...rule, methods: ['POST'] }, BASE).allow).toBe(false);
    const refused = httpKind.permits(rule, { ...BASE, path: '/repos/evil/x' });
    expect(refused).toMatchObject({
      code: 'path-not-granted',
      reason: expect.stringContaining('acme'),
    });
  });

  test('a refusal says what a variable may be', () => {
    const rule = only('/repos/{owner}/** owner=acme|b');
    expect(httpKind.permits(rule, { ...BASE, path: '/repos/evil/x' })).toMatchObject({
      reason:
        'GET https://api.example.com/repos/evil/x is not allowed: this box may only use /repos/{owner}/** owner=acme|b there.',
    });
  });

  test('may not be gone around by a second path or method', () => {
    const destination = { headers: [['destination', '/y'] as const] };
    const copy = { headers: [['x-amz-copy-source', '/b/y'] as const] };
    for (const part of [destination, copy]) {
      expect(code('/repos/**', part)).toBe('path-not-granted');
      expect(code('GET', part)).toBe('ok');
    }
    for (const query of ['_method=DELETE', 'a=1&_METHOD=put', 'a=1;_method']) {
      expect(code('GET', { query })).toBe('method-not-granted');
      expect(code('/repos/**', { query })).toBe('ok');
    }
    expect(code('GET', { query: 'my_method=1' })).toBe('ok');
    const either = only('GET /repos/**', 'GET,PUT');
    expect(httpKind.permits(either, { ...BASE, ...copy }).allow).toBe(true);
    const both = only('GET /repos/**', 'GET /x');
    expect(httpKind.permits(both, { ...BASE, ...copy })).toMatchObject({
      code: 'path-not-granted',
    });
  });
});

describe('when to read a body', () => {
  const grant = (
    part: Partial<HeldGrant<HttpConfig, HttpNarrowing>>,
    ...texts: string[]
  ): HeldGrant<HttpConfig, HttpNarrowing> => ({
    id: 'g',
    kind: 'http',
    config: CONFIG,
    chain: ['g'],
    text: 'g',
    notBefore: null,
    expires: null,
    asks: false,
    ...part,
    narrowings: [only(...texts)],
  });
  const { body: _, ...unread } = { ...BASE, method: 'POST', path: '/x' };

  test('only for a grant that permits all else', () => {
    const wants = (held: HeldGrant<HttpConfig, HttpNarrowing>, call: HttpCall = unread): boolean =>
      wantsBody([held], call, 10);
    expect(wants(grant({}, 'POST /x body /a'))).toBe(true);
    expect(wants(grant({}, 'POST /y', 'POST /x graphql query=*'))).toBe(true);
    expect(wants(grant({}, 'POST /x request<=5'))).toBe(true);
    expect(wants(grant({}, 'POST /x'))).toBe(false);
    expect(wants(grant({}, 'POST /y body /a'))).toBe(false);
    expect(wants(grant({}, 'GET /x body /a'))).toBe(false);
    expect(wants(grant({}, 'POST /x header +y body /a'))).toBe(false);
    expect(wants(grant({ expires: 10 }, 'POST /x body /a'))).toBe(false);
    expect(wants(grant({}, 'POST /x body /a'), { ...unread, body: null })).toBe(false);
    expect(wants(grant({}, 'POST /x body /a'), { ...unread, websocket: true })).toBe(false);
    expect(wants(grant({}, 'POST /x body /a'), { ...unread, host: 'other.example' })).toBe(false);
    expect(wants(grant({}, 'POST /x body /a'), { ...unread, query: 'a=1' })).toBe(false);
    expect(needsBody([only('GET', 'POST request<=5')])).toBe(true);
    expect(needsBody([only('GET query a=*')])).toBe(false);
  });
});
