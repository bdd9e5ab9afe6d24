import type { Readable } from 'node:stream';
import type { Refusal } from '../refusal.ts';

/**
 * The program's end of one request, whatever it speaks: where the body comes from and the answer
 * goes to. Header lists are flat: name, value, name, value …
 */
export interface Caller {
  readonly protocol: 'http/1.1' | 'h2';
  readonly method: string;
  /** The body as it arrives; null where the head says that there is none. */
  readonly body: Readable | null;
  /** Bytes that the head declares for the body; null where it declares none. */
  readonly declaredBytes: number | null;
  /** The program sends its body only when it is told to go on (RFC 9110 section 10.1.1). */
  readonly waits: boolean;
  /** Tells it; does nothing where it does not wait. */
  goOn(): void;
  /** The head of an answer, or a refusal, was sent. */
  readonly answered: boolean;
  /** Nobody reads any more. */
  readonly gone: boolean;
  /** Sends the head of the answer. `bodiless`: none follows, whatever its headers say. */
  begin(status: number, message: string, headers: readonly string[], bodiless: boolean): void;
  /** False when the program reads slower than the upstream writes; `onDrain` tells when it goes on. */
  write(chunk: Buffer): boolean;
  onDrain(act: () => void): void;
  end(trailers: readonly string[]): void;
  /**
   * Answers in place of the upstream, and reads nothing more of the request; an answer that began
   * is cut. `ask` is the rule that would allow the request. Gives the status that was sent.
   */
  refuse(refusal: Refusal, ask: string | null): number;
  /** Answers with a value of our own. */
  reply(status: number, value: unknown): void;
  /** Ends an answer that began so that nobody can take it for whole. */
  cut(): void;
  /** The exchange is over: `whole` when all of the answer was sent. */
  onClose(act: (whole: boolean) => void): void;
}

/** Ends when the program does not wait for its answer any more. */
export function goneSignal(caller: {
  readonly gone: boolean;
  onClose(act: () => void): void;
}): AbortSignal {
  const controller = new AbortController();
  if (caller.gone) controller.abort();
  else caller.onClose(() => controller.abort());
  return controller.signal;
}
