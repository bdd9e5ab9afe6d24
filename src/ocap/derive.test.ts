import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { PowerboxError } from '../wire/errors.ts';
import { explainVerdict, guardOf, type MethodsOf } from './derive.ts';
import { declarationOf } from './derive-declaration.ts';
import { methodsOf } from './derive-schema.ts';
import { ARGUMENT_FAULT_CHARS_MAX, DECLARATION_CHARS_MAX } from './limits.ts';
import { definePower } from './power.ts';
import { ALLOWED, refuse } from './verdict.ts';

const Place = z.strictObject({ path: z.string().min(1), depth: z.number().int().optional() });

const shelf = definePower({
  kind: 'shelf',
  summary: 'Keeps things.',
  config: z.strictObject({ root: z.string() }),
  narrowing: z.strictObject({ only: z.string() }),
  facets: {
    root: {
      read: {
        summary: 'Reads a thing.',
        args: [
          { name: 'place', schema: Place },
          { name: 'mode', schema: z.enum(['text', 'raw']).optional() },
        ],
        returns: z.union([z.string(), z.instanceof(Uint8Array)]),
      },
      write: {
        summary: 'Writes a thing. */ declare const stolen: 1; /*',
        args: [
          { name: 'path', schema: z.string() },
          { name: 'bytes', schema: z.instanceof(Uint8Array) },
        ],
        returns: z.undefined(),
      },
      open: { summary: 'Opens it.', args: [], returns: { facet: 'cursor' } },
    },
    cursor: {
      next: { summary: 'Goes on.', args: [], returns: z.array(z.string()).nullable() },
    },
  },
  concerns: (config, call: { readonly at: string }) => call.at.startsWith(config.root),
  permits: (narrowing, call) =>
    call.at === narrowing.only
      ? ALLOWED
      : refuse('narrowing-refused', `GET ${call.at} is not ${narrowing.only}.`),
  effect: () => 'read',
  describe: (call) => `GET ${call.at}`,
  callOf: (_config, { args }) => ({ at: String(args[0]) }),
  readConfig: (text) => ({ root: text }),
  describeConfig: (config) => `the shelf ${config.root}`,
  readNarrowing: ([only = '']) => ({ only }),
  describeNarrowing: (narrowing) => [narrowing.only],
  secretsOf: () => [],
});

const guard = guardOf(shelf);

function fault(facet: string, method: string, args: readonly unknown[]): PowerboxError {
  try {
    guard(facet, method, args);
  } catch (error) {
    if (PowerboxError.is(error)) return error;
    throw error;
  }
  throw new Error('It was allowed.');
}

describe('a guard', () => {
  it('passes what the schemas allow, and gives a missing argument as undefined', () => {
    expect(guard('root', 'read', [{ path: '/a' }])).toEqual([{ path: '/a' }, undefined]);
    expect(guard('root', 'read', [{ path: '/a', depth: 1 }, 'raw'])).toHaveLength(2);
    expect(guard('cursor', 'next', [])).toEqual([]);
  });

  it('says which argument is refused and why, in one sentence that repeats no value', () => {
    expect(fault('root', 'read', [{ path: 1 }])).toMatchObject({
      code: 'call-invalid',
      message:
        'Cannot call shelf read: the argument place is refused at /path: expected string, received number.',
    });
    expect(fault('root', 'read', [{ path: 'hunter2', more: 1 }]).message).toContain('"more"');
    expect(fault('root', 'read', [{ path: 'hunter2', more: 1 }]).message).not.toContain('hunter2');
    expect(fault('root', 'read', []).message).toContain('the argument place');
    expect(fault('root', 'read', [{ path: 'a' }, 'raw', 3])).toMatchObject({
      code: 'call-invalid',
      message: 'Cannot call shelf read: it takes 2 arguments, and 3 were given.',
    });
  });

  it('bounds the sentence about an argument', () => {
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`key${at}`, at]));
    const { message } = fault('root', 'read', [{ path: 'a', ...keys }]);
    expect(message.length).toBeLessThan(ARGUMENT_FAULT_CHARS_MAX + 100);
    expect(message).toContain('…');
  });

  it('knows no method but those that were declared', () => {
    for (const method of [
      'constructor',
      '__proto__',
      'then',
      'toString',
      'hasOwnProperty',
      'next',
      '',
      'read ',
    ]) {
      expect(fault('root', method, []).code).toBe('method-unknown');
    }
    for (const facet of ['constructor', '__proto__', 'other', 'toString']) {
      expect(fault(facet, 'read', [{ path: 'a' }]).code).toBe('method-unknown');
    }
    expect(fault('root', 'a\u001b[2J\n', []).message).not.toMatch(/[^\x20-\x7e]/);
  });

  it('knows no method that a caller could make up', () => {
    const names = new Set(['read', 'write', 'open']);
    fc.assert(
      fc.property(fc.string(), (method) => {
        fc.pre(!names.has(method));
        expect(fault('root', method, []).code).toBe('method-unknown');
      }),
    );
  });

  it.each(['then', 'constructor', 'toString', '__proto__', 'dup', 'map', 'a-b', 'A', ''])(
    'refuses a kind that declares the method %j',
    (method) => {
      const table = Object.fromEntries([
        [method, { summary: 'It.', args: [], returns: z.undefined() }],
      ]);
      const facets = { root: table };
      expect(() => guardOf({ kind: 'bad', facets })).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    },
  );
});

