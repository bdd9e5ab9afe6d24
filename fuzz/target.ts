/** One parser, or another thing that eats foreign bytes, as the fuzzer drives it. */
export interface FuzzTarget {
  /** kebab-case: names its folder under `fuzz/repros`. */
  readonly name: string;
  /** Inputs to begin from; good ones and nearly good ones. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Words of the input's language, which changes put in: keywords, brackets, odd characters. */
  readonly words: readonly string[];
  /** Once before the first input, for what has to be loaded. */
  prepare?(): Promise<void>;
  /**
   * Feeds one input to the code and checks every promise about what comes out. To refuse an input
   * is no fault; to throw from here is. What it gives back names the kind of outcome (an error's
   * code, a shape); inputs with an outcome not seen before are changed further.
   */
  check(input: Uint8Array): string | Promise<string>;
}

/** The bytes as a program would read them that does not look closely. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}

/** Says that a promise is broken, by throwing. */
export function holds(promise: boolean, what: string): void {
  if (!promise) throw new Error(`not true: ${what}`);
}
