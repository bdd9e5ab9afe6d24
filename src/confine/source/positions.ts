import { PREPARED_KEPT_MAX } from '../limits.ts';
import type { EditedText } from './edits.ts';
import { fileWord } from './faults.ts';
import type { Place } from './lines.ts';

interface Prepared {
  readonly file: string;
  readonly edited: EditedText;
}

/**
 * Prepared modules by the number under which the engine knows their text. Only numbers are told to
 * the engine: a stack line with a foreign name cannot pass for one of them.
 */
const prepared = new Map<number, Prepared>();
let count = 0;

/** Gives the comment that names the text in stacks. */
export function nameText(file: string, edited: EditedText): string {
  count += 1;
  prepared.set(count, { file, edited });
  // The oldest goes; its lines are then left out of stacks.
  if (prepared.size > PREPARED_KEPT_MAX) prepared.delete(prepared.keys().next().value as number);
  return `\n//# sourceURL=compartment:${count}`;
}

export interface Frame extends Place {
  readonly file: string;
  /** Empty at the top level. */
  readonly name: string;
}

const FRAME =
  /^\s*at (?:async )?(?:(.*) \()?compartment:([0-9]{1,15}):([0-9]{1,9}):([0-9]{1,9})\)?$/;

/** The lines of a stack that are the program's own, at the places of its source. */
export function framesOf(stack: string): readonly Frame[] {
  const found: Frame[] = [];
  for (const line of stack.split('\n')) {
    const [, name = '', id, row, column] = FRAME.exec(line) ?? [];
    const known = prepared.get(Number(id));
    if (known === undefined) continue;
    const { file, edited } = known;
    const place = edited.original(Number(row), Number(column));
    found.push({ file: fileWord(file), name: nameWord(name), ...place });
  }
  return found;
}

/** A stack for people: what the code was doing, and nothing of the host. */
export function stackText(stack: string): string {
  return framesOf(stack)
    .map(({ name, file, line, column }) => {
      const place = `${file}:${line}:${column}`;
      return name === '' ? `    at ${place}` : `    at ${name} (${place})`;
    })
    .join('\n');
}

/** Names of functions are the code's own words; the wrapper's is none. */
function nameWord(name: string): string {
  const word = fileWord(name);
  return /^(?:Object\.)?(?:eval|<anonymous>|next)$/.test(word) ? '' : word;
}
