import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORDINARY, type Outcome, people, runProgram } from '../support/powerbox.ts';
import { ROOT } from '../support/repository.ts';

const MAIN = join(ROOT, 'dist/quickstart/main.js');
const CLAIMS = 7;
const ESCAPE = '\u001b[';

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'powerbox-e2e-'));
  chmodSync(temporary, 0o700);
});
afterEach(() => rmSync(temporary, { recursive: true, force: true }));

function expectAllHeld({ status, stdout, stderr }: Outcome): void {
  expect(status, stdout + stderr).toBe(0);
  const plain = stdout.replaceAll(/\u001b\[\d+m/g, '');
  expect(plain.match(/^ {2}yes {4}/gm)).toHaveLength(CLAIMS);
  expect(plain.split(/\r?\n/).filter((line) => line.length > 80)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}

describe.each(people())('as %s, the quickstart', (_name, person) => {
  it('holds what it says, with an empty home, and leaves nothing behind', async () => {
    if (person === ORDINARY) chownSync(temporary, person.uid, person.gid);
    const env = { HOME: '', TMPDIR: temporary };
    const outcome = await runProgram([process.execPath, MAIN], { env, person });
    expectAllHeld(outcome);
    expect(outcome.stdout).not.toContain(ESCAPE);
  });
});

describe('the quickstart', () => {
  it('is one command', async () => {
    const env = { HOME: temporary, TMPDIR: temporary };
    const outcome = await runProgram(['bash', join(ROOT, 'scripts/quickstart')], { env });
    expectAllHeld(outcome);
  });

  it('is in colour on a terminal, unless the person wants none', async () => {
    const terminal = ['script', '-qec', `${process.execPath} ${MAIN}`, '/dev/null'];
    const env = { TMPDIR: temporary, TERM: 'xterm' };
    const coloured = await runProgram(terminal, { env });
    expectAllHeld(coloured);
    expect(coloured.stdout).toContain(ESCAPE);
    const plain = await runProgram(terminal, { env: { ...env, NO_COLOR: '1' } });
    expectAllHeld(plain);
    expect(plain.stdout).not.toContain(ESCAPE);
  });

  it('cleans up when it is interrupted', async () => {
    const script = `"${process.execPath}" "${MAIN}" & sleep 0.7; kill -TERM $!; wait $!`;
    const { status } = await runProgram(['bash', '-c', script], { env: { TMPDIR: temporary } });
    expect(status).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
