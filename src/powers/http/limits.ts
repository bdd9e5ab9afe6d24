/** Bounds of the http kind. A narrowing is data of a stranger, and so is what it judges. */

/** Longest body that is read whole to be judged; requests of APIs are a few KiB. */
export const JUDGED_BODY_BYTES_MAX = 1_048_576;

/** Deepest nesting of a body that is judged; GraphQL variables and documents stay far below. */
export const BODY_DEPTH_MAX = 64;

/** Alternatives of one narrowing: more than a person reads. */
export const ALTERNATIVES_MAX = 64;

/** How deep alternatives may hold alternatives: what `any` of `any` can say, one level can too. */
export const ALTERNATIVES_DEPTH_MAX = 3;

/** Alternatives in a whole narrowing, so that a verdict stays quick. */
export const ALTERNATIVES_TOTAL_MAX = 256;

/** Methods, keys, headers, fields or values that one list of a narrowing names. */
export const LIST_ITEMS_MAX = 256;

/** Longest text of one `--only` in words: more than a command line is written in. */
export const ONLY_CHARS_MAX = 16_384;

/** Longest JSON text of a narrowing, which is kept with its grant and sent to each egress. */
export const NARROWING_CHARS_MAX = 65_536;

/** Longest value that a narrowing names. */
export const VALUE_CHARS_MAX = 1024;

/** Levels of a JSON Pointer in a rule. */
export const POINTER_LEVELS_MAX = 16;

/** Values of a body that one rule with `*` looks at; a body of 1 MiB could hold a million. */
export const POINTER_VALUES_MAX = 10_000;

/** Pairs of a query that is judged; servers themselves stop at about a thousand. */
export const QUERY_PAIRS_MAX = 1024;

/** Tokens of a GraphQL document; clients' own stay below two thousand. */
export const GRAPHQL_TOKENS_MAX = 10_000;

/** Operations sent in one request as a list. */
export const GRAPHQL_BATCH_MAX = 32;

/** Bytes of an answer that `fetch` gives back whole; longer ones are read with `open`. */
export const FETCHED_BYTES_MAX = 8_388_608;

/** Bytes that one `read` of an answer gives at most. */
export const READ_BYTES_MAX = 1_048_576;
