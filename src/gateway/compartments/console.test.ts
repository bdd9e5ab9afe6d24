import { describe, expect, it } from 'vitest';
import type { ConsoleLine } from '../../wire/compartment.ts';
import {
  CONSOLE_KEPT_LINES_MAX,
  CONSOLE_LINE_CHARS_MAX,
  CONSOLE_LINES_PER_SECOND_MAX,
} from '../limits.ts';
import { CompartmentConsole } from './console.ts';

function makeConsole(outputChars = 1e9): {
  readonly console: CompartmentConsole;
  readonly rows: ConsoleLine[];
  readonly clock: { now: number };
} {
  const rows: ConsoleLine[] = [];
  const clock = { now: 10_000 };
  const record = (line: ConsoleLine): void => void rows.push(line);
  return { console: new CompartmentConsole(outputChars, record, () => clock.now), rows, clock };
}

describe('the console of a compartment', () => {
  it('is read in order, waits for a line, and says when there will be none', async () => {
    const { console } = makeConsole();
    console.say('log', 'one');
    const first = await console.read(0);
    expect(first).toEqual({ lines: [{ level: 'log', text: 'one' }], next: 1, done: false });
    const second = console.read(first.next);
    console.say('warn', 'two');
    expect(await second).toMatchObject({ lines: [{ level: 'warn', text: 'two' }], next: 2 });
    const last = console.read(2);
    console.close();
    expect(await last).toEqual({ lines: [], next: 2, done: true });
    expect(console.say('log', 'late')).toBe(true);
    expect(await console.read(0)).toMatchObject({ next: 2, done: false });
  });

  it('has so many characters, of which an empty line is one', () => {
    const { console } = makeConsole(4);
    expect(console.say('log', 'ab')).toBe(true);
    expect(console.say('log', '')).toBe(true);
    expect(console.say('log', '')).toBe(false);
  });

  it('leaves out what is too much of a second, and says how much', () => {
    const { console, rows, clock } = makeConsole();
    for (let n = 0; n < CONSOLE_LINES_PER_SECOND_MAX + 5; n += 1) console.say('log', String(n));
    expect(rows).toHaveLength(CONSOLE_LINES_PER_SECOND_MAX);
    clock.now += 1_000;
    console.say('log', 'next');
    expect(rows.slice(-2).map(({ text }) => text)).toEqual([
      '(5 lines of the console were left out)',
      'next',
    ]);
    for (let n = 0; n < CONSOLE_LINES_PER_SECOND_MAX; n += 1) console.say('log', 'x');
    console.close();
    expect(rows.at(-1)?.text).toBe('(1 lines of the console were left out)');
  });

  it('cuts a line that is too long, and says so', () => {
    const { console, rows } = makeConsole();
    console.say('log', 'x'.repeat(CONSOLE_LINE_CHARS_MAX));
    console.say('log', 'x'.repeat(CONSOLE_LINE_CHARS_MAX + 7));
    expect(rows[0]?.text).toHaveLength(CONSOLE_LINE_CHARS_MAX);
    expect(rows[1]?.text).toMatch(/^x{4000}… \(7 characters were left out\)$/);
  });

  it('keeps so many lines for whoever reads, and tells a reader that is too slow', async () => {
    const { console, clock } = makeConsole();
    for (let n = 0; n < CONSOLE_KEPT_LINES_MAX + 3; n += 1) {
      clock.now += 1_000;
      console.say('log', String(n));
    }
    const { lines, next } = await console.read(1);
    expect(lines[0]?.text).toBe('(2 lines were not read in time)');
    expect(lines[1]?.text).toBe('3');
    expect(lines).toHaveLength(CONSOLE_KEPT_LINES_MAX + 1);
    expect(next).toBe(CONSOLE_KEPT_LINES_MAX + 3);
  });
});
