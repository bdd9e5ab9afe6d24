import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../exchange/caller.ts';
import { sendJson, sendRefusal } from './send-refusal.ts';

/** A request over HTTP/1.1. `waits`: it came with `Expect: 100-continue`. */
export function http1Caller(
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly box: string; readonly hasBody: boolean; readonly waits: boolean },
): Caller {
  const length = request.headers['content-length'];
  let waits = options.waits;
  return {
    protocol: 'http/1.1',
    method: request.method ?? '',
    body: options.hasBody ? request : null,
    declaredBytes: length === undefined ? null : Number(length),
    get waits() {
      return waits;
    },
    goOn() {
      if (waits) response.writeContinue();
      waits = false;
    },
    get answered() {
      return response.headersSent;
    },
    get gone() {
      return response.destroyed;
    },
    begin(status, message, headers) {
      response.sendDate = false;
      response.writeHead(status, message, headers as string[]);
      // A head that waits for its first body byte would stall event streams and long polls.
      setImmediate(() => {
        if (!response.writableEnded) response.flushHeaders();
      });
    },
    write: (chunk) => response.write(chunk),
    onDrain: (act) => void response.on('drain', act),
    end(trailers) {
      if (trailers.length > 0) response.addTrailers(inPairs(trailers));
      response.end();
    },
    refuse: (refusal, ask) => sendRefusal(response, refusal, options.box, ask),
    reply: (status, value) => sendJson(response, status, value),
    cut: () => void response.destroy(),
    onClose: (act) => void response.once('close', () => act(response.writableFinished)),
  };
}

function inPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}
