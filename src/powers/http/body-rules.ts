import { quote } from '../../policy/quote.ts';
import { InexactNumber } from './exact-number.ts';
import { EACH, indexOf, isIndex, type Pointer, parsePointer } from './json-pointer.ts';
import { POINTER_VALUES_MAX } from './limits.ts';
import { looseKey, type Objection, object } from './refusal.ts';
import { faultOfValue, type ValueRule } from './value-rule.ts';

export interface BodyRules {
  readonly fields: readonly FieldRule[];
  /** May nothing be in the body but what the fields name? Left out: no. */
  readonly only?: boolean;
}

/** What is at a place must be there and keep every part of the rule. */
export interface FieldRule extends ValueRule {
  /** JSON Pointer (RFC 6901); a token `*` stands for each item or member. */
  readonly at: string;
  /** It may also not be there. */
  readonly optional?: boolean;
  /** It must not be there; nothing else of the rule is looked at. */
  readonly absent?: boolean;
}

/** What rules are for, in the words of a refusal. */
type Noun = 'body' | 'message';

/** One walk through a body. */
interface Walk {
  readonly noun: Noun;
  readonly rule: FieldRule;
  readonly pointer: Pointer;
  left: number;
}

const pointers = new WeakMap<FieldRule, Pointer | null>();

/** The keys of an object by their loose form. */
const spellings = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();

export function judgeBody(rules: BodyRules, value: unknown, noun: Noun = 'body'): Objection | null {
  for (const rule of rules.fields) {
    const pointer = pointerOf(rule);
    if (pointer === null) return refused(`the rule for ${quote(rule.at)} cannot be read`);
    const fault = walk({ noun, rule, pointer, left: POINTER_VALUES_MAX }, value, 0);
    if (fault !== null) return fault;
  }
  if (rules.only !== true) return null;
  const named = rules.fields
    .filter((rule) => rule.absent !== true)
    .map((rule) => pointerOf(rule) ?? []);
  return unnamed({ noun, named }, value, 0, '');
}

/** First tokens of the places that the rules name: what a query must not name once more. */
export function firstTokens(rules: BodyRules): readonly string[] {
  return rules.fields.flatMap((rule) => pointerOf(rule)?.slice(0, 1) ?? []);
}

function pointerOf(rule: FieldRule): Pointer | null {
  let pointer = pointers.get(rule);
  if (pointer === undefined) {
    pointer = parsePointer(rule.at);
    pointers.set(rule, pointer);
  }
  return pointer;
}

function walk(state: Walk, value: unknown, level: number): Objection | null {
  const { noun, rule, pointer } = state;
  state.left -= 1;
  if (state.left < 0) return refused(`the ${noun} has too many values at ${quote(rule.at)}`);
  const token = pointer[level];
  if (token === undefined) {
    if (rule.absent === true) return refused(`the ${noun} may have nothing at ${quote(rule.at)}`);
    const fault = faultOfValue(rule, value);
    return fault === null ? null : refused(`${place(rule)} of the ${noun} ${fault}`);
  }
  if (typeof value !== 'object' || value === null || value instanceof InexactNumber)
    return missing(state);
  if (token === EACH) {
    for (const item of Array.isArray(value) ? value : Object.values(value)) {
      const fault = walk(state, item, level + 1);
      if (fault !== null) return fault;
    }
    return null;
  }
  if (Array.isArray(value)) {
    const index = indexOf(token, value.length);
    if (index !== null) return walk(state, value[index], level + 1);
    // A list where one thing is expected is a batch to some servers, with a field in each item.
    return isIndex(token)
      ? missing(state)
      : refused(`the ${noun} has a list above ${quote(rule.at)}`);
  }
  const other = otherSpelling(value, token);
  if (other !== null) {
    return refused(
      `the ${noun} has the key ${quote(other)}, which may be read as ${quote(rule.at)}`,
    );
  }
  if (!Object.hasOwn(value, token)) return missing(state);
  return walk(state, (value as Readonly<Record<string, unknown>>)[token], level + 1);
}

function missing({ noun, rule }: Walk): Objection | null {
  if (rule.optional === true || rule.absent === true) return null;
  return refused(`the ${noun} must have ${quote(rule.at)}`);
}

/** A key that is not the token, but that a lax reader may take for it. */
function otherSpelling(value: object, token: string): string | null {
  let known = spellings.get(value);
  if (known === undefined) {
    const made = new Map<string, string[]>();
    for (const key of Object.keys(value)) {
      const loose = looseKey(key);
      const same = made.get(loose);
      if (same === undefined) made.set(loose, [key]);
      else same.push(key);
    }
    known = made;
    spellings.set(value, known);
  }
  return known.get(looseKey(token))?.find((key) => key !== token) ?? null;
}

/** The first place of the body that no pointer names, or leads to, or lies below. */
function unnamed(
  { noun, named }: { readonly noun: Noun; readonly named: readonly Pointer[] },
  value: unknown,
  level: number,
  path: string,
): Objection | null {
  if (named.some((pointer) => pointer.length === level)) return null;
  if (typeof value !== 'object' || value === null || value instanceof InexactNumber) {
    return refused(`the grant does not name ${quote(path)} of the ${noun}`);
  }
  for (const [key, item] of Object.entries(value)) {
    const next = named.filter(({ [level]: token }) => token === EACH || token === key);
    const below = `${path}/${key}`;
    const fault =
      next.length === 0
        ? refused(`the grant does not name ${quote(below)} of the ${noun}`)
        : unnamed({ noun, named: next }, item, level + 1, below);
    if (fault !== null) return fault;
  }
  return null;
}

function place(rule: FieldRule): string {
  return rule.at === '' ? 'the whole' : quote(rule.at);
}

function refused(reason: string): Objection {
  return object('body-refused', reason);
}
