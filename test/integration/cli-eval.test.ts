import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/sdk/index.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';
import type { Outcome } from '../support/powerbox.ts';

let place: DaemonPlace;

beforeAll(async () => {
  place = makeDaemonPlace();
  await place.json('daemon', 'start');
  put('a.txt', 'hello');
});
afterAll(() => place?.close());

function put(path: string, text: string): void {
  mkdirSync(dirname(join(place.workspace, path)), { recursive: true });
  writeFileSync(join(place.workspace, path), text);
}

function evaluate(...args: string[]): Promise<Outcome> {
  return place.powerbox(['eval', ...args]);
}

describe('powerbox eval', () => {
  it.each([
    ['a number', '1 + 1', '2\n'],
    ['a string as it is', '"one\\ntwo"', 'one\ntwo\n'],
    ['data as it would be written', '({ a: [1, "b"] })', "{ a: [ 1, 'b' ] }\n"],
    ['nothing when there is nothing', 'undefined', ''],
    ['what it waited for', 'await Promise.resolve(3)', '3\n'],
    ['a stream, item by item', '(async function* () { yield 1; yield "b"; })()', '1\nb\n'],
  ])('prints %s', async (_, code, stdout) => {
    expect(await evaluate('-e', code)).toEqual({ status: 0, stdout, stderr: '' });
  });

  it('prints JSON when it is asked to, a line for each item of a stream', async () => {
    const stream = await evaluate(
      '--json',
      '-e',
      '(async function* () { yield 1; yield [2n]; })()',
    );
    expect(stream.stdout).toBe('1\n["2"]\n');
    expect((await evaluate('--json', '-e', '"a"')).stdout).toBe('"a"\n');
    const object = await evaluate('--json', '-e', 'Far("far", { go: () => 1 })');
    expect(object).toMatchObject({ status: 65, stdout: '' });
    expect(object.stderr).toContain('[not-passable]');
  });

  it('shows the console on standard error, with nothing in it that a terminal would obey', async () => {
    const outcome = await evaluate('-e', 'console.log("\\x1b[2Jone\\n1"); console.error("two"); 3');
    expect(outcome).toMatchObject({ status: 0, stdout: '3\n' });
    expect(outcome.stderr).toBe('\\x1b[2Jone\n1\ntwo\n');
  });

  it('reads standard input, and files with the modules below their folder', async () => {
    const piped = await place.powerbox(['eval', '-'], { input: 'const n: number = 4; n' });
    expect(piped.stdout).toBe('4\n');
    put(
      'app/main.ts',
      'import { twice } from "./lib/twice.js";\nexport const n: number = twice(21);\nn',
    );
    put(
      'app/lib/twice.ts',
      'import { two } from "../two.js";\nexport const twice = (n: number): number => two * n;',
    );
    put('app/two.js', 'export const two = 2;');
    expect(await evaluate('app/main.ts')).toMatchObject({ status: 0, stdout: '42\n' });
  });

  it('imports packages that are named, and no others', async () => {
    const folder = 'packaged/node_modules/left';
    put(`${folder}/package.json`, '{"name":"left","exports":{".":{"import":"./dist/index.mjs"}}}');
    put(`${folder}/dist/index.mjs`, 'import { pad } from "./pad.mjs";\nexport default pad;');
    put(`${folder}/dist/pad.mjs`, 'export const pad = (text) => text.padStart(5);');
    put('packaged/main.js', 'import pad from "left";\npad("x")');
    expect((await evaluate('--package', 'left', 'packaged/main.js')).stdout).toBe('    x\n');
    const refused = await evaluate('packaged/main.js');
    expect(refused).toMatchObject({ status: 66, stdout: '' });
    expect(refused.stderr).toContain('[module-missing]');
  });

  it('reads nothing outside of the folder, neither by a path nor by a link', async () => {
    put('outside.js', 'export const secret = 1;');
    put('inside/up.js', 'import { secret } from "../outside.js";\nsecret');
    put('inside/link.js', 'import { secret } from "./linked.js";\nsecret');
    symlinkSync(join(place.workspace, 'outside.js'), join(place.workspace, 'inside/linked.js'));
    for (const file of ['inside/up.js', 'inside/link.js']) {
      const outcome = await evaluate(file);
      expect(outcome).toMatchObject({ status: 66, stdout: '' });
      expect(outcome.stderr).toContain('outside the folder');
    }
  });

  it('gives what is named, as narrow as it is said', async () => {
    const read = 'await repo.readText("a.txt")';
    const write = 'await repo.write("b.txt", "x")';
    expect((await evaluate('--give', 'repo=files:.', '-e', read)).stdout).toBe('hello\n');
    for (const narrow of [
      ['--give', 'repo=files:. only ro'],
      ['--give', 'repo=files:.', '--only', 'repo=ro'],
    ]) {
      expect((await evaluate(...narrow, '-e', read)).stdout).toBe('hello\n');
      const refused = await evaluate(...narrow, '-e', write);
      expect(refused.status).not.toBe(0);
      expect(refused.stderr).toContain('nothing may be written');
    }
    const once = ['--give', 'repo=files:.', '--budget', 'repo=uses=1'];
    expect((await evaluate(...once, '-e', `${read}; ${read}`)).stderr).toContain('uses');
  });

  it('says which name was not given, where, and how to give it', async () => {
    put('task.ts', 'const n: number = 1;\n\nawait repo.readText("a.txt");');
    const { status, stderr } = await evaluate('task.ts');
    expect(status).toBe(77);
    expect(stderr).toBe(
      'powerbox: Cannot evaluate task.ts: line 3 uses repo, which it was not given. Grant it with --give repo=POWER. [endowment-missing]\n',
    );
  });

  it('has the time and randomness only when they are given', async () => {
    expect((await evaluate('-e', 'Date.now()')).status).toBe(65);
    expect((await evaluate('-e', 'Math.random()')).status).toBe(65);
    const given = await evaluate(
      '--clock',
      '--random',
      '-e',
      'Date.now() > 1e12 && Math.random() < 1',
    );
    expect(given.stdout).toBe('true\n');
  });

  it.each([
    ['what it cannot read', ['-e', 'x = = 1'], 65, '[source-invalid]'],
    ['what throws', ['-e', 'throw new Error("its own words")'], 65, 'words (program:1:7). Look'],
    ['no such method', ['--give', 'a=files:.', '-e', 'a.no()'], 65, 'a has no method no.'],
    ['what takes too long', ['--timeout', '300ms', '-e', 'for (;;);'], 75, '[compartment-limit]'],
    ['a file that is not there', ['none.js'], 66, '[module-missing]'],
    ['nothing at all', [], 64, '[usage]'],
    ['a gift of nothing', ['--give', 'repo', '-e', '1'], 64, '[usage]'],
    ['a name twice', ['--give', 'a=files:.', '--give', 'a=files:.', '-e', '1'], 64, '[usage]'],
    ['a rule for what is not given', ['--only', 'a=ro', '-e', '1'], 64, '[usage]'],
    ['a guest that is not there', ['--as', 'nobody', '-e', '1'], 66, '[guest-unknown]'],
  ])('ends with the status of the table for %s', async (_, args, status, words) => {
    const outcome = await evaluate(...args);
    expect(outcome.stderr).toContain(words);
    expect(outcome).toMatchObject({ status, stdout: '' });
  });

  it('takes what a policy gives, once it was accepted, and what a person adds', async () => {
    const compartments = {
      reader: { powers: { repo: { power: 'files:.', only: ['ro'] } }, limits: { timeout: '10s' } },
    };
    put('policy/powerbox.json', JSON.stringify({ version: 1, compartments }));
    put('policy/own.txt', 'by the policy');
    const policy = ['--policy', 'policy/powerbox.json:reader'];
    const code = 'await repo.readText("own.txt")';
    expect((await evaluate(...policy, '-e', code)).stderr).toContain('[policy-not-accepted]');
    const accepted = await evaluate(...policy, '--accept-policy', '-e', code);
    expect(accepted.stdout).toBe('by the policy\n');
    expect((await evaluate(...policy, '-e', code)).stdout).toBe('by the policy\n');
    const wider = await evaluate(...policy, '--give', 'repo=files:.', '-e', code);
    expect(wider).toMatchObject({ status: 64, stdout: '' });
    const more = await evaluate(...policy, '--give', 'all=files:.', '-e', 'all.readText("a.txt")');
    expect(more.stdout).toBe('hello\n');
    expect((await evaluate('--policy', 'policy/powerbox.json:none', '-e', '1')).status).toBe(78);
  });

  it('ends the code at once when the person ends the command', async () => {
    const host = await connect({ home: place.home, start: false });
    try {
      let pid = 0;
      const going = place.powerbox(['eval', '--name', 'looping', '-e', 'for (;;);'], {
        onStart: (started) => {
          pid = started;
        },
      });
      const running = async (): Promise<number> => (await host.door.status()).compartments.running;
      await expect.poll(running, { timeout: 10_000 }).toBe(1);
      process.kill(pid, 'SIGINT');
      expect((await going).status).not.toBe(0);
      await expect.poll(running, { timeout: 10_000 }).toBe(0);
      expect((await host.door.guests(false)).map(({ name }) => name)).not.toContain('looping');
    } finally {
      await host.close();
    }
  });
});
