import { listWords, shorten } from '../../policy/quote.ts';
import { InexactNumber } from './exact-number.ts';

export type JsonScalar = string | number | boolean | null;

export type JsonType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'object' | 'array';

/** What a JSON value must be; every part that is there must hold. */
export interface ValueRule {
  readonly type?: JsonType;
  readonly value?: JsonScalar;
  readonly enum?: readonly JsonScalar[];
  /** Of a number, both included. */
  readonly min?: number;
  readonly max?: number;
  /** Of a string in code points, of an array in items, both included. */
  readonly lengthMin?: number;
  readonly lengthMax?: number;
}

/** A clause such as "must be 100 at most"; it never shows the value. */
export function faultOfValue(rule: ValueRule, value: unknown): string | null {
  if (rule.type !== undefined && !isOfType(rule.type, value)) return `must be of type ${rule.type}`;
  if (rule.value !== undefined && value !== rule.value) return `must be ${shown(rule.value)}`;
  if (rule.enum !== undefined && !(rule.enum as readonly unknown[]).includes(value)) {
    return `must be one of ${shorten(listWords(rule.enum.map(shown)))}`;
  }
  return faultOfRange(rule, value) ?? faultOfLength(rule, value);
}

function faultOfRange({ min, max }: ValueRule, value: unknown): string | null {
  if (min === undefined && max === undefined) return null;
  if (value instanceof InexactNumber) return 'has more digits than every reader keeps';
  if (typeof value !== 'number') return 'must be a number';
  if (min !== undefined && !(value >= min)) return `must be ${min} or more`;
  if (max !== undefined && !(value <= max)) return `must be ${max} or less`;
  return null;
}

function faultOfLength({ lengthMin, lengthMax }: ValueRule, value: unknown): string | null {
  if (lengthMin === undefined && lengthMax === undefined) return null;
  const length = lengthOf(value);
  if (length === null) return 'must be a string or a list';
  if (lengthMin !== undefined && !(length >= lengthMin))
    return `must have ${lengthMin} characters or items at least`;
  if (lengthMax !== undefined && !(length <= lengthMax))
    return `must have ${lengthMax} characters or items at most`;
  return null;
}

function lengthOf(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== 'string') return null;
  let length = 0;
  for (const _ of value) length += 1;
  return length;
}

function isOfType(type: JsonType, value: unknown): boolean {
  switch (type) {
    case 'number':
      return typeof value === 'number' || value instanceof InexactNumber;
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return (
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        !(value instanceof InexactNumber)
      );
    case 'string':
    case 'boolean':
      return typeof value === type;
    default:
      return false;
  }
}

function shown(value: JsonScalar): string {
  return shorten(JSON.stringify(value));
}
