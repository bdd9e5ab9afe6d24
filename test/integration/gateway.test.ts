import { existsSync, statSync } from 'node:fs';
import { connect as connectTo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { CLOSING_MS_MAX } from '../../src/gateway/limits.ts';
import type { HostDoor } from '../../src/wire/doors.ts';
import { lookup, openGateway, PATIENCE, refusal, type Till } from '../support/gateway-harness.ts';
import { HOST } from '../support/kernel-fixture.ts';

/** The door of our client with its types as the contract has them. */
function plain(door: unknown): HostDoor {
  return door as HostDoor;
}

describe('the socket', () => {
  it('lies in the home, for its owner alone', async () => {
    const { doors, home } = await openGateway();
    expect(doors.socket).toBe(`${home}/powerbox.sock`);
    expect(statSync(doors.socket).mode & 0o777).toBe(0o600);
  });

  it('is the door of the host, in lines and as a WebSocket of a stock client', async () => {
    const gateway = await openGateway();
    const { door } = await gateway.host();
    expect(await door.whoami()).toEqual({ id: 'host', name: 'host' });
    const stock = await gateway.stockHost();
    expect(await stock.door.whoami()).toEqual({ id: 'host', name: 'host' });
    expect(await stock.door.status()).toMatchObject({
      sessions: 2,
      websocket: { port: gateway.doors.port },
    });
  });

  it('says with which code and hint something failed, and no more', async () => {
    const { host, errors } = await openGateway();
    const { door } = await host();
    const error = await door.lookup('nothing').catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      message: expect.stringMatching(/^\[name-unknown\] .*\.$/),
      code: 'name-unknown',
      hint: expect.any(String),
    });
    expect(Object.keys(error as object).sort()).toEqual(['code', 'hint']);
    expect(await refusal(plain(door).list(3 as unknown as string))).toMatch(/^\[call-invalid\]/);
    expect(errors).toEqual([]);
  });
});

describe('the end of the daemon', () => {
  it('is told to every session, and waits for none that does not listen', async () => {
    const gateway = await openGateway();
    const { door, closed } = await gateway.host();
    await door.whoami();
    const deaf = connectTo(gateway.doors.socket);
    deaf.on('error', () => undefined);
    await new Promise((resolve) => deaf.once('connect', resolve));
    const started = performance.now();
    await gateway.doors.close();
    expect(performance.now() - started).toBeLessThan(3 * CLOSING_MS_MAX);
    await closed;
    expect(await refusal(door.whoami())).toMatch(/^\[daemon-unreachable\]/);
    expect(existsSync(gateway.doors.socket)).toBe(false);
  });
});

describe('the host over its door', () => {
  it('adds guests, makes powers, grants, asks and revokes', async () => {
    const { host } = await openGateway();
    const door = plain((await host()).door);
    const guest = await door.addGuest('ann', 'a test');
    expect(guest).toMatchObject({ name: 'ann', grants: 0, removed: null });
    const power = await door.makePower('till:shop', 'shop', 'a test');
    expect(power).toMatchObject({ kind: 'till', text: 'till shop' });
    expect(power.declaration).toContain('put(amount: number): Promise<number>;');
    const grant = await door.grant({
      power: 'shop',
      to: 'ann',
      only: ['5'],
      budget: ['uses=3'],
      expires: '2h',
      as: 'money',
      reason: 'for the test',
    });
    expect(grant).toMatchObject({
      from: 'host',
      to: 'ann',
      only: ['5'],
      budget: ['uses=3'],
      names: ['money'],
      valid: { allow: true },
    });
    const ann = await door.guest('ann');
    expect(await ann.list('')).toEqual([
      { name: 'money', type: 'grant', id: grant.id, kind: 'till', text: 'till shop' },
    ]);
    expect(await ann.can('money', 'put', [6])).toMatchObject({ code: 'narrowing-refused' });
    expect(await ann.can('money', 'put', [5])).toEqual({ allow: true });
    const till = await lookup(ann, 'money');
    expect(await till.put(5)).toBe(5);
    const preview = await door.preview({ what: 'guest', id: 'ann' });
    expect(preview).toMatchObject({ grants: [{ id: grant.id }], guests: ['ann'], cut: 0 });
    await door.revoke({ what: 'grant', id: grant.id }, 'over');
    expect(await refusal(till.put(1))).toMatch(/^\[grant-revoked\]/);
    expect(await door.grants({ all: true, to: 'ann' })).toMatchObject([
      { id: grant.id, valid: { allow: false, code: 'grant-revoked' } },
    ]);
    await door.removeGuest('ann', 'over');
    expect(await refusal(ann.whoami())).toMatch(/^\[guest-unknown\]/);
  });

  it('makes a power of the words of a grant, once, and none when the grant cannot be given', async () => {
    const { host } = await openGateway();
    const door = plain((await host()).door);
    await door.addGuest('ann', '');
    await door.grant({ power: 'till:a', to: 'ann' });
    await door.grant({ power: 'till:a', to: 'ann' });
    expect(await door.powers()).toHaveLength(1);
    expect(await refusal(door.grant({ power: 'till:b', to: 'ann', as: '..' }))).toMatch(
      /^\[name-invalid\]/,
    );
    expect(await refusal(door.grant({ power: 'nothing:b', to: 'ann' }))).toMatch(
      /^\[kind-unknown\]/,
    );
    expect(await door.powers()).toHaveLength(1);
  });
});

