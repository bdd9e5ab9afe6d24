import type { Dispatcher, Pool } from 'undici';
import type { AnswerHandler } from '../exchange/answer-handler.ts';
import type { OutgoingRequest } from './send.ts';

/** Sends a request over HTTP/1.1 by the kept connections of `pool`. */
export function sendHttp1(
  pool: Pool,
  origin: string,
  request: OutgoingRequest,
  handler: AnswerHandler,
): void {
  const { method, path, headers, body } = request;
  pool.dispatch(
    { origin, path, method: method as Dispatcher.HttpMethod, headers, body },
    new Http1Answer(handler),
  );
}

/** What undici tells, in the words of an exchange. */
class Http1Answer implements Dispatcher.DispatchHandler {
  readonly #handler: AnswerHandler;

  constructor(handler: AnswerHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#handler.start(controller);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    message?: string,
  ): void {
    // RFC 9110 section 15.2: what comes before the final answer may be left out.
    if (status < 200) return;
    this.#handler.head(status, message ?? '', controller.rawHeaders as Buffer[]);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#handler.data(chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#handler.end((controller.rawTrailers ?? []) as Buffer[]);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#handler.fail(error);
  }
}
