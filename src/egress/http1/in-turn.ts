import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The requests of one connection that came before an answer to the first of them was out. */
interface Line {
  /** The answer that is not out yet. */
  answering: ServerResponse | null;
  readonly waiting: (() => void)[];
}

const lines = new WeakMap<object, Line>();

/**
 * Serves requests that follow each other without waiting (RFC 9112 section 9.3.2) one by one: each
 * is judged and sent when the answer before it is out, and none after an answer that closes the
 * connection. Node never closes a response whose turn does not come, so a use that began for it
 * would never end. Nothing more is read while a request waits: heads wait in the box, not here.
 */
export function inTurn(
  { socket }: IncomingMessage,
  response: ServerResponse,
  serve: () => void,
): void {
  if (isClosing(socket)) return;
  const line = lines.get(socket) ?? { answering: null, waiting: [] };
  lines.set(socket, line);
  const begin = (): void => {
    line.answering = response;
    response.once('close', () => {
      line.answering = null;
      if (isClosing(socket)) return;
      const next = line.waiting.shift();
      if (next === undefined) return;
      if (line.waiting.length === 0) socket.resume();
      next();
    });
    serve();
  };
  if (line.answering !== null) {
    line.waiting.push(begin);
    socket.pause();
  } else {
    begin();
  }
}

/** What still comes on the connection is taken for no request. */
function isClosing(socket: Duplex): boolean {
  return socket.destroyed || socket.writableEnded;
}

/** Whether a connection may be handed to another protocol: nothing more will be written on it. */
export function isFree(socket: Duplex): boolean {
  return !isClosing(socket) && answering(socket) === null;
}

/** The answer of this connection that is not out yet; null where there is none. */
export function answering(socket: object): ServerResponse | null {
  return lines.get(socket)?.answering ?? null;
}
