import { describe, expect, test } from 'vitest';
import type { HttpCall } from './call.ts';
import { httpKind } from './kind.ts';
import { needsMessages } from './needs.ts';
import { readOnly } from './read-only.ts';
import { writeOnly } from './write-only.ts';

const ORIGIN = { scheme: 'https', host: { type: 'any' }, port: 443 } as const;

const begins: HttpCall = {
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'GET',
  path: '/socket',
  query: '',
  headers: [],
  body: null,
  websocket: true,
};

const says = (text: string, isText = true): HttpCall => ({
  ...begins,
  message: { text: isText, bytes: new TextEncoder().encode(text) },
});

const RULE = 'GET /socket message /type=subscribe|ping';
const GRAPHQL = 'GET /graphql graphql query=*';

function code(rules: string | readonly string[], call: HttpCall): string {
  const verdict = httpKind.permits(readOnly([rules].flat(), ORIGIN), call);
  return verdict.allow ? 'ok' : verdict.code;
}

describe('rules for messages', () => {
  test.each(['{"type":"ping"}', ' {"type":"subscribe","id":1}\n'])('allow %s', (text) => {
    expect(code(RULE, says(text))).toBe('ok');
  });

  test.each([
    ['another value', '{"type":"admin"}', 'body-refused'],
    ['nothing there', '{"id":1}', 'body-refused'],
    ['a key there twice', '{"type":"ping","type":"admin"}', 'body-unreadable'],
    ['another case', '{"type":"ping","Type":"admin"}', 'body-refused'],
    ['two values', '{"type":"ping"}{"type":"ping"}', 'body-unreadable'],
    ['a list', '[{"type":"ping"}]', 'body-refused'],
    ['no JSON', 'ping', 'body-unreadable'],
    ['nothing', '', 'body-unreadable'],
  ])('refuse %s', (_, text, expected) => {
    expect(code(RULE, says(text))).toBe(expected);
  });

  test('refuse binary messages, and everything that is no WebSocket', () => {
    expect(code(RULE, says('{"type":"ping"}', false))).toBe('body-unreadable');
    expect(code(RULE, begins)).toBe('ok');
    expect(code(RULE, { ...begins, websocket: false })).toBe('body-refused');
    expect(code(RULE, { ...begins, path: '/other' })).toBe('path-not-granted');
  });

  test('explain themselves', () => {
    const verdict = httpKind.permits(readOnly([RULE], ORIGIN), says('{"type":"admin"}'));
    expect(verdict).toMatchObject({
      reason:
        'a message over GET https://api.example.com/socket (WebSocket) is not allowed: "/type" of the message must be one of "subscribe" and "ping".',
    });
  });

  test('of alternatives go with the alternative that permits the WebSocket', () => {
    const either = [RULE, 'GET /other message /type=admin'];
    expect(code(either, says('{"type":"ping"}'))).toBe('ok');
    expect(code(either, says('{"type":"admin"}'))).toBe('body-refused');
    expect(code(either, { ...says('{"type":"admin"}'), path: '/other' })).toBe('ok');
    expect(needsMessages([readOnly(either, ORIGIN)])).toBe(true);
    expect(needsMessages([readOnly(['GET /socket'], ORIGIN)])).toBe(false);
  });

  test('are no way to a mutation where there are rules for GraphQL or for a body', () => {
    const mutation = '{"type":"subscribe","payload":{"query":"mutation { drop }"}}';
    for (const rule of [
      GRAPHQL,
      'GET /graphql body /query',
      `${GRAPHQL} message /type=subscribe`,
    ]) {
      const asked = { ...begins, path: '/graphql' };
      expect(code(rule, asked)).toBe('body-refused');
      expect(code(rule, { ...says(mutation), path: '/graphql' })).toBe('body-refused');
    }
  });

  test('are written as they are read', () => {
    const narrowing = readOnly([`${RULE} ?/id:integer only`], ORIGIN);
    expect(writeOnly(narrowing)).toEqual([
      'GET /socket message /type=subscribe|ping ?/id:integer only',
    ]);
    expect(readOnly(writeOnly(narrowing), ORIGIN)).toEqual(narrowing);
  });
});
