import { connect as connectTo, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import type { HostDoor } from '../../src/wire/doors.ts';
import { type Gateway, PATIENCE } from './gateway-harness.ts';
import { HOST } from './kernel-fixture.ts';

/** A peer that sends what it likes, line by line. */
export interface RawPeer {
  readonly socket: Socket;
  /** Every message that came, as data. */
  readonly heard: unknown[];
  send(message: unknown): void;
  /** The next message whose name begins with this. */
  hear(name: string): Promise<readonly unknown[]>;
  readonly closed: Promise<void>;
}

export async function rawPeer(gateway: Gateway): Promise<RawPeer> {
  const socket = connectTo(gateway.doors.socket);
  onTestFinished(() => void socket.destroy());
  const heard: unknown[] = [];
  let rest = '';
  socket.on('data', (chunk) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    heard.push(...lines.map((line) => JSON.parse(line) as unknown));
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise((resolve) => socket.once('connect', resolve));
  return {
    socket,
    heard,
    closed,
    send: (message) => void socket.write(`${JSON.stringify(message)}\n`),
    async hear(name) {
      const found = (): unknown =>
        heard.find((one) => Array.isArray(one) && String(one[0]).startsWith(name));
      await expect.poll(found, PATIENCE).toBeDefined();
      const [message] = heard.splice(heard.indexOf(found()), 1);
      return message as readonly unknown[];
    },
  };
}

/** The reason of the end of a session, as the peer was told. */
export async function endOf(peer: RawPeer): Promise<string> {
  const [, error] = await peer.hear('abort');
  await peer.closed;
  return String((error as readonly unknown[])[2]);
}

/** That nothing that was done to the daemon keeps it from others. */
export async function expectAlive(gateway: Gateway): Promise<void> {
  const { door, close } = await gateway.host();
  expect(await (door as unknown as HostDoor).whoami()).toEqual({ id: HOST, name: HOST });
  close();
}

/** A till of the host's, under the name `till`. */
export async function withTill(gateway: Gateway): Promise<void> {
  const { door, close } = await gateway.host();
  await (door as unknown as HostDoor).makePower('till:one', 'till', '');
  close();
  await expect.poll(() => gateway.doors.sessions(), PATIENCE).toBe(0);
}

/** A guest with a grant of that till, under the same name, and its session. */
export async function guestWithTill(
  gateway: Gateway,
  name: string,
): ReturnType<Gateway['stockGuest']> {
  await withTill(gateway);
  const to = gateway.guest(name);
  const parent = gateway.kernel.names.lookup(HOST, 'till');
  gateway.kernel.grant(HOST, { parent, to, as: 'till' });
  return gateway.stockGuest(await gateway.token(name));
}
