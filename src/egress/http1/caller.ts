import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../exchange/caller.ts';
import type { Refusal } from '../refusal.ts';
import { sendJson, sendRefusal } from './send-refusal.ts';

interface Options {
  readonly box: string;
  readonly hasBody: boolean;
  /** It came with `Expect: 100-continue`. */
  readonly waits: boolean;
}

/** A request over HTTP/1.1. */
export function http1Caller(
  request: IncomingMessage,
  response: ServerResponse,
  options: Options,
): Caller {
  return new Http1Caller(request, response, options);
}

/** A class, because accessors of an object literal are made anew for every request. */
class Http1Caller implements Caller {
  readonly protocol = 'http/1.1';
  readonly method: string;
  readonly body: IncomingMessage | null;
  readonly declaredBytes: number | null;
  waits: boolean;
  readonly #response: ServerResponse;
  readonly #box: string;

  constructor(request: IncomingMessage, response: ServerResponse, options: Options) {
    const length = options.hasBody ? request.headers['content-length'] : undefined;
    this.method = request.method ?? '';
    this.body = options.hasBody ? request : null;
    this.declaredBytes = length === undefined ? null : Number(length);
    this.waits = options.waits;
    this.#response = response;
    this.#box = options.box;
  }

  goOn(): void {
    if (this.waits) this.#response.writeContinue();
    this.waits = false;
  }

  get answered(): boolean {
    return this.#response.headersSent;
  }

  get gone(): boolean {
    return this.#response.destroyed;
  }

  begin(status: number, message: string, headers: readonly string[]): void {
    const response = this.#response;
    response.sendDate = false;
    response.writeHead(status, message, headers as string[]);
    // A head that waits for its first body byte would stall event streams and long polls.
    setImmediate(() => {
      if (!response.writableEnded) response.flushHeaders();
    });
  }

  write(chunk: Buffer): boolean {
    return this.#response.write(chunk);
  }

  onDrain(act: () => void): void {
    this.#response.on('drain', act);
  }

  end(trailers: readonly string[]): void {
    if (trailers.length > 0) this.#response.addTrailers(inPairs(trailers));
    this.#response.end();
  }

  refuse(refusal: Refusal, ask: string | null): number {
    return sendRefusal(this.#response, refusal, this.#box, ask);
  }

  reply(status: number, value: unknown): void {
    sendJson(this.#response, status, value);
  }

  cut(): void {
    this.#response.destroy();
  }

  onClose(act: (whole: boolean) => void): void {
    const response = this.#response;
    response.once('close', () => act(response.writableFinished));
  }
}

function inPairs(flat: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as string, flat[i + 1] as string]);
  return pairs;
}
