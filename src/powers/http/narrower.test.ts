import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeGrant } from '../../ocap/judge.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { couldPermit, httpKind } from './kind.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { narrowingSchema } from './narrowing-schema.ts';
import { needsBody, needsMessages } from './needs.ts';
import { readOnly } from './read-only.ts';
import { writeOnly } from './write-only.ts';

const CONFIG: HttpConfig = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
};

/** Small words, so that rules and calls often meet. */
const word = fc.constantFrom('a', 'b', 'A', 'a b', '*', '1', 'true', '"', 'é', 'x|y', '-a', '');
const few = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { maxLength: 3 });
const maybe = <T extends object>(parts: T): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(parts as unknown as Record<string, fc.Arbitrary<unknown>>, { requiredKeys: [] });
const scalar = fc.oneof(
  word,
  fc.constantFrom(0, 1, -1.5, 100, 1e21),
  fc.boolean(),
  fc.constant(null),
);
const pointer = fc.constantFrom(
  '',
  '/a',
  '/b',
  '/a/0',
  '/a/*',
  '/a/b',
  '/*/a',
  '/a~1b',
  '/A',
  '/x y',
);
const amount = fc.constantFrom(0, 1, 2, 100);

const field = fc
  .tuple(
    pointer,
    maybe({
      optional: fc.constant(true),
      absent: fc.constant(true),
      type: fc.constantFrom('string', 'number', 'integer', 'boolean', 'null', 'object', 'array'),
      value: scalar,
      enum: fc.array(scalar, { minLength: 1, maxLength: 3 }),
      min: fc.constantFrom(0, 1, -1.5, 1e21),
      max: fc.constantFrom(0, 1, 100),
      lengthMin: amount,
      lengthMax: amount,
    }),
  )
  .map(([at, rest]) => ({ at, ...rest }));

const header = fc.constantFrom('accept', 'x-a', 'x-b');
const level = maybe({
  methods: fc.constantFrom(null, ['GET'], ['POST'], ['GET', 'POST'], ['DELETE', 'POST']),
  path: fc.constantFrom(null, '/a', '/a/**', '/{v}', '/{v=a|b}/*', '/**'),
  query: fc
    .tuple(
      fc.dictionary(word, fc.option(few(word)), { maxKeys: 3 }),
      maybe({
        required: few(word.filter((w) => w !== '')),
        forbidden: few(word.filter((w) => w !== '')),
        others: fc.constant(true),
      }),
    )
    .map(([keys, rest]) => ({ keys, ...rest })),
  headers: maybe({
    values: fc.dictionary(header, few(word), { maxKeys: 2 }),
    required: few(header),
    forbidden: few(header),
    allowed: few(header),
  }),
  body: fc
    .tuple(few(field), maybe({ only: fc.constant(true) }))
    .map(([fields, rest]) => ({ fields, ...rest })),
  message: fc
    .tuple(few(field), maybe({ only: fc.constant(true) }))
    .map(([fields, rest]) => ({ fields, ...rest })),
  graphql: maybe({
    query: fc.option(few(fc.constantFrom('a', 'b'))),
    mutation: fc.option(few(fc.constantFrom('a', 'b'))),
    depthMax: amount,
    aliasesMax: amount,
  }),
  requestBytesMax: fc.constantFrom(0, 10, 100),
  responseBytesMax: fc.constantFrom(0, 10, 100),
});

/** Mostly of few parts: with all of them nothing is ever permitted. */
const sparse = fc
  .tuple(
    level,
    fc.subarray(
      ['methods', 'path', 'query', 'headers', 'body', 'message', 'graphql', 'requestBytesMax'],
      {
        maxLength: 2,
      },
    ),
  )
  .map(([all, kept]) =>
    Object.fromEntries(kept.filter((key) => key in all).map((key) => [key, all[key]])),
  );

const narrowing: fc.Arbitrary<HttpNarrowing> = fc
  .tuple(sparse, fc.option(fc.array(sparse, { minLength: 1, maxLength: 3 }), { nil: undefined }))
  .map(([top, any]) => narrowingSchema.parse(any === undefined ? top : { ...top, any }));

const json: fc.Arbitrary<string> = fc.oneof(
  fc
    .letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        scalar,
        fc.dictionary(fc.constantFrom('a', 'b', 'A', 'x y', 'a/b'), tie('value'), { maxKeys: 3 }),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    }))
    .value.map((value) => JSON.stringify(value)),
  fc
    .constantFrom('{ a }', 'mutation { b: a }', '{ a { b } }')
    .map((query) => JSON.stringify({ query })),
  fc.constantFrom('{"a":1,"a":2}', '{', '[1,]'),
);

