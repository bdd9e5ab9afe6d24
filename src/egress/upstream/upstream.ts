import type { Socket } from 'node:net';
import type { Pool } from 'undici';
import type { AnswerHandler } from '../exchange/answer-handler.ts';
import {
  RESPONSE_HEAD_BYTES_MAX,
  RESPONSE_HEAD_MS_MAX,
  RESPONSE_IDLE_MS_MAX,
  UPSTREAM_CONNECTIONS_MAX,
} from '../limits.ts';
import { originOf, type Target } from '../target.ts';
import { type DialOptions, dial, type Protocol } from './dial.ts';
import { PROTOCOL_KNOWN_MS_MAX } from './limits.ts';
import type { OtherWay, OutgoingRequest } from './send.ts';
import { sendHttp1 } from './send-http1.ts';
import { sendHttp2 } from './send-http2.ts';
import { makeSessions, type Sessions } from './sessions.ts';
import { makeSpares } from './spares.ts';
import type { Times } from './times.ts';
import { undiciPool } from './undici-pool.ts';
import { openWebsocket, type WebsocketRequest, type WebsocketStream } from './websocket-stream.ts';

/** One target of one box: its kept connections, and what is known of the protocols it speaks. */
export interface Upstream {
  send(request: OutgoingRequest, handler: AnswerHandler): void;
  openWebsocketStream(request: WebsocketRequest): Promise<WebsocketStream | null>;
  /** Takes nothing new, and lets end what is under way. */
  close(): void;
  /** Cuts everything. */
  destroy(): void;
}

const EITHER: readonly Protocol[] = ['h2', 'http/1.1'];

/**
 * A program that speaks HTTP/2 is offered on as such, one that speaks HTTP/1.1 as HTTP/1.1; where
 * the upstream lacks it, it is sent the other. A request changes so once at most.
 */
export function makeUpstream(target: Target, options: DialOptions, times: Times): Upstream {
  return new OpenUpstream(target, options, times);
}

class OpenUpstream implements Upstream {
  readonly #target: Target;
  readonly #options: DialOptions;
  readonly #times: Times;
  readonly #origin: string;
  readonly #spares = makeSpares();
  /** When a protocol that the upstream lacks may be there again. */
  readonly #lacking: Record<Protocol, number> = { h2: 0, 'http/1.1': 0 };
  #pool: Pool | null = null;
  #sessions: Sessions | null = null;
  /** The ways for what was tried the other way first. */
  readonly #overHttp1: OtherWay = {
    send: (request, handler) => sendHttp1(this.#openPool(), this.#origin, request, handler, null),
  };
  readonly #overHttp2: OtherWay = {
    send: (request, handler) => {
      this.#learn('h2');
      sendHttp2(this.#openSessions(), request, handler, null);
    },
  };

  constructor(target: Target, options: DialOptions, times: Times) {
    this.#target = target;
    this.#options = options;
    this.#times = times;
    this.#origin = originOf(target);
  }

  send(request: OutgoingRequest, handler: AnswerHandler): void {
    if (this.#meansHttp2(request.preferred)) {
      sendHttp2(this.#openSessions(), request, handler, this.#overHttp1);
    } else {
      sendHttp1(this.#openPool(), this.#origin, request, handler, this.#overHttp2);
    }
  }

  async openWebsocketStream(request: WebsocketRequest): Promise<WebsocketStream | null> {
    if (!this.#meansHttp2(request.preferred)) return null;
    return openWebsocket(this.#openSessions(), request);
  }

  close(): void {
    this.#pool?.close().catch(() => {});
    this.#sessions?.close();
    this.#spares.close();
  }

  destroy(): void {
    this.#pool?.destroy().catch(() => {});
    this.#sessions?.destroy();
    this.#spares.close();
  }

  #meansHttp2(preferred: Protocol): boolean {
    if (this.#target.scheme !== 'https') return false;
    return preferred === 'h2' ? !this.#lacks('h2') : this.#lacks('http/1.1');
  }

  #lacks(protocol: Protocol): boolean {
    return this.#lacking[protocol] > performance.now();
  }

  /** It speaks one protocol, and was offered the other. */
  #learn(spoken: Protocol): void {
    const other = spoken === 'h2' ? 'http/1.1' : 'h2';
    this.#lacking[spoken] = 0;
    this.#lacking[other] = performance.now() + PROTOCOL_KNOWN_MS_MAX;
  }

  #openPool(): Pool {
    this.#pool ??= makePool(this.#origin, (done) => {
      const spare = this.#spares.take();
      if (spare === null) dial(this.#target, this.#options, done);
      // undici waits for its connections; one that is there at once goes unnoticed.
      else process.nextTick(done, null, spare);
    });
    return this.#pool;
  }

  #openSessions(): Sessions {
    this.#sessions ??= makeSessions({
      times: this.#times,
      dial: (done) => dial(this.#target, this.#options, done, EITHER),
      spare: (socket) => {
        this.#learn('http/1.1');
        this.#spares.add(socket);
      },
    });
    return this.#sessions;
  }
}

function makePool(
  origin: string,
  connect: (done: (error: Error | null, socket: Socket | null) => void) => void,
): Pool {
  const UpstreamPool = undiciPool();
  return new UpstreamPool(origin, {
    connect: (_, callback) =>
      connect((error, socket) => {
        if (socket === null) callback(error ?? new Error('not connected'), null);
        else callback(null, socket);
      }),
    connections: UPSTREAM_CONNECTIONS_MAX,
    pipelining: 1,
    headersTimeout: RESPONSE_HEAD_MS_MAX,
    bodyTimeout: RESPONSE_IDLE_MS_MAX,
    maxHeaderSize: RESPONSE_HEAD_BYTES_MAX,
  });
}
