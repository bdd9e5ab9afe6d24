import type { Duplex } from 'node:stream';
import type { BoxState } from '../box-egress.ts';
import type { Connection } from '../connection.ts';
import { type HeadResult, headerValues } from '../exchange/request-head.ts';
import { serve } from '../exchange/serve.ts';
import { refuseConnection } from '../refuse-connection.ts';
import { serveExtendedConnect } from '../websocket/extended-connect.ts';
import { http2Caller, http2Tunnel } from './caller.ts';
import { isGrpc } from './grpc-refusal.ts';
import type { HeaderBlock } from './header-blocks.ts';
import { HTTP2_LIMITS, type Http2Limits } from './limits.ts';
import { declaredBytes, readHttp2Head } from './request-head.ts';
import { Http2Session } from './session.ts';
import type { Http2Stream } from './stream.ts';

/** Serves HTTP/2 to boxes, on connections whose target is known. */
export interface Http2Server {
  /** Takes over a connection on which nothing was read yet. */
  accept(socket: Duplex, connection: Connection): void;
}

export function makeHttp2Server(limits: Http2Limits = HTTP2_LIMITS): Http2Server {
  const sessions = new Set<Http2Session>();
  /** Requests of each box that are open. */
  const open = new WeakMap<BoxState, number>();
  let timer: NodeJS.Timeout | null = null;
  /** Runs only while there is something to look at. */
  function watch(): void {
    timer ??= setInterval(() => {
      const now = Date.now();
      for (const session of sessions) {
        if (session.closed) sessions.delete(session);
        else session.check(now);
      }
      if (sessions.size > 0 || timer === null) return;
      clearInterval(timer);
      timer = null;
    }, limits.checkMs).unref();
  }
  /** False when the box has too many. */
  function count(box: BoxState, stream: Http2Stream): boolean {
    const others = open.get(box) ?? 0;
    open.set(box, others + 1);
    stream.onClose(() => open.set(box, (open.get(box) ?? 1) - 1));
    return others < limits.streamsOfBox;
  }
  return {
    accept(socket, connection) {
      const { box } = connection;
      const session = new Http2Session(socket, limits, {
        request: (stream, block) => answer(connection, stream, block, count(box, stream)),
        refused: (refusal) => refuseConnection(connection, refusal, () => {}),
      });
      sessions.add(session);
      watch();
    },
  };
}

/** One request, from its head on. */
function answer(
  connection: Connection,
  stream: Http2Stream,
  { fields, tooLong }: HeaderBlock,
  mayServe: boolean,
): void {
  const box = connection.box.config.box;
  const ended = stream.remoteEnded;
  const read: HeadResult = mayServe
    ? readHttp2Head({ fields, tooLong, ended })
    : { ok: false, code: 'limit-exceeded', reason: 'The box has too many requests open.' };
  const declared = read.ok ? declaredBytes(fields) : null;
  stream.expect(declared);
  if (read.ok && read.head.websocket) {
    void serveExtendedConnect(connection, read, http2Tunnel(stream, box));
    return;
  }
  const method = fields[fields.indexOf(':method') + 1] ?? '';
  const caller = http2Caller(stream, {
    box,
    method: read.ok ? read.head.method : method,
    hasBody: read.ok && read.head.hasBody,
    declaredBytes: declared,
    waits: headerValues(fields, 'expect').length > 0,
    grpc: isGrpc(headerValues(fields, 'content-type')[0]),
  });
  void serve(connection, read, caller);
}
