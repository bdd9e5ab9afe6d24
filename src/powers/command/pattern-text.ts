import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { TEXT_CHARS_MAX } from '../words/limits.ts';
import { checkTexts } from '../words/words.ts';
import { PATTERN_WORDS_MAX } from './limits.ts';
import type { Alternative, CommandNarrowing, CommandRule } from './rule.ts';
import { isMarks, type Piece, readTokens, type Token, writeToken } from './tokens.ts';

/** A rule of arguments as a person writes it; power.ts tells how. */

export function readCommandNarrowing(texts: readonly string[]): CommandNarrowing {
  checkTexts(texts);
  return texts.map(readRule);
}

export function writeCommandNarrowing(narrowing: CommandNarrowing): readonly string[] {
  return narrowing.map(writeRule);
}

function readRule(text: string): CommandRule {
  let tokens = readTokens(text, 'narrowing-invalid');
  if (tokens.length > PATTERN_WORDS_MAX)
    throw invalid(text, `more than ${PATTERN_WORDS_MAX} words`);
  const input = isMarks(tokens.at(-2) ?? [], '<') && isMarks(tokens.at(-1) ?? [], '*');
  if (input) tokens = tokens.slice(0, -2);
  const rest = isMarks(tokens.at(-1) ?? [], '**');
  if (rest) tokens = tokens.slice(0, -1);
  const rule = { args: tokens.map((token) => readWord(text, token)), rest, input };
  // Quotes and escapes that were not there can make the text that is shown longer.
  if (writeRule(rule).length > TEXT_CHARS_MAX)
    throw invalid(text, `more than ${TEXT_CHARS_MAX} characters, as it is shown`);
  return rule;
}

function readWord(text: string, token: Token): readonly Alternative[] {
  const parts: Piece[][] = [[]];
  for (const piece of token) {
    if (piece.type === 'mark' && piece.mark === '|') parts.push([]);
    else parts.at(-1)?.push(piece);
  }
  return parts.map((pieces) => readAlternative(text, pieces));
}

function readAlternative(text: string, pieces: Token): Alternative {
  if (pieces.length === 0) throw invalid(text, 'nothing on one side of "|"');
  let written = '';
  let marks = 0;
  let stars = 0;
  for (const piece of pieces) {
    if (piece.type === 'mark' && piece.mark !== '*') throw invalid(text, '"<" before its end');
    if (piece.type === 'mark') marks += 1;
    else if (piece.text.includes('*')) stars += 1;
    written += piece.type === 'mark' ? '*' : piece.text;
  }
  if (marks === 0) return { is: written };
  if (stars > 0) throw invalid(text, 'a word with "*" both in quotes and without');
  if (written.includes('**')) throw invalid(text, '"**" before its end');
  return { like: written };
}

export function writeRule({ args, rest, input }: CommandRule): string {
  const words = args.map((alternatives) => alternatives.map(writeAlternative).join('|'));
  return [...words, ...(rest ? ['**'] : []), ...(input ? ['< *'] : [])].join(' ');
}

function writeAlternative(alternative: Alternative): string {
  if ('is' in alternative) return writeToken(alternative.is);
  return alternative.like
    .split('*')
    .map((piece) => (piece === '' ? '' : writeToken(piece)))
    .join('*');
}

function invalid(text: string, what: string): PowerboxError {
  return new PowerboxError(
    'narrowing-invalid',
    `Cannot read the narrowing ${quote(text)}: there is ${what}.`,
  );
}
