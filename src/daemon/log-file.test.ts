import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LOG_BYTES_MAX, LOG_LINE_CHARS_MAX } from './limits.ts';
import { openLog } from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daemon-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('writes a line with its time, and makes one line of what has more', () => {
  const path = join(folder, 'daemon.log');
  openLog(path).say('a\nb\r\nc');
  expect(readFileSync(path, 'utf8')).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z a b c\n$/);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('keeps lines, and both files together, within their bounds', () => {
  const path = join(folder, 'daemon.log');
  const log = openLog(path);
  const lines = Math.ceil((3 * LOG_BYTES_MAX) / LOG_LINE_CHARS_MAX);
  for (let line = 0; line < lines; line++) log.say('x'.repeat(3 * LOG_LINE_CHARS_MAX));
  const most = LOG_BYTES_MAX + LOG_LINE_CHARS_MAX + 64;
  expect(statSync(path).size).toBeLessThanOrEqual(most);
  expect(statSync(`${path}.1`).size).toBeGreaterThan(LOG_BYTES_MAX);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(most);
});

it('does nothing when the disk will not take it', () => {
  expect(() => openLog(join(folder, 'none', 'daemon.log')).say('x')).not.toThrow();
});
