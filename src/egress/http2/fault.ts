import type { Refusal } from '../refusal.ts';

/** Why a session, or one stream of it, cannot go on: what the peer and the journal are told. */
export class Http2Fault extends Error {
  /** RFC 9113 section 7. */
  readonly number: number;
  readonly refusal: Refusal;

  constructor(number: number, code: Refusal['code'], what: string) {
    super(what);
    this.number = number;
    this.refusal = { code, reason: `The HTTP/2 connection was refused: ${what}.` };
  }
}

export function malformedFrame(number: number, what: string): Http2Fault {
  return new Http2Fault(number, 'request-malformed', what);
}

export function tooMuch(number: number, what: string): Http2Fault {
  return new Http2Fault(number, 'limit-exceeded', what);
}
