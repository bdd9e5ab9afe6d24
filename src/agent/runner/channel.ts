import { Socket } from 'node:net';
import { RpcSession, type RpcStub } from 'capnweb';
import { makeLineReader } from '../../wire/lines.ts';
import type { RunnerSide } from '../../wire/runner.ts';

/** Longest line that is read; the daemon's answers are far shorter. */
const LINE_CHARS_MAX = 64 * 1024 ** 2;

/** Descriptors of a worker in its walls, as `boxes/compartment` makes them. */
const CHANNEL_FD = 1;
const HEARTBEAT_FD = 2;

/** Says that this thread is free: once at the begin, and whenever it is asked. */
export function answerHeartbeat(): void {
  const beat = new Socket({ fd: HEARTBEAT_FD, readable: true, writable: true });
  beat.on('error', () => process.exit(0));
  beat.on('data', (asked: Buffer) => void beat.write(new Uint8Array(asked.length)));
  beat.write(new Uint8Array(1));
}

/**
 * The daemon's side over the one channel of this process, which ends with it: without it there is
 * nothing that it could do.
 */
export function openChannel(): RpcStub<RunnerSide> {
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  const over = (): never => process.exit(0);
  const waiting: string[] = [];
  let taker: ((line: string) => void) | undefined;
  const lines = makeLineReader(
    LINE_CHARS_MAX,
    (line) => {
      if (line === '') return;
      if (taker === undefined) waiting.push(line);
      else taker(line);
      taker = undefined;
    },
    over,
  );
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => lines.write(piece));
  for (const event of ['end', 'error', 'close']) socket.on(event, over);
  const session = new RpcSession<RunnerSide>({
    send: (text: string) => void socket.write(`${text}\n`),
    receive: () =>
      waiting.length > 0
        ? Promise.resolve(waiting.shift() as string)
        : new Promise<string>((resolve) => {
            taker = resolve;
          }),
    abort: over,
  });
  return session.getRemoteMain();
}
