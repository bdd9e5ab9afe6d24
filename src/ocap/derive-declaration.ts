import { z } from 'zod';
import type { Declared } from './derive.ts';
import { argumentsSchema, type JsonSchema, resultSchema } from './derive-schema.ts';
import { DECLARATION_CHARS_MAX, DECLARATION_DEPTH_MAX } from './limits.ts';
import type { MethodDefinition } from './power.ts';

/**
 * TypeScript declarations of a kind, for a model or an editor: an interface for each facet, its
 * methods with their summaries. Where a type is too deep or too long to be of use it is `unknown`.
 */
export function declarationOf(definition: Declared, summary: string): string {
  const interfaces = Object.entries(definition.facets).map(([facet, methods]) => {
    const lines = Object.entries(methods).map(([name, declared]) => {
      const signature = `${name}(${parametersOf(declared)}): ${resultOf(definition, declared)};`;
      return `  ${comment(declared.summary)}\n  ${signature}`;
    });
    const about = facet === 'root' ? `${comment(summary)}\n` : '';
    return `${about}interface ${facetName(definition.kind, facet)} {\n${lines.join('\n')}\n}\n`;
  });
  return bounded(interfaces.join('\n'), '// and more\n');
}

/** Whole lines only, so that what is left can still be read. */
function bounded(text: string, rest: string): string {
  if (text.length <= DECLARATION_CHARS_MAX) return text;
  const cut = text.lastIndexOf('\n', DECLARATION_CHARS_MAX - rest.length - 1);
  return `${text.slice(0, cut + 1)}${rest}`;
}

/** What its declarations call a facet. */
export function facetName(kind: string, facet: string): string {
  const words = facet === 'root' ? [kind] : [kind, facet];
  return words
    .flatMap((word) => word.split(/[^A-Za-z0-9]+/))
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}

/** The end of a comment within one would let a summary declare something. */
export function comment(text: string): string {
  return `/** ${text.replace(/\*\//g, '* /').replace(/\s+/g, ' ')} */`;
}

function parametersOf(declared: MethodDefinition): string {
  const schema = argumentsSchema(declared);
  const items = Array.isArray(schema.prefixItems) ? (schema.prefixItems as JsonSchema[]) : [];
  const required = Number(schema.minItems);
  return items
    .map((item, index) => {
      const name = identifier(declared.args[index]?.name ?? `argument${index}`);
      return `${name}${index < required ? '' : '?'}: ${typeText(item, schema, 0)}`;
    })
    .join(', ');
}

function identifier(name: string): string {
  return name.replace(/[^A-Za-z0-9_$]/g, '_').replace(/^(?=\d)/, '_');
}

function resultOf(definition: Declared, declared: MethodDefinition): string {
  const { returns } = declared;
  if (!isSchema(returns)) return `Promise<${facetName(definition.kind, returns.facet)}>`;
  const schema = resultSchema(returns);
  const isNothing = returns.safeParse(undefined).success && !returns.safeParse(null).success;
  const text = isNothing && Object.keys(schema).length === 0 ? 'void' : typeText(schema, schema, 0);
  return `Promise<${text}>`;
}

function isSchema(returns: MethodDefinition['returns']): returns is z.ZodType {
  return returns instanceof z.ZodType;
}

/** `root` is where references within the schema begin. */
function typeText(schema: unknown, root: JsonSchema, depth: number): string {
  if (!isObject(schema) || depth > DECLARATION_DEPTH_MAX) return 'unknown';
  const inner = (part: unknown): string => typeText(part, root, depth + 1);
  if (typeof schema.$ref === 'string') return inner(resolve(schema.$ref, root));
  if ('const' in schema) return literal(schema.const);
  if (Array.isArray(schema.enum)) return union(schema.enum.map(literal));
  const choices = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(choices)) return union(choices.map(inner));
  if (Array.isArray(schema.allOf)) return schema.allOf.map(inner).join(' & ') || 'unknown';
  if (schema.format === 'callback') return '(...args: unknown[]) => unknown';
  switch (schema.type) {
    case 'string':
      return schema.format === 'binary' ? 'Uint8Array' : 'string';
    case 'number':
    case 'integer':
      return 'number';
    case 'boolean':
    case 'null':
      return schema.type;
    case 'array':
      return arrayText(schema, inner);
    case 'object':
      return objectText(schema, inner);
    default:
      return 'unknown';
  }
}

type Inner = (part: unknown) => string;

function arrayText(schema: JsonSchema, inner: Inner): string {
  if (Array.isArray(schema.prefixItems)) return `[${schema.prefixItems.map(inner).join(', ')}]`;
  const item = inner(schema.items);
  return /[ |&]/.test(item) ? `Array<${item}>` : `${item}[]`;
}

function objectText(schema: JsonSchema, inner: Inner): string {
  const properties = isObject(schema.properties) ? Object.entries(schema.properties) : [];
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const fields = properties.map(([name, part]) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
    return `${key}${required.has(name) ? '' : '?'}: ${inner(part)}`;
  });
  if (isObject(schema.additionalProperties)) {
    const value = inner(schema.additionalProperties);
    return fields.length === 0 ? `Record<string, ${value}>` : `{ ${fields.join('; ')} }`;
  }
  return fields.length === 0 ? 'Record<string, never>' : `{ ${fields.join('; ')} }`;
}

/** `#` and `#/$defs/NAME`, which are all that a schema of one value refers to. */
function resolve(reference: string, root: JsonSchema): unknown {
  const [, area, name] = reference.split('/');
  if (area === undefined) return root;
  const table = root[area];
  return isObject(table) && name !== undefined && Object.hasOwn(table, name) ? table[name] : null;
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ') || 'never';
}

function literal(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'unknown' : JSON.stringify(value);
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
