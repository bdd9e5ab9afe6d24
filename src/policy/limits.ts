/** Longest DNS name in text form without its trailing dot (RFC 1035 §2.3.4, RFC 1123 §2.1). */
export const HOST_CHARS_MAX = 253;

/** Longest label of a DNS name (RFC 1035 §2.3.4). */
export const LABEL_CHARS_MAX = 63;

/** Longest rule: the longest host, a long path and a few methods, yet one line for a person. */
export const RULE_CHARS_MAX = 2048;

/** Longest path pattern; keeps matching linear in the request, whoever wrote the pattern. */
export const PATTERN_CHARS_MAX = 1024;

/** Longest request target: signed URLs reach some 8 KiB, and servers refuse beyond 16 KiB. */
export const TARGET_CHARS_MAX = 16_384;

/** Longest policy file: hundreds of powers fit, and reading it never takes noticeable time. */
export const POLICY_CHARS_MAX = 262_144;

/** Deepest nesting of a policy file: the schema needs six levels, the rest is for clear errors. */
export const POLICY_DEPTH_MAX = 16;

/** Longest list in a policy file: each power is looked at for each request. */
export const POLICY_ENTRIES_MAX = 512;

/** Characters of foreign text that an error or a refusal repeats, so that it stays one line. */
export const QUOTE_CHARS_MAX = 160;

/** Most compartments of a policy file: a project's tools, which a person reads one by one. */
export const COMPARTMENTS_MAX = 128;

/** Most powers of one compartment: each becomes a grant before its code runs. */
export const COMPARTMENT_POWERS_MAX = 64;

/** Most texts that one expression is taken to stand for: the choices of a person, not of a table. */
export const TEXT_CHOICES_MAX = 16;

/** Longest way from a name over constants to its text; keeps a constant of itself from turning. */
export const TEXT_STEPS_MAX = 24;

/** Names in one place of a path that are listed one by one; more of them become `*`. */
export const NAMES_LEARNED_MAX = 8;

/** Most rules of one power of a compartment: as many as the kinds of powers read. */
export const ONLY_TEXTS_MAX = 64;

/** Longest text that is put together from constants: longer than any URL that is sent. */
export const TEXT_CHARS_MAX = 16_384;

/** Most pieces of such a text: each unknown one is a place that the program fills in. */
export const TEXT_PIECES_MAX = 256;

/** Look-ups of constants in one file: a large one of people needs thousands, a trap would go on. */
export const TEXT_WORK_MAX = 200_000;