describe('the schemas of a kind', () => {
  it('describe each method with its arguments as a tuple', () => {
    const read = methodsOf(shelf).find((method) => method.name === 'read');
    expect(read).toEqual({
      facet: 'root',
      name: 'read',
      summary: 'Reads a thing.',
      args: {
        type: 'array',
        prefixItems: [
          {
            title: 'place',
            type: 'object',
            properties: {
              path: { type: 'string', minLength: 1 },
              depth: expect.objectContaining({ type: 'integer' }),
            },
            required: ['path'],
            additionalProperties: false,
          },
          { title: 'mode', type: 'string', enum: ['text', 'raw'] },
        ],
        items: false,
        minItems: 1,
        maxItems: 2,
      },
    });
    expect(methodsOf(shelf).map(({ facet, name }) => `${facet}.${name}`)).toEqual([
      'root.read',
      'root.write',
      'root.open',
      'cursor.next',
    ]);
  });
});

describe('the declaration of a kind', () => {
  const text = declarationOf(shelf, shelf.summary);

  it('is an interface for each facet, with the summaries', () => {
    expect(text).toBe(`/** Keeps things. */
interface Shelf {
  /** Reads a thing. */
  read(place: { path: string; depth?: number }, mode?: "text" | "raw"): Promise<string | Uint8Array>;
  /** Writes a thing. * / declare const stolen: 1; /* */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Opens it. */
  open(): Promise<ShelfCursor>;
}

interface ShelfCursor {
  /** Goes on. */
  next(): Promise<string[] | null>;
}
`);
  });

  it('ends at whole lines when it is too long, and where a type contains itself', () => {
    const many = Object.fromEntries(
      Array.from({ length: 2_000 }, (_, at) => [
        `method${at}`,
        { summary: 'It.', args: [], returns: z.undefined() },
      ]),
    );
    const long = declarationOf({ kind: 'long', facets: { root: many } }, 'Long.');
    expect(long.length).toBeLessThanOrEqual(DECLARATION_CHARS_MAX);
    expect(long.endsWith('\n// and more\n')).toBe(true);

    const Tree: z.ZodType = z.lazy(() => z.array(Tree));
    const put = { summary: 'It.', args: [{ name: 'tree', schema: Tree }], returns: z.undefined() };
    expect(declarationOf({ kind: 'deep', facets: { root: { put } } }, 'Deep.')).toContain(
      'unknown',
    );
  });
});

describe('the explanation of a verdict', () => {
  const config = { root: '/a' };
  it('says why it is refused, or within what it is allowed', () => {
    const explain = (only: string[], at: string): string =>
      explainVerdict(
        shelf,
        config,
        only.map((one) => ({ only: one })),
        { at },
      );
    expect(explain([], '/b')).toBe('GET /b is not allowed: it does not concern the shelf /a.');
    expect(explain(['/a', '/ab'], '/a')).toBe('GET /a is not /ab.');
    expect(explain(['/a', '/a'], '/a')).toBe(
      'GET /a is allowed by the shelf /a, within /a, then /a.',
    );
    expect(explain([], '/a')).toBe('GET /a is allowed by the shelf /a, without a rule.');
  });
});

describe('the types of a kind', () => {
  it('follow from its declaration', () => {
    type Root = MethodsOf<typeof shelf, 'root'>;
    type Cursor = MethodsOf<typeof shelf, 'cursor'>;
    expectTypeOf<Parameters<Root['read']>>().toEqualTypeOf<
      [
        argument: { path: string; depth?: number | undefined },
        argument?: 'text' | 'raw' | undefined,
      ]
    >();
    expectTypeOf<ReturnType<Root['read']>>().toEqualTypeOf<
      Promise<string | Uint8Array<ArrayBuffer>>
    >();
    expectTypeOf<ReturnType<Root['open']>>().toEqualTypeOf<Promise<Cursor>>();
    expectTypeOf<Cursor['next']>().toEqualTypeOf<() => Promise<string[] | null>>();
    expectTypeOf<keyof Root>().toEqualTypeOf<'read' | 'write' | 'open'>();
    // @ts-expect-error a facet that was not declared
    expectTypeOf<MethodsOf<typeof shelf, 'other'>>();
  });
});
