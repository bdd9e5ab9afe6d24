import type { Duplex } from 'node:stream';
import type { Refusal } from '../refusal.ts';

/**
 * A stream that an extended CONNECT opened (RFC 8441): nothing was answered yet. Exactly one of
 * `accept` and `refuse` is called, once.
 */
export interface StreamTunnel {
  /**
   * The bytes of both ways. What the program sends may be read at once; what is written waits for
   * `accept`. Its end is the end of the stream, to destroy it resets the stream.
   */
  readonly duplex: Duplex;
  /** Answers with the status 200; `headers` is a flat list of names and values, lower-case. */
  accept(headers: readonly string[]): void;
  /** Answers with a refusal, as any other request is refused. Gives the status that was sent. */
  refuse(refusal: Refusal, ask: string | null): number;
  /** Answers with another status than 200 and a body, as an upstream does that declines. */
  decline(status: number, headers: readonly string[], body: Buffer): void;
}
