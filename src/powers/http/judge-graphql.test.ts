import { describe, expect, test } from 'vitest';
import type { HttpCall } from './call.ts';
import { httpKind } from './kind.ts';
import { GRAPHQL_BATCH_MAX } from './limits.ts';
import { readOnly } from './read-only.ts';

const ORIGIN = { scheme: 'https', host: { type: 'any' }, port: 443 } as const;
const RULE = 'POST /graphql graphql query=viewer|repository mutation=addStar depth<=4 aliases<=3';

function call(body: unknown, part: Partial<HttpCall> = {}): HttpCall {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return {
    scheme: 'https',
    host: 'api.github.com',
    port: 443,
    method: 'POST',
    path: '/graphql',
    query: '',
    headers: [['content-type', 'application/json']],
    body: { bytes: new TextEncoder().encode(text) },
    ...part,
  };
}

function judged(asked: HttpCall, rule = RULE): string {
  const verdict = httpKind.permits(readOnly([rule], ORIGIN), asked);
  return verdict.allow ? 'ok' : verdict.code;
}
const asked = (query: string): string => judged(call({ query }));

describe('rules for GraphQL', () => {
  test.each([
    '{ viewer { login } }',
    'query Q($o: String!) { repository(owner: $o) { name issues { title } } __typename }',
    'mutation { addStar(input: {}) { ok } }',
    'query A { viewer { login } } query B { repository { name } }',
    '{ ...F } fragment F on Query { viewer { login } }',
    '{ ... on Query { viewer { login } } ... @include(if: true) { repository { name } } }',
    '{ a: viewer { b: login c: login } }',
    '# mutation { deleteAll }\n{ viewer { login } }',
    '{ viewer { bio(text: """ } mutation { deleteAll """) } }',
  ])('allow %s', (query) => {
    expect(asked(query)).toBe('ok');
  });

  test.each([
    ['another field', '{ organization { secret } }'],
    ['another field behind an alias', '{ viewer: organization { secret } }'],
    ['another field in a fragment', '{ ...F } fragment F on Query { organization { id } }'],
    [
      'another field two fragments down',
      '{ ...F } fragment F on Query { ...G } fragment G on Query { organization { id } }',
    ],
    ['another field in an inline fragment', '{ ... on Query { organization { id } } }'],
    ['another field that is skipped', '{ viewer { id } organization @skip(if: true) { id } }'],
    ['introspection', '{ __schema { types { name } } }'],
    ['another mutation', 'mutation { deleteRepository { ok } }'],
    ['a query field as a mutation', 'mutation { viewer { id } }'],
    ['a subscription', 'subscription { viewer { id } }'],
    ['a second operation', 'query A { viewer { id } } mutation B { deleteRepository { ok } }'],
    ['what is too deep', '{ viewer { a { b { c { d } } } } }'],
    [
      'what is too deep in fragments',
      '{ viewer { ...F } } fragment F on U { a { ...G } } fragment G on U { b { c { d } } }',
    ],
    ['too many aliases', '{ a: viewer { b: x c: x d: x } }'],
    ['too many aliases by spreads', '{ viewer { ...F ...F ...F ...F } } fragment F on U { a: x }'],
  ])('refuse %s', (_, query) => {
    expect(asked(query)).toBe('body-refused');
  });

  test.each([
    ['no document', 'hello'],
    ['an empty document', ''],
    ['only a fragment', 'fragment F on Query { viewer { id } }'],
    ['a schema', '{ viewer { id } } type Query { a: Int }'],
    ['an open brace', '{ viewer { id }'],
    ['a fragment that spreads itself', '{ ...F } fragment F on Query { viewer { id } ...F }'],
    [
      'two fragments of one name',
      '{ ...F } fragment F on Query { viewer { id } } fragment F on Query { organization { id } }',
    ],
    [
      'two fragments of one name, the first of them wrong',
      '{ ...F } fragment F on Query { organization { id } } fragment F on Query { viewer { id } }',
    ],
    ['an unknown fragment', '{ viewer { id } ...F }'],
    ['two operations of one name', 'query A { viewer { id } } query A { viewer { id } }'],
    ['endless nesting', '{a'.repeat(200_000)],
    ['deep nesting', `${'{a'.repeat(3000)}${'}'.repeat(3000)}`],
    ['endless tokens', `{ ${'viewer '.repeat(20_000)} }`],
  ])('cannot read %s', (_, query) => {
    expect(['body-unreadable', 'body-refused']).toContain(asked(query));
  });

  test.each<[string, unknown]>([
    ['no query', {}],
    ['a persisted query', { extensions: { persistedQuery: { sha256Hash: 'ab' } } }],
    ['a hash beside a query', { query: '{ viewer { id } }', extensions: { persistedQuery: {} } }],
    ['another key', { query: '{ viewer { id } }', doc_id: '1' }],
    ['a key of another case', { query: '{ viewer { id } }', Query: '{ organization { id } }' }],
    ['a list as a query', { query: ['{ viewer { id } }'] }],
    ['a number as a name', { query: '{ viewer { id } }', operationName: 5 }],
    ['a list of variables', { query: '{ viewer { id } }', variables: [] }],
    ['a text', '"{ viewer { id } }"'],
    ['an empty list', []],
    [
      'a list with one that is not allowed',
      [{ query: '{ viewer { id } }' }, { query: '{ organization { id } }' }],
    ],
    ['a list in a list', [[{ query: '{ viewer { id } }' }]]],
    ['a long list', new Array(GRAPHQL_BATCH_MAX + 1).fill({ query: '{ viewer { id } }' })],
  ])('refuse %s', (_, body) => {
    expect(judged(call(body))).toBe('body-refused');
  });

  test('allow a list when each is allowed, and what clients send beside the query', () => {
    const one = { query: '{ viewer { id } }', variables: { a: 1 }, operationName: null };
    expect(judged(call([one, { ...one, extensions: {}, operationName: 'Q' }]))).toBe('ok');
    expect(judged(call(new Array(GRAPHQL_BATCH_MAX).fill(one)))).toBe('ok');
  });

  test('refuse a document that comes another way', () => {
    const body = { query: '{ viewer { id } }' };
    for (const query of [
      'query=%7Borganization%7Bid%7D%7D',
      'Query=x',
      'variables=%7B%7D',
      'id=5',
    ]) {
      expect(judged(call(body, { query }))).toBe('body-refused');
    }
    expect(judged(call(body, { query: 'trace=1' }))).toBe('ok');
    const raw = call('{ viewer { id } }', { headers: [['content-type', 'application/graphql']] });
    expect(judged(raw)).toBe('body-unreadable');
    expect(judged(call(body, { method: 'PUT' }), 'graphql query=viewer')).toBe('body-refused');
    const read = call('', { method: 'GET', body: null, query: 'query=%7Bviewer%7Bid%7D%7D' });
    expect(judged(read, 'graphql query=viewer')).toBe('body-refused');
  });

  test('spreads that multiply are counted without being followed', () => {
    const fragments = Array.from(
      { length: 60 },
      (_, i) => `fragment F${i} on U { a${i}: x ...F${i + 1} ...F${i + 1} }`,
    );
    const query = `{ viewer { ...F0 } } ${fragments.join(' ')} fragment F60 on U { y }`;
    const started = performance.now();
    expect(asked(query)).toBe('body-refused');
    expect(judged(call({ query }), 'graphql query=viewer')).toBe('ok');
    expect(performance.now() - started).toBeLessThan(500);
  });

  test('with rules for the variables', () => {
    const rule = 'graphql query=repository body /variables/owner=acme';
    const query = 'query($owner: String!) { repository(owner: $owner) { name } }';
    expect(judged(call({ query, variables: { owner: 'acme' } }), rule)).toBe('ok');
    expect(judged(call({ query, variables: { owner: 'evil' } }), rule)).toBe('body-refused');
    expect(judged(call([{ query, variables: { owner: 'acme' } }]), rule)).toBe('body-refused');
  });
});
