import { type Dialect, foldName } from './dialect.ts';
import { PREDICATE_DEPTH_MAX } from './limits.ts';
import { COMPARISONS, type Comparison, type Predicate } from './predicate.ts';
import type { Reader } from './rule-tokens.ts';

/** Values for `:name` in a rule that is written as JSON. */
export type Vars = Readonly<Record<string, string | number | boolean>>;

/** `tenant_id = 42 and (state = 'open' or owner is null)`. */
export function readPredicate(reader: Reader, dialect: Dialect, vars: Vars): Predicate {
  return readAny({ reader, dialect, vars }, 0);
}

interface Place {
  readonly reader: Reader;
  readonly dialect: Dialect;
  readonly vars: Vars;
}

function readAny(place: Place, depth: number): Predicate {
  if (depth > PREDICATE_DEPTH_MAX) throw place.reader.fail('it nests too deep');
  const parts = [readAll(place, depth)];
  while (place.reader.take('or')) parts.push(readAll(place, depth));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { any: parts };
}

function readAll(place: Place, depth: number): Predicate {
  const parts = [readNot(place, depth)];
  while (place.reader.take('and')) parts.push(readNot(place, depth));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { all: parts };
}

function readNot(place: Place, depth: number): Predicate {
  if (place.reader.take('not')) {
    place.reader.expect('(');
    const inside = readAny(place, depth + 1);
    place.reader.expect(')');
    return { not: inside };
  }
  if (place.reader.take('(')) {
    const inside = readAny(place, depth + 1);
    place.reader.expect(')');
    return inside;
  }
  return readComparison(place);
}

function readComparison(place: Place): Predicate {
  const { reader, dialect } = place;
  const column = readName(reader, dialect, 'a column');
  if (reader.take('is')) {
    const not = reader.take('not');
    reader.expect('null');
    return { column, null: !not };
  }
  if (reader.take('in')) {
    reader.expect('(');
    const values = [readConstant(place)];
    while (reader.take(',')) values.push(readConstant(place));
    reader.expect(')');
    return { column, in: values };
  }
  const sign = reader.next();
  const is = sign.text === '!=' ? '<>' : sign.text;
  if (sign.type !== 'sign' || !COMPARISONS.includes(is as Comparison)) {
    throw reader.fail('after a column comes =, <>, <, <=, >, >=, in or is');
  }
  return { column, is: is as Comparison, value: readConstant(place) };
}

/** A name without quotes is folded as the database folds it: to lower case in both. */
export function readName(reader: Reader, dialect: Dialect, what: string): string {
  const token = reader.next();
  if (token.type !== 'word' || token.text === '') throw reader.fail(`${what} is missing`);
  return token.quoted ? foldName(dialect, token.text) : token.text.toLowerCase();
}

function readConstant({ reader, vars }: Place): string | number | boolean {
  if (reader.take(':')) {
    const name = reader.next();
    const value =
      name.type === 'word' && Object.hasOwn(vars, name.text) ? vars[name.text] : undefined;
    if (value === undefined) throw reader.fail(`there is no value for :${name.text}`);
    return value;
  }
  if (reader.take('true')) return true;
  if (reader.take('false')) return false;
  const token = reader.next();
  if (token.type === 'text') return token.text;
  const value = token.type === 'number' ? Number(token.text) : Number.NaN;
  // Digits that a double does not hold would make it another number.
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
    throw reader.fail('a column is compared with a number, a text in single quotes, true or false');
  }
  return value;
}
