import type { Dispatcher, Pool } from 'undici';
import type { AnswerControl, AnswerHandler } from '../exchange/answer-handler.ts';
import { speaksNoneOffered } from './dial.ts';
import type { OtherWay, OutgoingRequest } from './send.ts';

/**
 * Sends a request over HTTP/1.1 by the kept connections of `pool`; by `other` where the upstream
 * turns out not to speak it.
 */
export function sendHttp1(
  pool: Pool,
  origin: string,
  request: OutgoingRequest,
  handler: AnswerHandler,
  other: OtherWay | null,
): void {
  const { method, path, headers, body } = request;
  pool.dispatch(
    { origin, path, method: method as Dispatcher.HttpMethod, headers, body },
    new Http1Answer(request, handler, other),
  );
}

/** What undici tells, in the words of an exchange, and what the exchange can do. */
class Http1Answer implements Dispatcher.DispatchHandler, AnswerControl {
  readonly #request: OutgoingRequest;
  readonly #handler: AnswerHandler;
  readonly #other: OtherWay | null;
  #controller: Dispatcher.DispatchController | null = null;
  /** Why a request is not to be sent that is just about to be; null where it is. */
  #unwanted: Error | null = null;
  #begins = false;

  constructor(request: OutgoingRequest, handler: AnswerHandler, other: OtherWay | null) {
    this.#request = request;
    this.#handler = handler;
    this.#other = other;
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  abort(reason: Error): void {
    if (this.#begins) this.#unwanted = reason;
    else this.#controller?.abort(reason);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#begins = true;
    this.#handler.start(this);
    this.#begins = false;
    // Nothing was written yet: what is thrown here ends the request alone, an abort the connection.
    if (this.#unwanted !== null) throw this.#unwanted;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    // RFC 9110 section 15.2: what comes before the final answer may be left out.
    if (status < 200) return;
    this.#handler.head(status, message ?? '', controller.rawHeaders as Buffer[], false);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.data(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#handler.end((controller.rawTrailers ?? []) as Buffer[]);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#other === null || !speaksNoneOffered(error)) this.#handler.fail(error);
    else this.#other.send(this.#request, this.#handler);
  }
}
