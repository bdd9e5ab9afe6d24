import { lineStarts, type Place, placeAt } from './lines.ts';

/** Changed text, and the way back to the places of the text that it was made from. */
export interface EditedText {
  readonly text: string;
  /** The place in the original of a place in `text`. */
  original(line: number, column: number): Place;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly rank: number;
}

const LINE_END = /\r\n|[\n\r\u2028\u2029]/g;

/**
 * Changes to a text that keep each line where it is. What closes something comes before what opens
 * something at the same place, and a change within a stretch that is taken out whole is nothing.
 */
export class Edits {
  readonly #edits: Edit[] = [];

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text, rank: 2 });
  }

  open(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text, rank: 1 });
  }

  close(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text, rank: 0 });
  }

  apply(source: string, starts: readonly number[]): EditedText {
    // The sort keeps the order of equals.
    const edits = this.#edits.sort(
      (one, other) => one.start - other.start || one.rank - other.rank,
    );
    const parts: string[] = [];
    const from: number[] = [0];
    const to: number[] = [0];
    let read = 0;
    let written = 0;
    const write = (part: string): void => {
      parts.push(part);
      written += part.length;
    };
    for (const { start, end, text } of edits) {
      if (start < read) {
        if (end <= read) continue;
        throw new Error('Two changes overlap.');
      }
      write(source.slice(read, start));
      from.push(start);
      to.push(written);
      write(text + missingLines(source.slice(start, end), text));
      read = end;
      from.push(end);
      to.push(written);
    }
    write(source.slice(read));
    const made = parts.join('');
    const end = made.length;
    const rows = lineStarts(made);
    return {
      text: made,
      original: (line, column) => {
        const offset = (rows[line - 1] ?? end) + column - 1;
        return placeAt(starts, back(from, to, offset));
      },
    };
  }
}

/** Line ends that a change would swallow. */
function missingLines(before: string, after: string): string {
  const ends = before.match(LINE_END) ?? [];
  return ends.slice(after.match(LINE_END)?.length ?? 0).join('');
}

/** The same lines, and a space for each other character. */
export function blank(text: string): string {
  return text.replace(/[^\n\r\u2028\u2029]/g, ' ');
}

/** What stands in a changed stretch came from its beginning. */
function back(from: readonly number[], to: readonly number[], offset: number): number {
  let at = to.length - 1;
  while (at > 0 && (to[at] as number) > offset) at -= 1;
  const next = from[at + 1] ?? Number.POSITIVE_INFINITY;
  return Math.min((from[at] as number) + offset - (to[at] as number), next);
}
