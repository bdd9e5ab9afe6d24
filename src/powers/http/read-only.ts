import { canonicalPath } from '../../policy/path.ts';
import { compilePathPattern } from '../../policy/path-pattern.ts';
import { legible, quote } from '../../policy/quote.ts';
import { originText, parseRule } from '../../policy/rule.ts';
import { parseStrictJson } from '../../policy/strict-json.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpConfig } from './config.ts';
import { ALTERNATIVES_MAX, BODY_DEPTH_MAX, NARROWING_CHARS_MAX, ONLY_CHARS_MAX } from './limits.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { narrowingSchema } from './narrowing-schema.ts';
import { CLAUSES, type ClauseName, readSize } from './only-clauses.ts';
import { onlyFault, splitTexts, splitWords, type Word } from './only-words.ts';

/**
 * Reads the texts of `--only`; what any of them allows is allowed. A text is
 *
 *     [METHOD[,METHOD]] [PATH or ORIGIN/PATH] [VARIABLE=VALUE|VALUE …] [CLAUSE …]
 *
 * with clauses that begin with a word of their own:
 *
 *     query    KEY=* KEY=A|B +KEY=… (must be there) -KEY (must not) ... (others may be there too)
 *     header   NAME=A|B +NAME -NAME only (no header that is not named)
 *     body     POINTER ?POINTER (may be missing) -POINTER (must not be there) only, a POINTER
 *              with any of =A|B :TYPE >=N <=N #>=N #<=N behind it
 *     message  the same for each message that is sent over a WebSocket
 *     graphql  query=FIELD|FIELD mutation=* subscription=* depth<=N aliases<=N
 *     request<=SIZE response<=SIZE
 *
 * or the JSON text of the whole narrowing. Names and values with other characters are JSON strings.
 */
export function readOnly(texts: readonly string[], config: HttpConfig): HttpNarrowing {
  if (texts.length === 0) throw onlyFault('', 'there is none');
  if (texts.length > ALTERNATIVES_MAX) {
    throw onlyFault(texts[0] ?? '', `there are more than ${ALTERNATIVES_MAX} of them`);
  }
  const read = texts.map((text) => readOne(text, config));
  const [first] = read;
  if (read.length === 1 && first !== undefined) return first;
  return checked({ methods: null, path: null, any: read }, texts.join(' or '));
}

function readOne(text: string, config: HttpConfig): HttpNarrowing {
  const isJson = text.startsWith('{');
  const max = isJson ? NARROWING_CHARS_MAX : ONLY_CHARS_MAX;
  if (text.length > max) throw onlyFault(text, `it is longer than ${max} characters`);
  return checked(isJson ? readJson(text) : readWords(text, config), text);
}

function readJson(text: string): unknown {
  const json = parseStrictJson(text, { depthMax: BODY_DEPTH_MAX, wellFormed: true });
  if (json.ok) return json.value;
  throw onlyFault(text, json.reason, json.line === 1 ? json.column : undefined);
}

function checked(narrowing: unknown, text: string): HttpNarrowing {
  const result = narrowingSchema.safeParse(narrowing);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw onlyFault(text, legible(`${where}${issue?.message ?? 'it is malformed'}`));
}

function readWords(text: string, config: HttpConfig): unknown {
  const words = splitWords(text);
  const first = words.findIndex(({ text: word }) => clauseOf(word) !== null);
  const place = first === -1 ? words : words.slice(0, first);
  const narrowing: Record<string, unknown> = { ...readPlace(text, place, config) };
  let at = place.length;
  while (at < words.length) {
    const word = words[at] as Word;
    const clause = clauseOf(word.text);
    if (clause === null) throw onlyFault(text, `${quote(word.text)} begins no clause`, word.column);
    let end = at + 1;
    if (clause !== 'size') {
      while (end < words.length && clauseOf((words[end] as Word).text) === null) end += 1;
    }
    const [name, value] =
      clause === 'size'
        ? readSize(text, word)
        : ([NAMES[clause], CLAUSES[clause](text, words.slice(at, end))] as const);
    if (Object.hasOwn(narrowing, name)) {
      throw onlyFault(text, `${quote(word.text)} is there twice`, word.column);
    }
    narrowing[name] = value;
    at = end;
  }
  return narrowing;
}