describe('a guest over the port', () => {
  it('has its own directory and nothing of anybody else', async () => {
    const gateway = await openGateway();
    const [ann, ben] = [gateway.guest('ann'), gateway.guest('ben')];
    const parent = gateway.till();
    gateway.kernel.grant(HOST, { parent, to: ann, as: 'till' });
    const bens = gateway.kernel.grant(HOST, { parent, to: ben, as: 'other' });
    const { door } = await gateway.stockGuest(await gateway.token('ann'));
    expect(await door.whoami()).toEqual({ id: ann, name: 'ann' });
    expect((await door.list('')).map(({ name }) => name)).toEqual(['till']);
    expect(await (await lookup(door, 'till')).put(2)).toBe(2);
    expect(await refusal(door.lookup('other'))).toMatch(/^\[name-unknown\]/);
    expect(await refusal(door.lookup(bens.id))).toMatch(/^\[grant-unknown\]/);
    expect(await refusal(door.describe(parent))).toMatch(/^\[grant-unknown\]/);
    expect(await refusal(door.revoke({ what: 'grant', id: bens.id }, ''))).toMatch(
      /^\[grant-unknown\]/,
    );
    expect(await refusal(door.preview({ what: 'guest', id: 'ben' }))).toMatch(/^\[grant-unknown\]/);
    expect(await door.grants({ all: true })).toHaveLength(1);
    const host = door as unknown as HostDoor;
    expect(await refusal(host.addGuest('eve', ''))).toMatch(/^\[method-unknown\]/);
    expect(await refusal(host.powers())).toMatch(/^\[method-unknown\]/);
    // The same from the host, where it must work.
    expect(await plain((await gateway.host()).door).powers()).toHaveLength(1);
  });

  it('grants on, narrowed, and takes back what it gave', async () => {
    const gateway = await openGateway();
    gateway.guest('ben');
    const parent = gateway.till();
    gateway.kernel.grant(HOST, {
      parent,
      to: gateway.guest('ann'),
      as: 'till',
      narrowing: { most: 9 },
    });
    const ann = (await gateway.stockGuest(await gateway.token('ann'))).door;
    const ben = (await gateway.stockGuest(await gateway.token('ben'))).door;
    const given = await ann.grant({ power: 'till', to: 'ben', only: ['100'], as: 'mine' });
    const till = await lookup(ben, 'mine');
    expect(await till.put(9)).toBe(9);
    expect(await refusal(till.put(10))).toMatch(/^\[narrowing-refused\]/);
    // What another calls its things is not told.
    expect((await ann.grants({ to: 'ben' }))[0]).toMatchObject({ id: given.id, names: [] });
    await ann.revoke({ what: 'grant', id: given.id }, 'enough');
    expect(await refusal(till.put(1))).toMatch(/^\[grant-revoked\]/);
    expect(await refusal(ann.grant({ power: 'till:x', to: 'ben' }))).toMatch(/^\[name-/);
  });

  it('asks the host by mail, and is answered', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const ann = (await gateway.stockGuest(await gateway.token('ann'))).door;
    const host = plain((await gateway.host()).door);
    const asked = await ann.request({ kind: 'till', text: 'For change.', power: 'till:x' });
    const answered = ann.answered(asked.id);
    const [letter] = await host.inbox();
    expect(letter).toMatchObject({ from: 'ann', to: 'host', state: 'open', text: 'For change.' });
    await host.resolve(asked.id, { as: 'change' });
    expect(await answered).toMatchObject({ state: 'resolved' });
    expect(await (await lookup(ann, 'change')).sum()).toBe(0);
    expect(await refusal(host.resolve(asked.id, {}))).toMatch(/^\[mail-decided\]/);
  });

  it('loses its sessions when it is removed, and its token with it', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const token = await gateway.token('ann');
    const { door, socket } = await gateway.stockGuest(token);
    await door.whoami();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await plain((await gateway.host()).door).removeGuest('ann', 'over');
    await closed;
    await expect(gateway.stockGuest(token)).rejects.toThrow('401');
  });

  it('loses its session when its token expires', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    const host = plain((await gateway.host()).door);
    const { socket } = await gateway.stockGuest(await host.token('ann', 50));
    await new Promise((resolve) => socket.once('close', resolve));
    const later = await host.token('ann', 50);
    gateway.clock.now += 51;
    await expect(gateway.stockGuest(later)).rejects.toThrow('401');
  });
});

