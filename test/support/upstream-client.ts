import type { AnswerControl, AnswerHandler } from '../../src/egress/exchange/answer-handler.ts';
import { freezeTarget, type Target } from '../../src/egress/target.ts';
import type { DialOptions } from '../../src/egress/upstream/dial.ts';
import type { Upstreams } from '../../src/egress/upstream/pools.ts';
import type { OutgoingRequest } from '../../src/egress/upstream/send.ts';
import { canonicalHost } from '../../src/policy/host.ts';

/** What an exchange is told of one request. */
export interface Told {
  readonly status: number | null;
  readonly message: string;
  /** Flat list of names and values, as they came. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** How many pieces the body came in. */
  readonly pieces: number;
  readonly trailers: readonly string[];
  /** The head said that nothing follows. */
  readonly isWhole: boolean;
  readonly error: unknown;
  /** How often the request was about to be written. */
  readonly starts: number;
}

export interface AskOptions {
  /** Told of the control, once the request is about to be written. */
  readonly onStart?: (control: AnswerControl) => void;
  readonly onHead?: () => void;
  readonly onData?: (chunk: Buffer) => void;
}

/** A target that is served on this machine, and how it is dialled. */
export interface Place {
  readonly target: Target;
  readonly options: DialOptions;
}

export const UPSTREAM_NAME = 'api.acme.example';

export function placeAt(port: number, ca: string | null, name: string = UPSTREAM_NAME): Place {
  const host = canonicalHost(name);
  if (!host.ok) throw new Error(name);
  const target = freezeTarget(ca === null ? 'http' : 'https', host, port);
  const override = { connect: `127.0.0.1:${port}`, ...(ca === null ? {} : { ca }) };
  return { target, options: { override, addressNamed: false } };
}

export function requestFor(part: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'GET',
    path: '/',
    headers: ['host', UPSTREAM_NAME],
    body: null,
    preferred: 'h2',
    ...part,
  };
}

/** Sends one request and gathers what is told of it; never rejects. */
export function ask(
  upstreams: Upstreams,
  { target, options }: Place,
  part: Partial<OutgoingRequest> = {},
  { onStart, onHead, onData }: AskOptions = {},
): Promise<Told> {
  return new Promise((done) => {
    let head: Pick<Told, 'status' | 'message' | 'headers' | 'isWhole'> = {
      status: null,
      message: '',
      headers: [],
      isWhole: false,
    };
    let starts = 0;
    const chunks: Buffer[] = [];
    const finish = (error: unknown, trailers: readonly Buffer[]): void =>
      done({
        ...head,
        body: Buffer.concat(chunks),
        pieces: chunks.length,
        trailers: trailers.map(latin1),
        error,
        starts,
      });
    const handler: AnswerHandler = {
      start(control) {
        starts += 1;
        onStart?.(control);
      },
      head(status, message, raw, isWhole) {
        head = { status, message, headers: raw.map(latin1), isWhole };
        onHead?.();
      },
      data(chunk) {
        chunks.push(chunk);
        onData?.(chunk);
      },
      end: (trailers) => finish(null, trailers),
      fail: (error) => finish(error, []),
    };
    try {
      upstreams.send(target, options, requestFor(part), handler);
    } catch (error) {
      finish(error, []);
    }
  });
}

function latin1(bytes: Buffer): string {
  return bytes.toString('latin1');
}
