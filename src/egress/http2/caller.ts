import type { Readable } from 'node:stream';
import { ERRORS } from '../../wire/errors.ts';
import type { Caller } from '../exchange/caller.ts';
import { TOKEN } from '../exchange/request-head.ts';
import { type Refusal, refusalBody } from '../refusal.ts';
import { FAULT } from './frames.ts';
import { sendGrpcRefusal } from './grpc-refusal.ts';
import type { Http2Stream } from './stream.ts';
import type { StreamTunnel } from './tunnel.ts';

/** What is known of a request when its caller is made. */
export interface Http2CallerOptions {
  readonly box: string;
  readonly method: string;
  readonly hasBody: boolean;
  readonly declaredBytes: number | null;
  /** It came with `Expect: 100-continue`. */
  readonly waits: boolean;
  /** It is one of gRPC, whose clients read no other refusals than gRPC's. */
  readonly grpc: boolean;
}

/** A request over HTTP/2. */
export function http2Caller(stream: Http2Stream, options: Http2CallerOptions): Caller {
  return new Http2Caller(stream, options);
}

/** A class, because accessors of an object literal are made anew for every request. */
class Http2Caller implements Caller {
  readonly protocol = 'h2';
  readonly method: string;
  readonly body: Readable | null;
  readonly declaredBytes: number | null;
  waits: boolean;
  readonly #stream: Http2Stream;
  readonly #box: string;
  readonly #grpc: boolean;

  constructor(stream: Http2Stream, options: Http2CallerOptions) {
    this.method = options.method;
    this.body = options.hasBody ? stream.body() : null;
    this.declaredBytes = options.declaredBytes;
    this.waits = options.waits;
    this.#stream = stream;
    this.#box = options.box;
    this.#grpc = options.grpc;
  }

  goOn(): void {
    if (this.waits) this.#stream.head(100, []);
    this.waits = false;
  }

  get answered(): boolean {
    return this.#stream.answered;
  }

  get gone(): boolean {
    return this.#stream.over;
  }

  begin(status: number, _: string, headers: readonly string[], bodiless: boolean): void {
    this.#stream.head(status, lowerCase(headers));
    if (bodiless) this.#stream.end([]);
  }

  write(chunk: Buffer): boolean {
    return this.#stream.write(chunk);
  }

  onDrain(act: () => void): void {
    this.#stream.onDrain(act);
  }

  end(trailers: readonly string[]): void {
    this.#stream.end(lowerCase(trailers));
  }

  refuse(refusal: Refusal, ask: string | null): number {
    const bodiless = this.method === 'HEAD';
    if (this.answered || this.gone) this.cut();
    else if (this.#grpc) sendGrpcRefusal(this.#stream, refusal);
    else sendRefusal(this.#stream, refusal, { box: this.#box, ask, bodiless });
    return ERRORS[refusal.code].http;
  }

  reply(status: number, value: unknown): void {
    const text = `${JSON.stringify(value)}\n`;
    const headers = ['cache-control', 'no-store'];
    sendJson(this.#stream, { status, headers, text, bodiless: this.method === 'HEAD' });
  }

  cut(): void {
    this.#stream.reset(FAULT.internal);
  }

  onClose(act: (whole: boolean) => void): void {
    this.#stream.onClose(act);
  }
}

/** A WebSocket that was asked for by an extended CONNECT. */
export function http2Tunnel(stream: Http2Stream, box: string): StreamTunnel {
  const duplex = stream.duplex();
  return {
    duplex,
    accept: (headers) => stream.head(200, lowerCase(headers)),
    refuse(refusal, ask) {
      if (stream.answered || stream.over) duplex.destroy();
      else sendRefusal(stream, refusal, { box, ask, bodiless: false });
      return ERRORS[refusal.code].http;
    },
    decline(status, headers, body) {
      stream.head(status, lowerCase(headers));
      stream.write(body);
      stream.end([]);
    },
  };
}

/** The same answer as over HTTP/1.1. The connection goes on: other requests are judged by themselves. */
export function sendRefusal(
  stream: Http2Stream,
  refusal: Refusal,
  {
    box,
    ask,
    bodiless,
  }: { readonly box: string; readonly ask: string | null; readonly bodiless: boolean },
): void {
  const headers = ['x-powerbox-code', refusal.code, 'cache-control', 'no-store'];
  const text = refusalBody(refusal, box, ask);
  sendJson(stream, { status: ERRORS[refusal.code].http, headers, text, bodiless });
}

function sendJson(
  stream: Http2Stream,
  answer: {
    readonly status: number;
    readonly headers: readonly string[];
    readonly text: string;
    readonly bodiless: boolean;
  },
): void {
  const bytes = Buffer.from(answer.text);
  const length = String(bytes.length);
  const type = ['content-type', 'application/json', 'content-length', length];
  stream.head(answer.status, [...type, ...answer.headers]);
  if (!answer.bodiless) stream.write(bytes);
  stream.end([]);
}

/** Header names as HTTP/2 has them (RFC 9113 section 8.2); what is no name is left out. */
function lowerCase(headers: readonly string[]): string[] {
  const sent: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (TOKEN.test(name)) sent.push(name.toLowerCase(), headers[i + 1] as string);
  }
  return sent;
}
