import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Home } from '../store/home.ts';
import { socketAddress } from '../store/socket-address.ts';
import { type ErrorCode, PowerboxError } from '../wire/errors.ts';
import { LINK_REPLICA_CHARS_MAX } from '../wire/limits.ts';
import { makeLineReader } from '../wire/lines.ts';
import {
  type BoxOpened,
  type FromDaemon,
  type OpenBox,
  readFromDaemon,
  writeLink,
} from '../wire/link.ts';
import { LINK_ANSWER_MS_MAX } from './limits.ts';

/** Where starters and egresses meet the daemon of a home. */
export function linkPath(home: Home): string {
  return join(home.root, 'link.sock');
}

/**
 * Starts the daemon of a home, unless it runs; the command line knows which program that is.
 * `connect` gives a connection to it, or undefined while it takes none.
 */
export type DaemonStarter = (
  home: Home,
  connect: () => Promise<Socket | undefined>,
) => Promise<Socket>;

/** A box that the daemon knows, as its starter holds it. */
export interface LinkedBox {
  readonly guest: BoxOpened['guest'];
  readonly token: string;
  /** Ends what ends with the box. Never throws: a daemon that is away finds out by itself. */
  close(): Promise<void>;
}

/**
 * Makes a box known to the daemon, which is started when it does not run. Throws
 * `daemon-unreachable`, or what the daemon says is wrong with the box.
 */
export async function openLinkedBox(
  home: Home,
  start: DaemonStarter,
  box: Omit<OpenBox, 'type'>,
): Promise<LinkedBox> {
  const socket = await connectLink(home, start);
  const opened = await exchange(socket, { type: 'open-box', ...box }, 'box-opened');
  // It stays open, so that the daemon sees the end of this process; it keeps nothing running.
  socket.unref();
  const { guest, token } = opened as BoxOpened;
  const message = { type: 'close-box', box: box.box, token } as const;
  return {
    guest,
    token,
    async close() {
      try {
        socket.ref();
        const road = socket.destroyed ? await connectOnce(home) : socket;
        await exchange(road, message, 'box-closed');
        road.destroy();
      } catch {
        // The daemon is away; when it comes back it ends what belonged to boxes that are gone.
        socket.destroy();
      }
    },
  };
}

async function connectLink(home: Home, start: DaemonStarter): Promise<Socket> {
  const connection = () => connectOnce(home).catch(() => undefined);
  return (await connection()) ?? start(home, connection);
}

function connectOnce(home: Home): Promise<Socket> {
  const address = socketAddress(linkPath(home));
  return new Promise<Socket>((done, fail) => {
    const socket = connect(address.path);
    socket.once('error', fail);
    socket.once('connect', () => {
      socket.off('error', fail);
      socket.on('error', () => {});
      done(socket);
    });
  }).finally(() => address.close());
}

/** Sends one message and waits for the one answer to it. */
function exchange(
  socket: Socket,
  message: Parameters<typeof writeLink>[0],
  wanted: FromDaemon['type'],
): Promise<FromDaemon> {
  return new Promise((done, fail) => {
    const reader = makeLineReader(LINK_REPLICA_CHARS_MAX, onLine, () => onClose());
    const onData = (chunk: Buffer) => reader.write(chunk.toString('utf8'));
    const onClose = () => settle(() => fail(unreachable('it ended the connection')));
    const timer = setTimeout(
      () => settle(() => fail(unreachable('it does not answer'))),
      LINK_ANSWER_MS_MAX,
    );
    function settle(act: () => void): void {
      clearTimeout(timer);
      socket.off('data', onData);
      socket.off('close', onClose);
      act();
    }
    function onLine(line: string): void {
      try {
        const answer = readFromDaemon(line);
        if (answer.type === wanted) settle(() => done(answer));
        else if (answer.type === 'refused') {
          settle(() => fail(new PowerboxError(answer.code as ErrorCode, answer.reason)));
        }
      } catch (error) {
        settle(() => fail(error));
      }
    }
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.write(writeLink(message));
  });
}

function unreachable(why: string): PowerboxError {
  return new PowerboxError(
    'daemon-unreachable',
    `Cannot start the box: the daemon is away, ${why}.`,
  );
}
