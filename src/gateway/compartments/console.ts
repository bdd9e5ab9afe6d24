import type { ConsoleLevel, ConsoleLine, ConsoleRead } from '../../wire/compartment.ts';
import {
  CONSOLE_KEPT_LINES_MAX,
  CONSOLE_LINE_CHARS_MAX,
  CONSOLE_LINES_PER_SECOND_MAX,
} from '../limits.ts';

const SECOND_MS = 1_000;

/** What one compartment writes: a bounded part of it, kept for its maker and for the record. */
export class CompartmentConsole {
  readonly #outputChars: number;
  readonly #record: (line: ConsoleLine) => void;
  readonly #now: () => number;
  readonly #lines: ConsoleLine[] = [];
  readonly #readers = new Set<() => void>();
  /** Lines that were kept once and are not any more. */
  #gone = 0;
  #chars = 0;
  #second = 0;
  #inSecond = 0;
  #leftOut = 0;
  #closed = false;

  constructor(
    outputChars: number,
    record: (line: ConsoleLine) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#outputChars = outputChars;
    this.#record = record;
    this.#now = now;
  }

  /** False when it has written more than it may over its life. */
  say(level: ConsoleLevel, text: string): boolean {
    if (this.#closed) return true;
    // A line costs something even when it is empty.
    this.#chars += text.length + 1;
    if (this.#chars > this.#outputChars) return false;
    const time = this.#now();
    if (time - this.#second >= SECOND_MS) {
      this.#second = time;
      this.#inSecond = 0;
      this.#sayLeftOut();
    }
    this.#inSecond += 1;
    if (this.#inSecond > CONSOLE_LINES_PER_SECOND_MAX) this.#leftOut += 1;
    else this.#keep({ level, text: shortened(text) });
    return true;
  }

  /** The lines after the first `after`; waits until there is one, or will be none. */
  async read(after: number): Promise<ConsoleRead> {
    if (after >= this.#gone + this.#lines.length && !this.#closed) {
      await new Promise<void>((resolve) => this.#readers.add(resolve));
    }
    const from = Math.max(after, this.#gone);
    const unread = this.#lines.slice(from - this.#gone);
    // Whoever reads too slowly is told, as the record is.
    const missed = from - after;
    const told: readonly ConsoleLine[] =
      missed > 0 ? [{ level: 'warn', text: `(${missed} lines were not read in time)` }] : [];
    const next = this.#gone + this.#lines.length;
    return { lines: [...told, ...unread], next, done: this.#closed && unread.length === 0 };
  }

  /** There will be no more. */
  close(): void {
    if (this.#closed) return;
    this.#sayLeftOut();
    this.#closed = true;
    this.#wake();
  }

  #keep(line: ConsoleLine): void {
    this.#lines.push(line);
    if (this.#lines.length > CONSOLE_KEPT_LINES_MAX) {
      this.#lines.shift();
      this.#gone += 1;
    }
    this.#record(line);
    this.#wake();
  }

  #sayLeftOut(): void {
    if (this.#leftOut === 0) return;
    const text = `(${this.#leftOut} lines of the console were left out)`;
    this.#leftOut = 0;
    this.#keep({ level: 'warn', text });
  }

  #wake(): void {
    for (const reader of this.#readers) reader();
    this.#readers.clear();
  }
}

function shortened(text: string): string {
  if (text.length <= CONSOLE_LINE_CHARS_MAX) return text;
  const cut = text.length - CONSOLE_LINE_CHARS_MAX;
  return `${text.slice(0, CONSOLE_LINE_CHARS_MAX)}… (${cut} characters were left out)`;
}
