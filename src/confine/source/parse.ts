import type { Comment, Program } from 'acorn';
import { SOURCE_CHARS_MAX, SOURCE_DEPTH_MAX } from '../limits.ts';
import { sourceInvalid } from './faults.ts';
import { lineStarts, placeAt } from './lines.ts';
import { QuickParser } from './parser.ts';
import { deeperThan, RefusedSyntax } from './syntax.ts';

/** JavaScript as it was read: `text` has its syntax at the offsets of `ast`. */
export interface ParsedText {
  readonly text: string;
  readonly ast: Program;
  readonly comments: readonly Comment[];
  /** Offsets of the beginnings of its lines. */
  readonly starts: readonly number[];
}

/** Throws `source-invalid` for what is no module, and for what is too long or too deep to walk. */
export function parseText(text: string, file: string): ParsedText {
  if (text.length > SOURCE_CHARS_MAX) {
    throw sourceInvalid(file, null, `it has more than ${SOURCE_CHARS_MAX} characters`);
  }
  const starts = lineStarts(text);
  const comments: Comment[] = [];
  try {
    const ast = QuickParser.parse(text, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowReturnOutsideFunction: true,
      onComment: comments,
    });
    const deep = deeperThan(ast, SOURCE_DEPTH_MAX);
    if (deep !== null) throw new RefusedSyntax(deep, 'it is nested too deeply');
    return { text, ast, comments, starts };
  } catch (error) {
    throw asFault(error, file, starts);
  }
}

/** What went wrong with a text, as a failure that says where. */
export function asFault(error: unknown, file: string, starts: readonly number[]): unknown {
  if (error instanceof RangeError) return sourceInvalid(file, null, 'it is nested too deeply');
  if (error instanceof RefusedSyntax) {
    return sourceInvalid(file, placeAt(starts, error.node.start), error.message);
  }
  if (!(error instanceof SyntaxError)) return error;
  const { pos } = error as { pos?: unknown };
  const place = typeof pos === 'number' ? placeAt(starts, pos) : null;
  return sourceInvalid(file, place, error.message.replace(/ \(\d+:\d+\)$/, ''));
}
