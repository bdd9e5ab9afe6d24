import type { Pool } from 'undici';
import {
  RESPONSE_HEAD_BYTES_MAX,
  RESPONSE_HEAD_MS_MAX,
  RESPONSE_IDLE_MS_MAX,
  UPSTREAM_CONNECTIONS_MAX,
  UPSTREAMS_MAX,
} from '../limits.ts';
import { originOf, type Target } from '../target.ts';
import { type DialOptions, dial, literalRefusal } from './dial.ts';
import type { Send } from './send.ts';
import { sendHttp1 } from './send-http1.ts';
import { undiciPool } from './undici-pool.ts';

/** The kept connections of one box. They are never shared between boxes, nor between targets. */
export interface Upstreams {
  readonly send: Send;
  /** Cuts everything that is in flight. */
  destroy(): void;
}

export function makeUpstreams(): Upstreams {
  // Insertion order is use order: a pool that is used moves to the end.
  const pools = new Map<string, Pool>();
  function poolFor(target: Target, options: DialOptions): Pool {
    const key = `${originOf(target)} ${options.addressNamed}`;
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = makePool(target, options);
      if (pools.size >= UPSTREAMS_MAX) closeOldest(pools);
    } else {
      pools.delete(key);
    }
    pools.set(key, pool);
    return pool;
  }

  return {
    send(target, options, request, handler) {
      const refusal = literalRefusal(target, options);
      if (refusal !== null) throw refusal;
      sendHttp1(poolFor(target, options), originOf(target), request, handler);
    },
    destroy() {
      for (const pool of pools.values()) pool.destroy().catch(() => {});
      pools.clear();
    },
  };
}

function makePool(target: Target, options: DialOptions): Pool {
  const UpstreamPool = undiciPool();
  return new UpstreamPool(originOf(target), {
    connect: (_, callback) =>
      dial(target, options, (error, socket) => {
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

function closeOldest(pools: Map<string, Pool>): void {
  const oldest = pools.entries().next().value;
  if (oldest === undefined) return;
  pools.delete(oldest[0]);
  oldest[1].close().catch(() => {});
}
