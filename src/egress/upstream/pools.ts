import { UPSTREAMS_MAX } from '../limits.ts';
import { originOf, type Target } from '../target.ts';
import { type DialOptions, literalRefusal } from './dial.ts';
import type { Send } from './send.ts';
import { TIMES, type Times } from './times.ts';
import { makeUpstream, type Upstream } from './upstream.ts';
import type { WebsocketRequest, WebsocketStream } from './websocket-stream.ts';

/** The kept connections of one box. They are never shared between boxes, nor between targets. */
export interface Upstreams {
  readonly send: Send;
  /**
   * Opens the stream of a WebSocket over HTTP/2 (RFC 8441), in a session that is kept with the
   * others; its answer is yet to come (`response`). Null where a WebSocket has to begin with an
   * upgrade of HTTP/1.1: the upstream does not speak h2, or takes no extended CONNECT, or the program
   * speaks HTTP/1.1 and the upstream is not known to lack it. Rejects with a PowerboxError.
   */
  openWebsocketStream(
    target: Target,
    options: DialOptions,
    request: WebsocketRequest,
  ): Promise<WebsocketStream | null>;
  /** Cuts everything that is in flight. */
  destroy(): void;
}

export function makeUpstreams(times: Times = TIMES): Upstreams {
  // Insertion order is use order: an upstream that is used moves to the end.
  const upstreams = new Map<string, Upstream>();
  function upstreamFor(target: Target, options: DialOptions): Upstream {
    const refusal = literalRefusal(target, options);
    if (refusal !== null) throw refusal;
    const key = `${originOf(target)} ${options.addressNamed}`;
    let upstream = upstreams.get(key);
    if (upstream === undefined) {
      upstream = makeUpstream(target, options, times);
      if (upstreams.size >= UPSTREAMS_MAX) closeOldest(upstreams);
    } else {
      upstreams.delete(key);
    }
    upstreams.set(key, upstream);
    return upstream;
  }

  return {
    send(target, options, request, handler) {
      upstreamFor(target, options).send(request, handler);
    },
    async openWebsocketStream(target, options, request) {
      return upstreamFor(target, options).openWebsocketStream(request);
    },
    destroy() {
      for (const upstream of upstreams.values()) upstream.destroy();
      upstreams.clear();
    },
  };
}

function closeOldest(upstreams: Map<string, Upstream>): void {
  const oldest = upstreams.entries().next().value;
  if (oldest === undefined) return;
  upstreams.delete(oldest[0]);
  oldest[1].close();
}
