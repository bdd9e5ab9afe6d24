import { PowerboxError } from '../../wire/errors.ts';
import { FILE_CHARS_MAX } from '../limits.ts';
import type { Place } from './lines.ts';

/** What errors call a program without a name. */
export const UNNAMED = 'program';

/** A file's name as it may stand in a sentence: on one line, and not without end. */
export function fileWord(file: string): string {
  const word = file.replace(/[\p{C}\p{Z}]+/gu, ' ');
  return word.length > FILE_CHARS_MAX ? `${word.slice(0, FILE_CHARS_MAX)}…` : word;
}

export function sourceInvalid(
  file: string,
  place: Place | null,
  why: string,
  cause?: unknown,
): PowerboxError {
  const at = place === null ? '' : `line ${place.line}, column ${place.column}: `;
  const sentence = why.endsWith('.') ? why.slice(0, -1) : why;
  return new PowerboxError(
    'source-invalid',
    `Cannot read ${fileWord(file)}: ${at}${sentence}.`,
    cause === undefined ? {} : { cause },
  );
}

/** `line` is null for an `import()`, whose name is known only when it runs. */
export function moduleMissing(file: string, line: number | null, why: string): PowerboxError {
  const who = line === null ? 'it' : `line ${line}`;
  return new PowerboxError('module-missing', `Cannot evaluate ${fileWord(file)}: ${who} ${why}.`);
}
