import type { ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Protocol } from './dial.ts';
import { http2Head } from './http2-head.ts';
import type { KeptSession, Live } from './session.ts';
import type { Sessions, Waiting } from './sessions.ts';

/** A WebSocket that is to be begun (RFC 8441 section 5). */
export interface WebsocketRequest {
  /** Path and query. */
  readonly path: string;
  /** Flat list of names and values, Host first; what RFC 8441 leaves out is left out here. */
  readonly headers: string[];
  /** What the program speaks. */
  readonly preferred: Protocol;
}

/** What the stream itself takes the place of (RFC 8441 section 5), and what a request alone has. */
const REPLACED: readonly string[] = ['sec-websocket-key', 'te'];

/**
 * Opens the stream of a WebSocket in a session; its answer is yet to come (`response`). Null where
 * the upstream chose HTTP/1.1, or does not take extended CONNECT. Rejects with a PowerboxError.
 */
export function openWebsocket(
  sessions: Sessions,
  request: WebsocketRequest,
): Promise<ClientHttp2Stream | null> {
  const head = websocketHead(request);
  return new Promise((done, fail) => sessions.enter(new Opening(head, done, fail)));
}

function websocketHead({ path, headers }: WebsocketRequest): OutgoingHttpHeaders {
  const head = http2Head({ method: 'CONNECT', path, headers, body: null, preferred: 'h2' });
  for (const name of REPLACED) delete head[name];
  head[':protocol'] = 'websocket';
  return head;
}

class Opening implements Waiting, Live {
  readonly #head: OutgoingHttpHeaders;
  readonly #done: (stream: ClientHttp2Stream | null) => void;
  readonly fail: (error: unknown) => void;

  constructor(
    head: OutgoingHttpHeaders,
    done: (stream: ClientHttp2Stream | null) => void,
    fail: (error: unknown) => void,
  ) {
    this.#head = head;
    this.#done = done;
    this.fail = fail;
  }

  begin(session: KeptSession): void {
    session.whenTold((error) => {
      if (error !== null) this.fail(error);
      else if (session.takesExtendedConnect) this.#open(session);
      else this.#done(null);
    });
  }

  unspoken(): void {
    this.#done(null);
  }

  /** How long a WebSocket may be silent is not for its session to say. */
  sweep(): void {}

  refusedAfter(): void {}

  #open(session: KeptSession): void {
    try {
      const stream = session.begin(this.#head, false, this);
      // It may fail before whoever waits for it listens.
      stream.on('error', () => {});
      stream.once('close', () => session.over(this));
      this.#done(stream);
    } catch (error) {
      this.fail(error);
    }
  }
}
