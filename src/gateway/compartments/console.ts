import type { ConsoleLevel, ConsoleLine, ConsoleRead } from '../../wire/compartment.ts';
import {
  CONSOLE_KEPT_LINES_MAX,
  CONSOLE_LINE_CHARS_MAX,
  CONSOLE_LINES_PER_SECOND_MAX,
} from '../limits.ts';

/** What one compartment writes: a bounded part of it, kept for its maker and for the record. */
export interface CompartmentConsole {
  /** False when it has written more than it may over its life. */
  say(level: ConsoleLevel, text: string): boolean;
  read(after: number): Promise<ConsoleRead>;
  /** There will be no more. */
  close(): void;
}

const SECOND_MS = 1_000;

export function makeConsole(
  outputChars: number,
  record: (line: ConsoleLine) => void,
  now: () => number = () => performance.now(),
): CompartmentConsole {
  const lines: ConsoleLine[] = [];
  const readers = new Set<() => void>();
  /** Lines that were kept once and are not any more. */
  let gone = 0;
  let chars = 0;
  let second = 0;
  let inSecond = 0;
  let leftOut = 0;
  let closed = false;

  function keep(line: ConsoleLine): void {
    lines.push(line);
    if (lines.length > CONSOLE_KEPT_LINES_MAX) {
      lines.shift();
      gone += 1;
    }
    record(line);
    wake();
  }

  function wake(): void {
    for (const reader of [...readers]) reader();
  }

  function sayLeftOut(): void {
    if (leftOut === 0) return;
    const count = leftOut;
    leftOut = 0;
    keep({ level: 'warn', text: `(${count} lines of the console were left out)` });
  }

  function take(after: number): ConsoleRead {
    const from = Math.max(after, gone);
    const unread = lines.slice(from - gone);
    // Whoever reads too slowly is told, as the record is.
    const missed = from - after;
    const told: ConsoleLine[] =
      missed > 0 ? [{ level: 'warn', text: `(${missed} lines were not read in time)` }] : [];
    const next = gone + lines.length;
    return { lines: [...told, ...unread], next, done: closed && unread.length === 0 };
  }

  return {
    say(level, text) {
      if (closed) return true;
      // A line costs something even when it is empty.
      chars += text.length + 1;
      if (chars > outputChars) return false;
      const time = now();
      if (time - second >= SECOND_MS) {
        second = time;
        inSecond = 0;
        sayLeftOut();
      }
      inSecond += 1;
      if (inSecond > CONSOLE_LINES_PER_SECOND_MAX) leftOut += 1;
      else keep({ level, text: shortened(text) });
      return true;
    },
    async read(after) {
      if (after >= gone + lines.length && !closed) {
        await new Promise<void>((resolve) => {
          const reader = (): void => {
            readers.delete(reader);
            resolve();
          };
          readers.add(reader);
        });
      }
      return take(after);
    },
    close() {
      if (closed) return;
      sayLeftOut();
      closed = true;
      wake();
    },
  };
}

function shortened(text: string): string {
  if (text.length <= CONSOLE_LINE_CHARS_MAX) return text;
  const cut = text.length - CONSOLE_LINE_CHARS_MAX;
  return `${text.slice(0, CONSOLE_LINE_CHARS_MAX)}… (${cut} characters were left out)`;
}
