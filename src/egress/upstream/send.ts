import type { Readable } from 'node:stream';
import type { AnswerHandler } from '../exchange/answer-handler.ts';
import type { Target } from '../target.ts';
import type { DialOptions, Protocol } from './dial.ts';

/** A body that was read whole, one that still comes, or none. */
export type RequestBody = Uint8Array | Readable | null;

/** A request that may leave, as it goes on the wire. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Flat list of names and values, Host first. */
  readonly headers: string[];
  readonly body: RequestBody;
  /** What the program speaks: the upstream is spoken to likewise where it can. */
  readonly preferred: Protocol;
}

/** The way that is left where the upstream does not speak what a request would be sent in. */
export interface OtherWay {
  /** Nothing of the request was sent. Whatever goes wrong is told to the handler. */
  send(request: OutgoingRequest, handler: AnswerHandler): void;
}

/** Sends one request; throws a PowerboxError when the target is an address that may not be dialled. */
export type Send = (
  target: Target,
  options: DialOptions,
  request: OutgoingRequest,
  handler: AnswerHandler,
) => void;
