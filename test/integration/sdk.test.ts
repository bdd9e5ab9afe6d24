import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Far, type Powerbox, PowerboxError } from '../../src/sdk/index.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';
import { ROOT } from '../support/repository.ts';

let place: DaemonPlace;
let powerbox: Powerbox;

beforeAll(async () => {
  place = makeDaemonPlace();
  await place.json('daemon', 'start');
  powerbox = await connect({ home: place.home, start: false });
  writeFileSync(join(place.workspace, 'a.txt'), 'hello');
});
afterAll(async () => {
  await powerbox?.close();
  place?.close();
});

describe('the package as it is built', () => {
  it('starts a daemon, evaluates, and leaves nothing open', () => {
    const own = makeDaemonPlace();
    try {
      mkdirSync(join(own.workspace, 'node_modules'));
      symlinkSync(ROOT, join(own.workspace, 'node_modules/powerbox'));
      const program = `
        import { connect, PowerboxError } from 'powerbox';
        const powerbox = await connect();
        const box = await powerbox.compartment({ give: { repo: 'files:${own.workspace}' } });
        const list = await box.evaluate('repo.list("")');
        const failed = await box.evaluate('none').catch((error) => error);
        console.log(JSON.stringify([list.length, failed instanceof PowerboxError, failed.code]));
        await box.close();
        await powerbox.close();`;
      writeFileSync(join(own.workspace, 'program.mjs'), program);
      const env = { PATH: process.env.PATH ?? '', HOME: own.workspace, POWERBOX_HOME: own.home };
      const options = { cwd: own.workspace, env, encoding: 'utf8', timeout: 20_000 } as const;
      const said = execFileSync(process.execPath, ['program.mjs'], options);
      expect(JSON.parse(said)).toEqual([2, true, 'endowment-missing']);
    } finally {
      own.close();
    }
  });
});

describe('a session', () => {
  it('is a guest with its token, over the port, and nothing more', async () => {
    await powerbox.door.addGuest('eve', 'a test');
    await powerbox.door.grant({ power: `files:${place.workspace}`, to: 'eve', as: 'repo' });
    const token = await powerbox.door.token('eve', null);
    const { websocket } = await powerbox.door.status();
    const port = websocket?.port ?? 0;
    const eve = await connect({ token, port });
    try {
      expect(await eve.door.whoami()).toMatchObject({ name: 'eve' });
      const repo = await eve.lookup('repo');
      expect(await repo.readText?.('a.txt')).toBe('hello');
      const box = await eve.compartment({ name: 'tool', give: { repo } });
      expect(await box.info()).toMatchObject({ guest: 'eve.tool', maker: 'eve' });
      expect(await box.evaluate('repo.readText("a.txt")')).toBe('hello');
      const refused = eve.compartment({ give: { other: 'files:/etc' } });
      await expect(refused).rejects.toMatchObject({ code: 'name-invalid' });
    } finally {
      await eve.close();
    }
    const wrong = connect({ token: `${token}x`, port });
    await expect(wrong).rejects.toMatchObject({ code: 'session-refused' });
    await powerbox.door.removeGuest('eve', 'the test is over');
  });

  it('throws errors with the codes of the table, and as its own class', async () => {
    const box = await powerbox.compartment();
    const error = await box.evaluate('throw new TypeError("mine")').catch((thrown) => thrown);
    expect(error).toBeInstanceOf(PowerboxError);
    expect(error).toMatchObject({ code: 'evaluation-failed' });
    expect(String(error)).toContain('TypeError: mine');
    const far = await box.evaluate<Far>('Far("far", { fail() { throw new Error("its own"); } })');
    await expect(far.fail?.()).rejects.toMatchObject({ code: 'evaluation-failed' });
    await box.close();
    await box.close();
    await expect(powerbox.lookup('none')).rejects.toMatchObject({ code: 'name-unknown' });
    const text = `files:${place.workspace}`;
    await powerbox.door.makePower(text, 'narrow', 'a test');
    const power = await powerbox.lookup('narrow');
    await expect(power.readText?.('none')).rejects.toBeInstanceOf(PowerboxError);
  });

  it('says what is wrong of whatever a program without types hands in', async () => {
    const any = powerbox as unknown as Record<string, (words: unknown) => Promise<unknown>>;
    const box = (await any.compartment?.({})) as Record<string, (words: unknown) => unknown>;
    const wrong: readonly (readonly [string, () => unknown])[] = [
      ['give an object', () => connect(5 as never)],
      ['"hom" is none of home, start', () => connect({ hom: 1 } as never)],
      ['give an object', () => any.compartment?.(null)],
      ['give an object', () => any.compartment?.({ give: 1 })],
      ['Cannot give a: give an object', () => any.compartment?.({ give: { a: 1 } })],
      ['no source', () => box.evaluate?.(undefined)],
      ['no source', () => box.evaluate?.(5)],
      ['no plain data', () => box.evaluate?.({ code: 'x', with: { x: Symbol('x') } })],
    ];
    for (const [says, work] of wrong) {
      const failed = await (async () => work())().catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(PowerboxError);
      expect((failed as PowerboxError).message).toContain(says);
    }
    await box.close?.('');
  });

  it('passes objects of its own only where they came from', async () => {
    const [one, two] = await Promise.all([powerbox.compartment(), powerbox.compartment()]);
    const far = await one.evaluate<Far>('Far("far", { echo: (thing) => thing })');
    const foreign = await two.evaluate<Far>('Far("other", { echo: (thing) => thing })');
    await expect(far.echo?.(foreign)).rejects.toMatchObject({ code: 'not-passable' });
    expect(await far.echo?.({ deep: [{ bytes: new Uint8Array([1]), at: new Date(1) }] })).toEqual({
      deep: [{ bytes: new Uint8Array([1]), at: new Date(1) }],
    });
    const error = await far.echo?.(new RangeError('data'));
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'RangeError', message: 'data' });
    await Promise.all([one.close(), two.close()]);
  });
});
