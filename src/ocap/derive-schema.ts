import { z } from 'zod';
import type { Declared } from './derive.ts';
import type { MethodDefinition } from './power.ts';

/** A method as a client, a form or a model is told of it. */
export interface MethodInfo {
  readonly facet: string;
  readonly name: string;
  readonly summary: string;
  /** JSON Schema (draft 2020-12) of the arguments, as a tuple; each item has its name as title. */
  readonly args: JsonSchema;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Marks of what JSON Schema has no word for. */
export const BYTES: JsonSchema = Object.freeze({ type: 'string', format: 'binary' });
export const CALLBACK: JsonSchema = Object.freeze({ format: 'callback' });

export function methodsOf(definition: Declared): readonly MethodInfo[] {
  return Object.entries(definition.facets).flatMap(([facet, methods]) =>
    Object.entries(methods).map(([name, declared]) => ({
      facet,
      name,
      summary: declared.summary,
      args: argumentsSchema(declared),
    })),
  );
}

/** Arguments that may be left out are those after the last that may not. */
export function argumentsSchema(declared: MethodDefinition): JsonSchema {
  const [first, ...rest] = declared.args.map((arg) => arg.schema);
  const required = declared.args.findLastIndex((arg) => !arg.schema.safeParse(undefined).success);
  const schema =
    first === undefined
      ? { type: 'array' }
      : withoutDialect(schemaOf(z.tuple([first, ...rest]), 'input'));
  const { minItems: _, ...tuple } = schema;
  const bounds = { items: false, minItems: required + 1, maxItems: declared.args.length };
  return { ...titled(tuple, declared), ...bounds };
}

/** A tuple has no names for its items; the title of each is the argument's. */
function titled(tuple: JsonSchema, { args }: MethodDefinition): JsonSchema {
  const { prefixItems } = tuple;
  if (!Array.isArray(prefixItems)) return tuple;
  const items = prefixItems.map((item: JsonSchema, index) => ({
    title: args[index]?.name,
    ...item,
  }));
  return { ...tuple, prefixItems: items };
}

export function resultSchema(schema: z.ZodType): JsonSchema {
  return withoutDialect(schemaOf(schema, 'output'));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type !== 'custom') return;
      Object.assign(jsonSchema, markOf(zodSchema));
    },
  });
}

/** A schema made of a function says nothing of itself, so it is asked. */
function markOf(schema: z.core.$ZodType): JsonSchema {
  const takes = (value: unknown): boolean => z.safeParse(schema, value).success;
  if (takes({})) return {};
  if (takes(new Uint8Array())) return BYTES;
  if (takes(() => undefined)) return CALLBACK;
  return {};
}

function withoutDialect(schema: JsonSchema): JsonSchema {
  const { $schema: _, ...rest } = schema;
  return rest;
}
