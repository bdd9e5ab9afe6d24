/** Names that one box may ask for; a program needs hundreds, a flood gets SERVFAIL. */
export const NAMES_MAX = 100_000;

/** Longest query that is read (RFC 1035 §4.2.1); with EDNS options a stub's stays below it too. */
export const QUERY_BYTES_MAX = 512;

/** Longest answer: one question and one address, which always fit. */
export const ANSWER_BYTES_MAX = 512;

/** How long a resolver may keep an answer. It is true for the life of the box. */
export const ANSWER_TTL_S = 30;

/** Addresses at the start of the virtual network that stand for no name (resolver, proxy …). */
export const RESERVED_ADDRESSES = 16;

/** Answers that wait until their names are kept; a resolver that gets none asks again. */
export const WAITING_ANSWERS_MAX = 10_000;
