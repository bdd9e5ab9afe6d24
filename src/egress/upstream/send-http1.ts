import type { Dispatcher, Pool } from 'undici';
import type { AnswerHandler } from '../exchange/answer-handler.ts';
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

/** What undici tells, in the words of an exchange. */
class Http1Answer implements Dispatcher.DispatchHandler {
  readonly #request: OutgoingRequest;
  readonly #handler: AnswerHandler;
  readonly #other: OtherWay | null;

  constructor(request: OutgoingRequest, handler: AnswerHandler, other: OtherWay | null) {
    this.#request = request;
    this.#handler = handler;
    this.#other = other;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    let unwanted: Error | null = null;
    let begins = true;
    this.#handler.start({
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abort(reason) {
        if (begins) unwanted = reason;
        else controller.abort(reason);
      },
    });
    begins = false;
    // Nothing was written yet: what is thrown here ends the request alone, an abort the connection.
    if (unwanted !== null) throw unwanted;
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