const NAMES: Readonly<Record<ClauseName, string>> = {
  query: 'query',
  header: 'headers',
  body: 'body',
  message: 'message',
  graphql: 'graphql',
};

function clauseOf(word: string): ClauseName | 'size' | null {
  if (/^(?:request|response)<=/.test(word)) return 'size';
  return Object.hasOwn(CLAUSES, word) ? (word as ClauseName) : null;
}

/** Methods, path and variables: what stands before the first clause. */
function readPlace(
  text: string,
  words: readonly Word[],
  config: HttpConfig,
): Pick<HttpNarrowing, 'methods' | 'path' | 'variables'> {
  const rest = [...words];
  const methods = /^[A-Z][A-Z0-9_,-]*$/.test(rest[0]?.text ?? '') ? rest.shift() : undefined;
  const isPin = ({ text: word }: Word): boolean => /^[A-Za-z_][A-Za-z0-9_-]*=/.test(word);
  const where = rest[0] === undefined || isPin(rest[0]) ? undefined : rest.shift();
  const odd = rest.find((word) => !isPin(word));
  if (odd !== undefined) throw onlyFault(text, `${quote(odd.text)} is not expected`, odd.column);
  const named = readPlaceOf(text, methods, where, config);
  return rest.length === 0 ? named : { ...named, variables: readPins(text, rest) };
}

function readPlaceOf(
  text: string,
  methods: Word | undefined,
  where: Word | undefined,
  config: HttpConfig,
): Pick<HttpNarrowing, 'methods' | 'path'> {
  // A path alone, and methods alone, are read as a rule for the power's own origin has them.
  const inOrigin = where === undefined || where.text.startsWith('/');
  const origin = inOrigin ? 'https://placeholder.invalid' : '';
  const rule = `${methods === undefined ? '' : `${methods.text} `}${origin}${where?.text ?? ''}`;
  try {
    const { config: named, narrowing } = parseRule(rule, { isPublicSuffix: () => false });
    if (!inOrigin && originText(named) !== originText(config)) {
      throw onlyFault(text, `the power is for ${originText(config)}`, where?.column);
    }
    return narrowing;
  } catch (error) {
    if (!PowerboxError.is(error) || error.code !== 'rule-invalid') throw error;
    throw onlyFault(text, reasonOf(where, methods) ?? 'its methods, origin or path are malformed');
  }
}

/** What is wrong with a path or a list of methods, in the words of whoever reads them. */
function reasonOf(where: Word | undefined, methods: Word | undefined): string | null {
  if (where?.text.startsWith('/') === true) {
    const compiled = compilePathPattern(where.text);
    if (!compiled.ok) return compiled.reason;
  }
  return methods === undefined ? null : `${quote(methods.text)} is no list of methods`;
}

function readPins(
  text: string,
  words: readonly Word[],
): Readonly<Record<string, readonly string[]>> {
  const pins: Record<string, readonly string[]> = {};
  for (const word of words) {
    const equals = word.text.indexOf('=');
    const name = word.text.slice(0, equals);
    const values = splitTexts(word.text.slice(equals + 1))?.map(canonicalValue) ?? null;
    if (
      values === null ||
      values.includes(null) ||
      Object.hasOwn(pins, name) ||
      name === '__proto__'
    ) {
      throw onlyFault(text, `${quote(word.text)} does not pin a variable, once`, word.column);
    }
    pins[name] = values as string[];
  }
  return pins;
}

/** A value as a canonical path has it; null when no segment can be it. */
function canonicalValue(value: string): string | null {
  const canonical = canonicalPath(`/${value}`);
  if (!canonical.ok || canonical.query !== '' || value.includes('?')) return null;
  const segment = canonical.path.slice(1);
  return segment === '' || segment.includes('/') ? null : segment;
}
