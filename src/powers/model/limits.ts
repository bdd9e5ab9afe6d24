/** Bounds of the kind `model`. */

/** Longest request body: a context of a million tokens, written as JSON. */
export const REQUEST_BYTES_MAX = 8 * 1024 ** 2;

/** Deepest nesting of a request body: schemas of tools nest, and none that works nests deeper. */
export const REQUEST_DEPTH_MAX = 64;

/** Most messages of a request; agents that work for hours reach some hundreds. */
export const MESSAGES_MAX = 10_000;

/** Longest answer that is not streamed. */
export const RESPONSE_BYTES_MAX = 32 * 1024 ** 2;

/** Longest event of a streamed answer. */
export const EVENT_BYTES_MAX = 4 * 1024 ** 2;

/** Longest name of a model, one line for a person. */
export const MODEL_CHARS_MAX = 256;

/** Most tokens that a request can ask for; no provider gives as many. */
export const TOKENS_MAX = 10_000_000;

/** Tokens of an answer that the request did not bound and the provider did not count. */
export const TOKENS_ASSUMED = 128_000;

/** Tokens that `chat` asks for when it is not told how many. */
export const TOKENS_DEFAULT = 4096;

/** Characters of a provider's own words that an error repeats. */
export const FAILURE_CHARS_MAX = 300;

/** Bytes of a failed answer that are read to explain it. */
export const FAILURE_BYTES_MAX = 16_384;

/** Dearest price, in microdollars for a million tokens: a thousand dollars. */
export const PRICE_MAX = 1_000_000_000;
