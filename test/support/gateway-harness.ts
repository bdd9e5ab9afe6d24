import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newWebSocketRpcSession, type RpcStub } from 'capnweb';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { AgentsSide } from '../../src/gateway/agents-side.ts';
import { connect, type DaemonClient } from '../../src/gateway/client.ts';
import type { Workers } from '../../src/gateway/compartments/worker.ts';
import { type Doors, openDoors } from '../../src/gateway/doors.ts';
import type { GuestDoor, HostDoor } from '../../src/wire/doors.ts';
import { type KernelFixture, kernelFixture } from './kernel-fixture.ts';

// The library's own transport asks for the platform's class, which Node has from version 22 on.
(globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket;

/** For tests that make no compartment. */
const NO_WORKERS: Workers = {
  warm: () => 0,
  onReady: () => undefined,
  take: () => Promise.reject(new Error('This test has no workers.')),
};

const NO_INFO = { pid: 1, version: '0', started: 0, boxes: [], guests: 0, grants: 0, pending: 0 };

/** For tests of everything but agents. */
const NO_AGENTS: AgentsSide = {
  start: () => Promise.reject(new Error('This test has no agents.')),
  runOf: () => {
    throw new Error('This test has no agents.');
  },
  conversation: () => {
    throw new Error('This test has no agents.');
  },
  list: () => [],
  remove: async () => undefined,
};

/** For what must come, on a machine that has much else to do. */
export const PATIENCE = { timeout: 20_000 };

/** The doors of a kernel that keeps tills, in a home of its own. */
export interface Gateway extends KernelFixture {
  readonly doors: Doors;
  readonly home: string;
  /** What the gateway told its daemon and nobody else. */
  readonly errors: unknown[];
  /** Our client, as the host. Closed when the test ends. */
  host(): Promise<DaemonClient>;
  /** A stock client of the library over the socket, as the host. */
  stockHost(): Promise<Stock<HostDoor>>;
  /** A stock client of the library over the port, as the guest of this token. */
  stockGuest(token: string): Promise<Stock<GuestDoor>>;
  token(guest: string): Promise<string>;
}

export interface Stock<Door extends object> {
  readonly door: Door & Disposable;
  readonly socket: WebSocket;
}

export async function openGateway(
  options: { port?: number | null; workers?: Workers } = {},
): Promise<Gateway> {
  const fixture = kernelFixture();
  const home = mkdtempSync(join(tmpdir(), 'powerbox-gateway-'));
  const errors: unknown[] = [];
  const doors = await openDoors({
    kernel: fixture.kernel,
    tokens: fixture.store.tokens,
    workers: options.workers ?? NO_WORKERS,
    home,
    port: options.port === undefined ? 0 : options.port,
    now: () => fixture.clock.now,
    daemon: {
      info: async () => ({ ...NO_INFO, home }),
      stop: () => undefined,
      running: () => null,
    },
    agents: () => NO_AGENTS,
    log: (error) => void errors.push(error),
  });
  onTestFinished(async () => {
    await doors.close();
    await fixture.kernel.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function host(): Promise<DaemonClient> {
    const client = await connect(doors.socket);
    onTestFinished(() => client.close());
    return client;
  }

  async function stock<Door extends object>(socket: WebSocket): Promise<Stock<Door>> {
    onTestFinished(() => socket.terminate());
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    const door = newWebSocketRpcSession(socket as unknown as globalThis.WebSocket);
    return { door: door as unknown as Door & Disposable, socket };
  }

  return {
    ...fixture,
    doors,
    home,
    errors,
    host,
    stockHost: () => stock(new WebSocket(`ws+unix://${doors.socket}:/`)),
    stockGuest: (token) =>
      stock(
        new WebSocket(`ws://127.0.0.1:${doors.port}/`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      ),
    async token(guest) {
      const { door } = await host();
      return (door as unknown as HostDoor).token(guest, null);
    },
  };
}

/** A power as a client holds it. */
export type Till = {
  sum(): Promise<number>;
  put(amount: number): Promise<number>;
  wait(): Promise<never>;
  drawer(): Promise<Till>;
  each(call: unknown): Promise<unknown>;
  keep<T>(thing: T): Promise<T>;
} & Disposable;

export async function lookup(
  door: Pick<GuestDoor, 'lookup'> | RpcStub<HostDoor>,
  path: string,
): Promise<Till> {
  return (await door.lookup(path)) as Till;
}

/**
 * The message that a call is refused with; empty when it is not. A promise of the library can be
 * called as a function, so nothing that would call a function may be asked about one.
 */
export async function refusal(call: PromiseLike<unknown>): Promise<string> {
  return call.then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