const call: fc.Arbitrary<HttpCall> = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE'),
    path: fc.constantFrom('/a', '/b', '/a/b', '/a/b/c', '/c'),
    query: few(fc.tuple(word, word)).map((pairs) =>
      pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'),
    ),
    headers: few(fc.tuple(header, word)),
    body: fc.option(
      json.map((text) => ({ bytes: new TextEncoder().encode(text) })),
      { freq: 4 },
    ),
  })
  .chain((part) =>
    fc
      .tuple(fc.constant(part), fc.boolean(), fc.boolean(), fc.boolean())
      .map(([{ body, ...rest }, websocket, says, text]) =>
        // What would be a body is said over the WebSocket.
        websocket
          ? {
              ...rest,
              websocket,
              body: null,
              ...(says && body !== null ? { message: { text, bytes: body.bytes } } : {}),
            }
          : { ...rest, body },
      ),
  )
  .map((part) => ({
    ...part,
    scheme: 'https',
    host: 'api.example.com',
    port: 443,
    headers: [...part.headers, ['content-type', 'application/json'] as const],
  }));

const permits = (some: HttpNarrowing, asked: HttpCall): boolean =>
  httpKind.permits(some, asked).allow;

describe('only narrower', () => {
  test('a chain permits only what each of its narrowings permits', () => {
    let permitted = 0;
    fc.assert(
      fc.property(
        fc.array(narrowing, { minLength: 1, maxLength: 3 }),
        call,
        (narrowings, asked) => {
          const grant = {
            id: 'g',
            kind: 'http',
            config: CONFIG,
            narrowings,
            chain: ['g'],
            text: 'g',
            notBefore: null,
            expires: null,
            asks: false,
          };
          const whole = judgeGrant(httpKind, grant, asked, 0).allow;
          expect(whole).toBe(narrowings.every((some) => permits(some, asked)));
          permitted += Number(whole);
        },
      ),
      { seed: 31, numRuns: 1500 },
    );
    expect(permitted).toBeGreaterThan(50);
  });

  test('more parts never permit more, and more alternatives never less', () => {
    fc.assert(
      fc.property(sparse, sparse, call, (some, more, asked) => {
        const both = narrowingSchema.parse({ ...some, any: [more] });
        if (permits(both, asked)) {
          expect(permits(narrowingSchema.parse(some), asked)).toBe(true);
          expect(permits(narrowingSchema.parse(more), asked)).toBe(true);
        }
        const either = narrowingSchema.parse({ any: [some, more] });
        const each = [some, more].some((one) => permits(narrowingSchema.parse(one), asked));
        expect(permits(either, asked)).toBe(each);
      }),
      { seed: 32, numRuns: 1500 },
    );
  });

  test('a message is permitted only where its WebSocket is, and never by its bytes alone', () => {
    let permitted = 0;
    fc.assert(
      fc.property(narrowing, call, (some, asked) => {
        if (asked.message === undefined) return;
        const { message, ...begins } = asked;
        const allowed = permits(some, asked);
        permitted += Number(allowed);
        if (allowed) expect(permits(some, begins)).toBe(true);
        // Without rules for messages a WebSocket that may begin may say anything.
        if (!needsMessages([some])) expect(allowed).toBe(permits(some, begins));
        if (some.message !== undefined) expect(allowed && !message.text).toBe(false);
      }),
      { seed: 36, numRuns: 3000 },
    );
    expect(permitted).toBeGreaterThan(50);
  });

  test('a body that is not read permits nothing that it would have to be read for', () => {
    fc.assert(
      fc.property(narrowing, call, (some, { body, ...unread }) => {
        const known = permits(some, { ...unread, body: body ?? null });
        if (known && body !== null) expect(couldPermit(some, unread)).toBe(true);
        // Without the body a narrowing may only refuse more.
        if (permits(some, unread))
          expect(permits(some, { ...unread, body: body ?? null })).toBe(true);
        if (!needsBody([some])) expect(permits(some, unread)).toBe(known);
      }),
      { seed: 33, numRuns: 1500 },
    );
  });
});

describe('texts', () => {
  test('of a narrowing read back to the same data and the same verdicts', () => {
    fc.assert(
      fc.property(narrowing, call, (some, asked) => {
        const texts = writeOnly(some);
        const read = readOnly(texts, CONFIG);
        expect(httpKind.permits(read, asked)).toEqual(httpKind.permits(some, asked));
        expect(writeOnly(read)).toEqual(texts);
      }),
      { seed: 34, numRuns: 1500 },
    );
  });

  test('either read to a valid narrowing or are refused as invalid', () => {
    const piece = fc.constantFrom(
      'GET',
      '/a',
      '/{v}',
      'v=a',
      'query',
      'header',
      'body',
      'message',
      'graphql',
      'a=b',
      '+a',
      '-a',
      '?/a',
      '/a<=5',
      '/b="x y"',
      'only',
      '...',
      'request<=5',
      'query=a',
      'depth<=2',
      '"',
      '{"path":"/x"}',
      '*',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        try {
          const read = readOnly([pieces.join(' ')], CONFIG);
          expect(narrowingSchema.safeParse(read).success).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'narrowing-invalid' });
        }
      }),
      { seed: 35, numRuns: 1500 },
    );
  });
});
