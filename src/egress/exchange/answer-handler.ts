/** What an exchange can do with an answer on its way: one upstream protocol each makes one. */
export interface AnswerControl {
  /** No more data is wanted for now. */
  pause(): void;
  resume(): void;
  /** Ends the request and its answer; `fail` may be called for it. */
  abort(reason: Error): void;
}

/**
 * Told of one request's way through an upstream. Every request that was sent ends with `end` or
 * `fail`; what comes after either is of no effect.
 */
export interface AnswerHandler {
  /** A connection was found, and the request is about to be written to it. */
  start(control: AnswerControl): void;
  /**
   * The head of the final answer; `raw` is names and values in turn, as bytes. `isWhole`: neither
   * data nor trailers follow.
   */
  head(status: number, message: string, raw: readonly Buffer[], isWhole: boolean): void;
  data(chunk: Buffer): void;
  end(rawTrailers: readonly Buffer[]): void;
  fail(error: unknown): void;
}
