import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { RULE_CHARS_MAX } from './limits.ts';

export type Token =
  | { readonly type: 'word'; readonly text: string; readonly quoted: boolean }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'number'; readonly text: string }
  | { readonly type: 'sign'; readonly text: string }
  | { readonly type: 'end'; readonly text: '' };

/** Where a reader is in the tokens of one rule. */
export interface Reader {
  peek(): Token;
  next(): Token;
  /** Takes the word or sign when it comes next. */
  take(text: string): boolean;
  expect(text: string): void;
  fail(because: string): PowerboxError;
}

const TOKEN =
  /\s*(?:(?<word>[A-Za-z_][A-Za-z0-9_]*)|"(?<name>(?:[^"]|"")*)"|'(?<text>(?:[^']|'')*)'|(?<number>-?\d+(?:\.\d+)?(?:e[+-]?\d+)?[a-z]*)|(?<sign><=|>=|<>|!=|[=<>(),.*:])|(?<end>$))/giuy;

export function readTokens(rule: string): Reader {
  const fail = (because: string): PowerboxError =>
    new PowerboxError('narrowing-invalid', `Cannot read the rule ${quote(rule)}: ${because}.`);
  if (rule.length > RULE_CHARS_MAX) throw fail(`it is longer than ${RULE_CHARS_MAX} characters`);
  const tokens = [...tokensOf(rule, fail)];
  let at = 0;
  const peek = (): Token => tokens[Math.min(at, tokens.length - 1)] ?? { type: 'end', text: '' };
  const take = (text: string): boolean => {
    const token = peek();
    const isWord = token.type === 'word' && !token.quoted && token.text.toLowerCase() === text;
    if (!isWord && !(token.type === 'sign' && token.text === text)) return false;
    at += 1;
    return true;
  };
  return {
    peek,
    next() {
      const token = peek();
      at += 1;
      return token;
    },
    take,
    expect(text) {
      if (!take(text)) throw fail(`"${text}" is missing before ${describe(peek())}`);
    },
    fail,
  };
}

function describe(token: Token): string {
  return token.type === 'end' ? 'its end' : quote(token.text);
}

function* tokensOf(rule: string, fail: (because: string) => PowerboxError): Generator<Token> {
  const pattern = new RegExp(TOKEN);
  for (;;) {
    const place = pattern.lastIndex;
    const groups = pattern.exec(rule)?.groups;
    if (groups === undefined)
      throw fail(`${quote(rule.slice(place).trimStart())} has no meaning here`);
    if (groups.word !== undefined) yield { type: 'word', text: groups.word, quoted: false };
    else if (groups.name !== undefined) {
      yield { type: 'word', text: groups.name.replaceAll('""', '"'), quoted: true };
    } else if (groups.text !== undefined) {
      yield { type: 'text', text: groups.text.replaceAll("''", "'") };
    } else if (groups.number !== undefined) yield { type: 'number', text: groups.number };
    else if (groups.sign !== undefined) yield { type: 'sign', text: groups.sign };
    else {
      yield { type: 'end', text: '' };
      return;
    }
  }
}
