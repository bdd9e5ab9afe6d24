import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { makePlace, type Place, people } from '../support/powerbox.ts';

let place: Place | undefined;

afterEach(() => {
  place?.close();
  place = undefined;
});

describe.each(people())('powerbox run, as %s', (_, person) => {
  const open = (): Place => {
    place = makePlace(person);
    return place;
  };

  it('gives the status of the program, and 128+n for a signal', async () => {
    const here = open();
    expect((await here.powerbox(['run', '--', 'sh', '-c', 'exit 7'])).status).toBe(7);
    expect((await here.powerbox(['run', '--', 'sh', '-c', 'kill -TERM $$'])).status).toBe(143);
  });

  it('passes standard input and both outputs through', async () => {
    const here = open();
    const ran = await here.powerbox(['run', '--', 'sh', '-c', 'cat; echo low >&2'], {
      input: 'in\n',
    });
    expect(ran).toEqual({ status: 0, stdout: 'in\n', stderr: 'low\n' });
  });

  it('shows an empty home and none of the host environment', async () => {
    const here = open();
    const ran = await here.powerbox(['run', '--', 'sh', '-c', 'ls -A ~; env'], {
      env: { HOST_ONLY: 'leak', AWS_SECRET_ACCESS_KEY: 'leak' },
    });
    expect(ran.status).toBe(0);
    expect(ran.stdout).not.toContain('leak');
    expect(ran.stdout).toMatch(/^HOME=\/home\/box$/m);
  });

  it('writes to the workspace as its owner, and leaves nothing else there', async () => {
    const here = open();
    const ran = await here.powerbox(['run', '--', 'sh', '-c', 'echo made > made.txt; ls -A']);
    expect(ran.status).toBe(0);
    expect(readdirSync(here.workspace)).toEqual(['made.txt']);
    const owner = await here.run(['stat', '-c', '%u', 'made.txt']);
    expect(owner.stdout.trim()).toBe(String(person?.uid ?? process.getuid?.()));
    expect(readdirSync(join(here.home, 'boxes'))).toEqual([]);
  });

  it('says at the end which git repositories the program made', async () => {
    const here = open();
    await here.run(['git', 'init', '-q', '.']);
    const script = 'git init -q evil; mkdir -p a/b; echo gitdir: x > a/b/.git';
    const ran = await here.powerbox(['run', '--', 'sh', '-c', script]);
    expect(ran.status).toBe(0);
    for (const made of ['evil/.git', 'a/b/.git']) {
      expect(ran.stderr).toContain(join(here.workspace, made));
    }
    const again = await here.powerbox(['run', '--', 'true']);
    expect(again).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('keeps a workspace that is ro, and one that is none out of sight', async () => {
    const here = open();
    here.write('there.txt', 'x');
    const ro = await here.powerbox([
      'run',
      '--workspace=ro',
      '--',
      'sh',
      '-c',
      'cat there.txt; echo y > new',
    ]);
    expect(ro.stdout).toBe('x');
    expect(ro.status).not.toBe(0);
    const none = await here.powerbox([
      'run',
      '--workspace=none',
      '--',
      'sh',
      '-c',
      `ls ${here.workspace}`,
    ]);
    expect(none.status).not.toBe(0);
    expect(readdirSync(here.workspace)).toEqual(['there.txt']);
  });

  it('keeps a copy apart until it is applied', async () => {
    const here = open();
    here.write('old.txt', 'before\n');
    const ran = await here.powerbox([
      ...['run', '--workspace=copy', '--', 'sh', '-c'],
      'echo after > old.txt; echo new > new.txt; rm -f gone.txt',
    ]);
    expect(ran.status).toBe(0);
    expect(readFileSync(join(here.workspace, 'old.txt'), 'utf8')).toBe('before\n');
    const listed = await here.powerbox(['ls', '--all', '--json']);
    const { id } = JSON.parse(listed.stdout) as { id: string };
    const diff = await here.powerbox(['diff', id]);
    expect(diff.stdout).toContain('+after');
    expect(diff.stdout).toContain('-before');
    expect((await here.powerbox(['apply', id])).status).toBe(0);
    expect(readFileSync(join(here.workspace, 'old.txt'), 'utf8')).toBe('after\n');
    expect(readFileSync(join(here.workspace, 'new.txt'), 'utf8')).toBe('new\n');
    expect((await here.powerbox(['diff', id])).status).toBe(66);
  });

  it('drops a copy', async () => {
    const here = open();
    await here.powerbox(['run', '--workspace=copy', '--', 'sh', '-c', 'echo new > new.txt']);
    const { id } = JSON.parse((await here.powerbox(['ls', '--all', '--json'])).stdout) as {
      id: string;
    };
    expect((await here.powerbox(['discard', id])).status).toBe(0);
    expect(readdirSync(here.workspace)).toEqual([]);
    expect(readdirSync(join(here.home, 'boxes'))).toEqual([]);
  });

  it('ends a program at its timeout with status 124', async () => {
    const ran = await open().powerbox(['run', '--timeout=300ms', '--', 'sleep', '30']);
    expect(ran.status).toBe(124);
  });

  it('masks .env files, and says what a placeholder stands for nowhere', async () => {
    const here = open();
    here.write('.env', 'API_TOKEN=tok_0123456789abcdefghij\nPORT=3000\n');
    here.write('keys.txt', 'hunter2hunter2hunter2\n');
    const ran = await here.powerbox(['run', '--mask=keys.txt', '--', 'cat', '.env', 'keys.txt']);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/^API_TOKEN=\w{3}_\w{20}$/m);
    expect(ran.stdout).toContain('PORT=3000');
    expect(ran.stdout).not.toContain('0123456789');
    expect(ran.stdout).not.toContain('hunter2');
    const plain = await here.run(['cat', '.env', 'keys.txt']);
    expect(plain.stdout).toContain('tok_0123456789abcdefghij');
  });
});

describe('a policy file', () => {
  it('takes effect only once it is accepted, and again after each change', async () => {
    place = makePlace();
    const policy = { version: 1, powers: ['GET https://api.example.com/v1/**'] };
    place.write('powerbox.json', JSON.stringify(policy));
    const first = await place.powerbox(['run', '--', 'true']);
    expect(first.status).toBe(77);
    expect(first.stderr).toContain('api.example.com');
    expect(first.stderr).toContain('[policy-not-accepted]');
    expect((await place.powerbox(['run', '--accept-policy', '--', 'true'])).status).toBe(0);
    const later = await place.powerbox(['run', '--', 'curl', '-sS', 'http://powerbox.internal/']);
    expect(JSON.parse(later.stdout).allowed).toEqual(['GET https://api.example.com/v1/**']);
    place.write('powerbox.json', JSON.stringify({ ...policy, powers: ['https://evil.example'] }));
    const changed = await place.powerbox(['run', '--', 'true']);
    expect(changed.status).toBe(77);
    expect(changed.stderr).toContain('evil.example');
    expect((await place.powerbox(['run', '--no-policy', '--', 'true'])).status).toBe(0);
  });
});

describe('a detached box', () => {
  it('is listed, entered, read and stopped, and its end is on the record', async () => {
    place = makePlace();
    const started = await place.powerbox([
      ...['run', '--detach', '--memory=1G', '--', 'sh', '-c'],
      'echo up; trap "" TERM; sleep 60',
    ]);
    expect(started.stderr).toBe('');
    const id = started.stdout.trim();
    expect(id).toMatch(/^bx-/);
    await until(async () => (await place?.powerbox(['logs', id]))?.stdout === 'up\n');
    const listed = JSON.parse((await place.powerbox(['ls', '--json'])).stdout);
    expect(listed).toMatchObject({ id, state: 'running', detached: true });
    const inspected = await place.powerbox(['inspect', id]);
    expect(inspected.stdout).toMatch(/memory: .*1/);
    const inside = await place.powerbox(['exec', id, '--', 'sh', '-c', 'id -u; ps ax; exit 5']);
    expect(inside.status).toBe(5);
    expect(inside.stdout).toMatch(/^1000$/m);
    expect(inside.stdout).toContain('sleep 60');
    expect((await place.powerbox(['stop', id])).status).toBe(0);
    expect((await place.powerbox(['ls', '--json'])).stdout).toBe('');
    expect((await place.powerbox(['exec', id, '--', 'true'])).status).toBe(69);
    const log = await place.powerbox(['log', id, '--json']);
    expect(log.stdout).toMatch(/"reason":"stopped"/);
    expect((await place.powerbox(['log', 'verify'])).status).toBe(0);
  });

  it('that was killed with its starter is told of, once', async () => {
    place = makePlace();
    const id = (await place.powerbox(['run', '--detach', '--', 'sleep', '60'])).stdout.trim();
    const { starter, running } = JSON.parse(
      (await place.powerbox(['inspect', id, '--json'])).stdout,
    );
    process.kill(starter.pid, 'SIGKILL');
    await until(async () => !existsSync(`/proc/${running.inside.pid}`));
    await until(async () => /abandoned/.test((await place?.powerbox(['log', id]))?.stdout ?? ''));
    await place.powerbox(['run', '--', 'true']);
    const log = (await place.powerbox(['log', id])).stdout;
    expect(log.match(/abandoned/g)).toHaveLength(1);
    expect(readdirSync(place.workspace)).toEqual([]);
  });
});

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await check()) return;
    await sleep(50);
  }
  throw new Error('it did not happen in time');
}
