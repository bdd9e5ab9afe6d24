import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ORDINARY, type Outcome, people, runProgram } from '../support/powerbox.ts';
import { ROOT } from '../support/repository.ts';

const MAIN = join(ROOT, 'dist/quickstart/main.js');
const CLAIMS = 8;
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
  }, 60_000);
});

describe('the quickstart', () => {
  it('is one command', async () => {
    const env = { HOME: process.env.HOME ?? '', TMPDIR: temporary };
    const outcome = await runProgram(['bash', join(ROOT, 'scripts/quickstart')], { env });
    expectAllHeld(outcome);
  }, 90_000);

  it('is in colour on a terminal, unless the person wants none', async () => {
    const terminal = ['script', '-qec', `${process.execPath} ${MAIN}`, '/dev/null'];
    const env = { TMPDIR: temporary, TERM: 'xterm' };
    const coloured = await runProgram(terminal, { env });
    expectAllHeld(coloured);
    expect(coloured.stdout).toContain(ESCAPE);
    const plain = await runProgram(terminal, { env: { ...env, NO_COLOR: '1' } });
    expectAllHeld(plain);
    expect(plain.stdout).not.toContain(ESCAPE);
  }, 60_000);

  it('ends all that it started when it is interrupted', async () => {
    let pid = 0;
    const outcome = await runProgram([process.execPath, MAIN], {
      env: { TMPDIR: temporary },
      onStart: (started) => {
        pid = started;
      },
      onOutput: (text) => {
        if (text.includes('-- sh agent.sh')) setTimeout(() => process.kill(pid, 'SIGTERM'), 200);
      },
    });
    expect(outcome.status, outcome.stdout + outcome.stderr).toBe(1);
    expect(readdirSync(temporary)).toEqual([]);
    expect(programsNaming(temporary)).toEqual([]);
  });
});

/** Command lines of the processes that have `text` in their arguments or environment. */
function programsNaming(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (!/^\d+$/.test(pid)) return [];
      const [command, environment] = ['cmdline', 'environ'].map((file) =>
        readFileSync(`/proc/${pid}/${file}`, 'utf8'),
      ) as [string, string];
      return command.includes(text) || environment.includes(text) ? [command] : [];
    } catch {
      // It ended meanwhile, or is another user's.
      return [];
    }
  });
}
