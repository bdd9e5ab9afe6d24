import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlace, type Outcome, type Place, people } from '../support/powerbox.ts';

let place: Place | undefined;

afterEach(() => place?.close());

/** Runs a script in a box; `during` acts on the host once the script has made the file `ready`. */
async function inBox(here: Place, script: string, during: () => Promise<void>): Promise<Outcome> {
  const ended = here.powerbox(['run', '--', 'sh', '-c', script]);
  for (let tries = 0; !readdirSync(here.workspace).includes('ready'); tries++) {
    if (tries > 200) throw new Error('the script did not come up');
    await sleep(25);
  }
  await during();
  // The cover takes some ten milliseconds; a slow machine gets two seconds.
  await sleep(2_000);
  here.write('go', '');
  return ended;
}

const WAIT = 'touch ready; while [ ! -e go ]; do sleep 0.05; done;';

describe.each(people())('a covered file that the host replaces, as %s', (_, person) => {
  it('and that holds secrets is not seen in its new form either', async () => {
    place = makePlace(person);
    const here = place;
    here.write('.env', 'TOKEN=old-0123456789abcdef\n');
    const ran = await inBox(here, `${WAIT} cat .env; echo end`, async () => {
      here.write('.env.new', 'TOKEN=new-0123456789abcdef\n');
      renameSync(join(here.workspace, '.env.new'), join(here.workspace, '.env'));
    });
    expect(ran.stdout).toBe('end\n');
    expect(ran.stderr).toContain('.env was replaced while the box runs, and is covered again');
    expect(readFileSync(join(here.workspace, '.env'), 'utf8')).toContain('new-');
  });

  it('and that the host obeys cannot be written in its new form either', async () => {
    place = makePlace(person);
    const here = place;
    const git = (...args: string[]) =>
      execFileSync('git', args, {
        cwd: here.workspace,
        ...(person ?? {}),
        env: { PATH: process.env.PATH, HOME: '/nonexistent' },
      });
    git('init', '-q', '.');
    const ran = await inBox(
      here,
      `${WAIT} echo "[core] fsmonitor = evil" >> .git/config; echo evil > .envrc; ls -d .envrc`,
      async () => {
        git('config', 'user.name', 'changed meanwhile');
        rmSync(join(here.workspace, '.envrc'));
      },
    );
    expect(ran.stdout).toBe('.envrc\n');
    const config = readFileSync(join(here.workspace, '.git/config'), 'utf8');
    expect(config).toContain('changed meanwhile');
    expect(config).not.toContain('evil');
    expect(readdirSync(here.workspace).sort()).toEqual(['.git', 'go', 'ready']);
  });
});

describe('a covered file that becomes a link', () => {
  it('ends the box, since a link cannot be covered', async () => {
    place = makePlace();
    const here = place;
    here.write('.env', 'TOKEN=old-0123456789abcdef\n');
    here.write('elsewhere', 'TOKEN=new-0123456789abcdef\n');
    const ended = here.powerbox(['run', '--', 'sh', '-c', 'touch ready; sleep 20']);
    while (!readdirSync(here.workspace).includes('ready')) await sleep(25);
    rmSync(join(here.workspace, '.env'));
    execFileSync('ln', ['-s', 'elsewhere', join(here.workspace, '.env')]);
    const ran = await ended;
    expect(ran.stderr).toContain('so the box is stopped');
    expect(ran.status).not.toBe(0);
    writeFileSync(join(here.workspace, 'done'), '');
  });
});
