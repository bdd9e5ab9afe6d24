import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { socketAddress } from '../../store/socket-address.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { LINK_REPLICA_CHARS_MAX } from '../../wire/limits.ts';
import { makeLineReader } from '../../wire/lines.ts';
import {
  type Ask,
  type Change,
  type FromDaemon,
  readFromDaemon,
  type ToDaemon,
  writeLink,
} from '../../wire/link.ts';
import { makeCalls } from './calls.ts';
import { RECONNECT_MS_MAX, RECONNECT_MS_MIN } from './limits.ts';

/** Where the daemon is, and what the egress of this box shows it. */
export interface LinkConfig {
  readonly socket: string;
  readonly box: string;
  readonly token: string;
}

/** The egress's connection to the daemon for one box; made anew whenever it is lost. */
export interface DaemonLink {
  /** Rejects with what the daemon says, or with `daemon-unreachable` at once when it is away. */
  ask(what: Ask['what'], signal?: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface LinkEvents {
  /** Applies a change and says how many uses it cut. */
  changed(change: Change): number;
  /** The daemon does not know this box: it will never get a grant again. */
  refused(reason: string): void;
}

export function openDaemonLink(config: LinkConfig, events: LinkEvents): DaemonLink {
  const calls = makeCalls();
  let socket: Socket | null = null;
  let pause = RECONNECT_MS_MIN;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function open(): void {
    const address = socketAddress(config.socket);
    const attempt = connect(address.path);
    const reader = makeLineReader(LINK_REPLICA_CHARS_MAX, onLine, () => attempt.destroy());
    attempt.setEncoding('utf8');
    attempt.on('connect', () => {
      address.close();
      socket = attempt;
      send({ type: 'hello', box: config.box, token: config.token, egress: ownProcess() });
    });
    attempt.on('data', (piece: string) => reader.write(piece));
    attempt.on('error', () => {});
    attempt.once('close', () => {
      address.close();
      if (socket === attempt) lost();
      if (closed) return;
      timer = setTimeout(open, pause);
      pause = Math.min(pause * 2, RECONNECT_MS_MAX);
    });
  }

  function send(message: ToDaemon): void {
    socket?.write(writeLink(message));
  }

  function lost(): void {
    socket = null;
    calls.failAll(unreachable());
  }

  function onLine(line: string): void {
    const message = readOrNull(line);
    if (message === null) {
      socket?.destroy();
    } else if (message.type === 'change') {
      pause = RECONNECT_MS_MIN;
      const cut = events.changed(message);
      send({ type: 'acknowledged', change: message.change, cut });
    } else if (message.type === 'answer') {
      calls.done(message.call, message.value);
    } else if (message.type === 'refused' && message.call !== null) {
      calls.fail(message.call, new PowerboxError(message.code, message.reason));
    } else if (message.type === 'refused') {
      if (message.code === 'session-refused') closed = true;
      events.refused(message.reason);
      socket?.destroy();
    }
  }

  open();
  return {
    ask(what, signal) {
      if (socket === null) return Promise.reject(unreachable());
      return calls.begin((call) => send({ type: 'ask', call, what }), signal);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.end(writeLink({ type: 'leaving' }));
      lost();
    },
  };
}

function readOrNull(line: string): FromDaemon | null {
  try {
    return readFromDaemon(line);
  } catch {
    return null;
  }
}

function unreachable(): PowerboxError {
  const reason = 'The daemon that counts and approves the uses of this grant is away.';
  return new PowerboxError('daemon-unreachable', reason);
}

/** This process by number and birth (proc(5), field 22 of stat). */
function ownProcess(): { pid: number; start: string } {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid: process.pid, start: fields[19] ?? '' };
}