describe('a power in a session', () => {
  it('gives objects, takes callbacks, and knows what it gave when it comes back', async () => {
    const gateway = await openGateway();
    gateway.till();
    const { door } = await gateway.stockHost();
    await door.makePower('till:one', 'till', '');
    const till = await lookup(door, 'till');
    const drawer = await till.drawer();
    expect(await drawer.put(3)).toBe(3);
    const heard: unknown[] = [];
    expect(await till.each(async (sum: number) => heard.push(sum))).toBe(1);
    expect(heard).toEqual([3]);

    await till.keep(drawer);
    await till.keep(drawer);
    // The power was handed its own object, the same both times.
    expect(gateway.kept.size).toBe(1);
    const back = await till.keep(drawer);
    expect(await back.put(1)).toBe(4);
    expect(await till.keep(new Uint8Array([1, 2]))).toEqual(Buffer.from([1, 2]));
  });

  it('can be used before it has arrived', async () => {
    const gateway = await openGateway();
    const { door } = await gateway.stockHost();
    await door.makePower('till:one', 'till', '');
    const pipelined = door.lookup('till') as unknown as {
      drawer(): { put(n: number): Promise<number> };
    };
    expect(await pipelined.drawer().put(7)).toBe(7);
  });

  it('lets go of an object when the client does, and of everything at the end', async () => {
    const gateway = await openGateway();
    const { door, socket } = await gateway.stockHost();
    await door.makePower('till:one', 'till', '');
    const till = await lookup(door, 'till');
    const [first] = [await till.drawer(), await till.drawer()];
    first?.[Symbol.dispose]();
    await expect.poll(() => closedDrawers(gateway.log), PATIENCE).toBe(1);
    expect(await refusal((first as Till).put(1))).toMatch(/disposed/);
    socket.close();
    await expect.poll(() => closedDrawers(gateway.log), PATIENCE).toBe(2);
    await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
  });

  it('may end in the middle of its calls, and of those back', async () => {
    const gateway = await openGateway();
    const { door, socket } = await gateway.stockHost();
    await door.makePower('till:one', 'till', '');
    const till = await lookup(door, 'till');
    gateway.guest('ann');
    const asked = await door.request({ kind: 'till', text: 'Please.', to: 'ann' });
    const calls = [
      refusal(till.wait()),
      refusal(till.each(() => new Promise(() => undefined))),
      refusal(door.answered(asked.id)),
    ];
    await expect.poll(() => gateway.log, PATIENCE).toContain('each');
    socket.terminate();
    await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
    for (const call of calls) expect(await call).not.toBe('');
    await gateway.kernel.close();
    expect(gateway.errors).toEqual([]);
  });

  it('rejects what is in flight at once when its grant ends', async () => {
    const gateway = await openGateway();
    const parent = gateway.till();
    const grant = gateway.kernel.grant(HOST, { parent, to: gateway.guest('ann'), as: 'till' });
    const ann = (await gateway.stockGuest(await gateway.token('ann'))).door;
    const waiting = (await lookup(ann, 'till')).wait();
    const refused = refusal(waiting);
    await expect.poll(() => gateway.log, PATIENCE).toContain('wait');
    await plain((await gateway.host()).door).revoke({ what: 'grant', id: grant.id }, '');
    expect(await refused).toMatch(/^\[grant-revoked\]/);
  });
});

function closedDrawers(log: readonly string[]): number {
  return log.filter((line) => line === 'drawer closed').length;
}
