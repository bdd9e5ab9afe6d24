import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { TEXT_CHARS_MAX } from '../words/limits.ts';
import type { WordsCode } from '../words/words.ts';

/** A piece of a word: characters that mean themselves, or one that was written without quotes. */
export type Piece =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'mark'; readonly mark: '*' | '|' | '<' };

export type Token = readonly Piece[];

/**
 * Cuts a command line into words as a person writes them: spaces between, quotes around what holds
 * one (`'…'` as it is, `"…"` as in JSON). `*`, `|` and `<` without quotes are marks; a backslash,
 * `$` and all else that a shell would act on mean themselves, as there is no shell. Throws `code`.
 */
export function readTokens(text: string, code: WordsCode): readonly Token[] {
  if (text.length > TEXT_CHARS_MAX)
    throw fault(text, code, `more than ${TEXT_CHARS_MAX} characters`);
  const tokens: Piece[][] = [];
  const pattern = /\s+|'([^']*)'|"((?:[^"\\]|\\.)*)"|([*|<])|([^\s'"*|<]+)/y;
  let word: Piece[] | null = null;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw fault(text, code, `a quote without its end at character ${at + 1}`);
    const [, single, double, mark, bare] = match;
    const plain =
      single ?? bare ?? (double === undefined ? undefined : unquote(text, double, code));
    if (plain === undefined && mark === undefined) {
      word = null;
      continue;
    }
    if (word === null) {
      word = [];
      tokens.push(word);
    }
    if (plain !== undefined) word.push({ type: 'text', text: plain });
    else word.push({ type: 'mark', mark: mark as '*' | '|' | '<' });
  }
  return tokens;
}

/** The text of a word without marks, or null. */
export function plainText(token: Token): string | null {
  const texts = token.map((piece) => (piece.type === 'text' ? piece.text : null));
  return texts.includes(null) ? null : texts.join('');
}

/** Is the word these marks and nothing else? */
export function isMarks(token: Token, marks: string): boolean {
  const written = token.map((piece) => (piece.type === 'mark' ? piece.mark : ' ')).join('');
  return written === marks;
}

/** A text as one word. */
export function writeToken(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./^~#{}[\]!?&;$()-]+$/.test(text) ? text : JSON.stringify(text);
}

function unquote(text: string, inside: string, code: WordsCode): string {
  try {
    return JSON.parse(`"${inside}"`) as string;
  } catch {
    throw fault(text, code, 'a text in double quotes that is not as in JSON');
  }
}

function fault(text: string, code: WordsCode, what: string): PowerboxError {
  return new PowerboxError(code, `Cannot read the words ${quote(text)}: there is ${what}.`);
}
