import type { Duplex, Readable } from 'node:stream';
import type { Refusal } from '../refusal.ts';

/**
 * The program's end of a WebSocket, whatever carries it. Header lists are flat: name, value, name,
 * value …
 */
export interface SocketCaller {
  readonly protocol: 'http/1.1' | 'h2';
  /** Nobody waits any more. */
  readonly gone: boolean;
  /** Says yes; what comes and goes from then on are frames. */
  accept(headers: readonly string[]): Duplex;
  /** Passes on an answer that is no WebSocket, for example 426. */
  decline(status: number, message: string, headers: readonly string[], body: Readable): void;
  /** Answers in place of the upstream. `ask` is the rule that would allow it. */
  refuse(refusal: Refusal, ask: string | null): number;
  /** Ends everything at once. */
  cut(): void;
  onClose(act: () => void): void;
}
