import { connect as connectTo } from 'node:net';
import { RpcSession, type RpcStub } from 'capnweb';
import type { HostDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { lineWire } from './line-wire.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

/** A door of a daemon, as its peer holds it. */
export interface DoorClient<Door> {
  readonly door: Door;
  /** Resolves when the connection has ended, by whichever side. */
  readonly closed: Promise<void>;
  close(): void;
}

/** The host's door over the socket of a daemon. */
export type DaemonClient = DoorClient<RpcStub<HostDoor>>;

/** Throws `daemon-unreachable` when nobody listens there. Loads little: a command waits for it. */
export async function connect(socketPath: string): Promise<DaemonClient> {
  const socket = connectTo(socketPath);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (cause) => {
      reject(
        new PowerboxError('daemon-unreachable', `Cannot reach a daemon at ${socketPath}.`, {
          cause,
        }),
      );
    });
  });
  // Says that somebody is there, before there is anything to ask.
  socket.write('\n');
  return clientOf((events) => lineWire(socket, Buffer.alloc(0), events));
}

/** A session at a door, over whatever carries its messages. */
export function clientOf<Door>(open: (events: WireEvents) => WireEnd): DoorClient<Door> {
  const over = new AbortController();
  const closed = new Promise<void>((resolve) => {
    over.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const waiting: unknown[] = [];
  let taker: { resolve(message: unknown): void; reject(error: Error): void } | undefined;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    taker?.reject(failure);
  };
  const wire = open({
    message(text) {
      if (taker === undefined) waiting.push(text);
      else taker.resolve(text);
      taker = undefined;
    },
    failed: fail,
    drain: () => undefined,
    closed() {
      fail(new PowerboxError('daemon-unreachable', 'The connection to the daemon has ended.'));
      over.abort();
    },
  });
  const session = new RpcSession({
    send: (text: string) => wire.send(text),
    receive: () => {
      if (waiting.length > 0) return Promise.resolve(waiting.shift() as string);
      if (failure !== undefined) return Promise.reject(failure);
      return new Promise<string>((resolve, reject) => {
        taker = { resolve: (message) => resolve(message as string), reject };
      });
    },
    abort: () => wire.close(),
  });
  const door = session.getRemoteMain() as unknown as Door;
  return { door, closed, close: () => wire.close() };
}
