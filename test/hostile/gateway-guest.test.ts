import { describe, expect, it } from 'vitest';
import {
  CALLBACKS_MAX,
  CALLS_MAX,
  GUEST_SESSIONS_MAX,
  HELD_BYTES_MAX,
  REFERENCES_MAX,
  UNSENT_BYTES_MAX,
} from '../../src/gateway/limits.ts';
import { lookup, openGateway, PATIENCE, refusal, type Till } from '../support/gateway-harness.ts';
import { HOST } from '../support/kernel-fixture.ts';
import { endOf, expectAlive, guestWithTill, rawPeer, withTill } from '../support/raw-peer.ts';

describe('a hostile guest', () => {
  it('calls nothing that its objects did not declare', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    let call = 1;
    const ask = async (object: number, path: readonly string[]): Promise<readonly unknown[]> => {
      call += 1;
      peer.send(['push', ['pipeline', object, path, ['return process']]]);
      peer.send(['pull', call]);
      return peer.hear('re');
    };
    for (const object of [0, 1]) {
      for (const path of [
        ['constructor'],
        ['toString'],
        ['hasOwnProperty'],
        ['__proto__'],
        ['__defineGetter__'],
        ['valueOf'],
        ['then'],
        ['dispose'],
        ['other'],
        ['constructor', 'constructor'],
        ['whoami', 'constructor'],
        ['sum', 'call'],
        ['sum', 'bind'],
      ]) {
        const [name, , error] = await ask(object, path);
        expect(name).toBe('reject');
        expect(String((error as unknown[])[2])).toMatch(/^\[method-unknown\]/);
      }
    }
    const [name, , answer] = await ask(1, ['keep']);
    expect([name, answer]).toEqual(['resolve', 'return process']);
  });

  it('cannot use a method without the object that it belongs to', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['sum']]]);
    peer.send(['push', ['pipeline', 2, [], []]]);
    peer.send(['pull', 3]);
    const [, , error] = await peer.hear('reject');
    expect(String((error as unknown[])[2])).toMatch(/^\[reference-closed\]/);
    expect(gateway.log).not.toContain('sum');
  });

  it('cannot name the objects of another session', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const [one, other] = [await rawPeer(gateway), await rawPeer(gateway)];
    one.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    one.send(['pull', 1]);
    const [, , exported] = await one.hear('resolve');
    expect(exported).toEqual(['export', -1]);
    // Where it was given it can be called by its number.
    one.send(['push', ['pipeline', -1, ['put'], [4]]]);
    one.send(['pull', 2]);
    expect((await one.hear('resolve'))[2]).toBe(4);
    other.send(['push', ['pipeline', -1, ['put'], [4]]]);
    expect(await endOf(other)).toMatch(/^\[reference-closed\]/);
    expect(gateway.log.filter((line) => line === 'put')).toHaveLength(1);
  });

  it('cannot hand its objects to another through a door that both can reach', async () => {
    const gateway = await openGateway();
    const ann = await guestWithTill(gateway, 'ann');
    const host = (await gateway.stockHost()).door;
    const anns = await host.guest('ann');
    const till = await lookup(host, 'till');
    // Another holder's object, in the same session even.
    const foreign = await lookup(anns, 'till');
    expect(await refusal(till.keep(foreign))).toMatch(/^\[call-invalid\]/);
    expect(await refusal(till.keep(host))).toMatch(/^\[call-invalid\]/);
    const own = await lookup(ann.door, 'till');
    const drawer = await own.drawer();
    expect(await (await own.keep(drawer)).put(1)).toBe(1);
  });

  it('cannot use what it let go of', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const peer = await rawPeer(gateway);
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['pull', 1]);
    await peer.hear('resolve');
    peer.send(['release', 1, 1]);
    peer.send(['push', ['pipeline', -1, ['sum'], []]]);
    peer.send(['pull', 2]);
    expect((await peer.hear('resolve'))[2]).toBe(0);
    peer.send(['release', -1, 1]);
    peer.send(['push', ['pipeline', -1, ['sum'], []]]);
    expect(await endOf(peer)).toMatch(/^\[reference-closed\]/);
    await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
  });

  it('cannot hold more powers than it may', async () => {
    const gateway = await openGateway();
    const { door, socket } = await guestWithTill(gateway, 'ann');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    const held: Till[] = [];
    const hold = async (): Promise<void> => {
      for (let count = 0; count <= REFERENCES_MAX; count += 1)
        held.push(await lookup(door, 'till'));
    };
    expect(await refusal(hold())).toMatch(/^\[session-limit\]/);
    expect(held).toHaveLength(REFERENCES_MAX);
    await closed;
    await expectAlive(gateway);
  });

  it('cannot have more calls going on than it may', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    const waiting = Array.from({ length: CALLS_MAX }, () => refusal(till.wait()));
    expect(await refusal(till.sum())).toMatch(/^\[session-limit\]/);
    const [grant] = gateway.kernel.grants({ to: gateway.kernel.principal('ann').id });
    await gateway.kernel.revoke(HOST, { grant: grant?.grant.id ?? '' }, '');
    for (const one of waiting) expect(await one).toMatch(/^\[grant-revoked\]/);
    expect(await door.whoami()).toMatchObject({ name: 'ann' });
  });

  it('cannot hold more answers than it may', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const peer = await rawPeer(gateway);
    const bytes = 1024 ** 2;
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['a'.repeat(bytes)]]]);
    // Each call is a few bytes, and each answer is large; none is ever asked for.
    const count = HELD_BYTES_MAX / bytes;
    for (let call = 0; call < count; call += 1) {
      peer.send(['push', ['pipeline', 1, ['keep'], [['pipeline', 2]]]]);
    }
    peer.send(['pull', count + 2]);
    const [name, , error] = await peer.hear('re');
    expect(name).toBe('reject');
    expect(String((error as unknown[])[2])).toMatch(/^\[session-limit\]/);
    // What it lets go of makes room.
    for (let call = 3; call < 12; call += 1) peer.send(['release', call, 1]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['b']]]);
    peer.send(['pull', count + 3]);
    expect((await peer.hear('resolve'))[2]).toBe('b');
  });

  it('is cut when it does not read what it asked for', async () => {
    const gateway = await openGateway({ port: null });
    await withTill(gateway);
    const peer = await rawPeer(gateway);
    const bytes = 1024 ** 2;
    peer.send(['push', ['pipeline', 0, ['lookup'], ['till']]]);
    peer.send(['push', ['pipeline', 1, ['keep'], ['a'.repeat(bytes)]]]);
    peer.send(['pull', 2]);
    await peer.hear('resolve');
    peer.socket.pause();
    for (let call = 3; call < 3 + 2 * (UNSENT_BYTES_MAX / bytes); call += 1) {
      peer.send(['push', ['pipeline', 1, ['keep'], [['pipeline', 2]]]]);
      peer.send(['pull', call]);
    }
    await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
    await expectAlive(gateway);
  });

  it('cannot pass a callback that outlives its session, or one that is an attack', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    expect(await till.each((sum: number) => sum + 1)).toBe(1);
    expect(
      await refusal(
        till.each(() => {
          throw new Error('mine');
        }),
      ),
    ).toMatch(/^\[power-failed\]/);
    await expect(till.each(() => () => 1)).resolves.toBeDefined();
    expect(await refusal(till.each(3))).toMatch(/^\[power-failed\]/);
    await expectAlive(gateway);
  });

  it('cannot be called back more often at once than it may', async () => {
    const gateway = await openGateway();
    const { door } = await guestWithTill(gateway, 'ann');
    const till = await lookup(door, 'till');
    let answer = (): void => undefined;
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const calls = Array.from({ length: CALLBACKS_MAX + 1 }, () =>
      refusal(till.each(() => silence)),
    );
    const refused = calls.at(-1) as Promise<string>;
    expect(await refused).toMatch(/^\[session-limit\]/);
    answer();
    expect(new Set(await Promise.all(calls.slice(0, -1)))).toEqual(new Set(['']));
  });

  it('has no more sessions than a guest may have', async () => {
    const gateway = await openGateway();
    gateway.guest('ann');
    gateway.guest('ben');
    const token = await gateway.token('ann');
    for (let count = 0; count < GUEST_SESSIONS_MAX; count += 1) await gateway.stockGuest(token);
    await expect(gateway.stockGuest(token)).rejects.toThrow('429');
    await gateway.stockGuest(await gateway.token('ben'));
  });
});
