import type { z } from 'zod';
import { quote, shorten } from './quote.ts';

export type Pointer = readonly PropertyKey[];

/** Where a value is not as it should be, and what is wrong with it. */
export interface SchemaFault {
  readonly path: Pointer;
  /** A clause: lower-case, no full stop. */
  readonly reason: string;
}

/** One fault in our words: zod's may repeat values, and speaks of itself. */
export function explainIssue(issue: z.core.$ZodIssue | undefined, value: unknown): SchemaFault {
  if (issue === undefined) return { path: [], reason: 'it is not as it should be' };
  const { path } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return { path: [...path, issue.keys[0] ?? ''], reason: 'there is no such key' };
    case 'invalid_union':
      return explainUnion(issue, valueAt(value, path), value);
    case 'invalid_type': {
      const missing = valueAt(value, path) === undefined;
      return { path, reason: missing ? 'it is missing' : `it must be of type ${issue.expected}` };
    }
    case 'invalid_value': {
      if (valueAt(value, path) === undefined) return { path, reason: 'it is missing' };
      return { path, reason: `it must be ${issue.values.map(String).join(' or ')}` };
    }
    case 'too_big':
      return { path, reason: explainTooBig(path, issue.maximum) };
    case 'too_small':
      return { path, reason: `it is smaller or shorter than ${issue.minimum}` };
    case 'invalid_key':
      return { path, reason: `a name ${nameRule(path)}` };
    default:
      return { path, reason: 'it is not written as it should be' };
  }
}

function explainTooBig(path: Pointer, maximum: number | bigint): string {
  if (path.at(-1) === 'builtins') {
    return "no compartment has a module of Node's; give it a power that does what it needs";
  }
  return `it is larger or longer than ${maximum}`;
}

function nameRule(path: Pointer): string {
  if (path[0] !== 'compartments') return 'has letters, digits and underscores only';
  return path.length === 2
    ? 'of a compartment has letters, digits, ".", "_" and "-", and begins with a letter or digit'
    : 'of a power is one that code can write';
}

/** Of a power that is neither text nor object, the branch of its own type explains. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  entry: unknown,
  whole: unknown,
): SchemaFault {
  const branch = issue.errors[typeof entry === 'string' ? 0 : 1]?.[0];
  if (branch === undefined || (branch.code === 'invalid_type' && branch.path.length === 0)) {
    const key = issue.path[0] === 'compartments' ? 'power' : 'http';
    const text = key === 'power' ? 'the words of a power' : 'a rule';
    return { path: issue.path, reason: `it must be ${text} or an object with the key "${key}"` };
  }
  return explainIssue({ ...branch, path: [...issue.path, ...branch.path] }, whole);
}

function valueAt(value: unknown, path: Pointer): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );
}

/** The JSON pointer (RFC 6901) of a place, on one harmless line. */
export function pointer(path: Pointer): string {
  if (path.length === 0) return 'the whole';
  const steps = path.map((step) => String(step).replaceAll('~', '~0').replaceAll('/', '~1'));
  // Keys are foreign text: quoted without the quotes, they stay one harmless line.
  return quote(shorten(`/${steps.join('/')}`)).slice(1, -1);
}
