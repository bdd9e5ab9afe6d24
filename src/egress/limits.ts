/** Bounds of the egress. Everything that a box or an upstream can make grow has one here. */

/** Connections that one box may have open at once; a browser opens dozens, a flood thousands. */
export const CONNECTIONS_MAX = 1024;
/** What is left of them where descriptors are few, so that every box gets on. */
export const CONNECTIONS_MIN = 8;
/** Descriptors that the egress keeps for itself: journal, link, listeners, resolving, dialling. */
export const DESCRIPTORS_KEPT = 96;
/** Time for the first bytes of a connection. Programs that wait for the server to speak are cut. */
export const FIRST_BYTES_MS_MAX = 3_000;
/** Longest ClientHello that is gathered; post-quantum ones with many extensions reach 4 KiB. */
export const CLIENT_HELLO_BYTES_MAX = 16_384;
/** Time for a TLS handshake with the box, which is on this machine. */
export const HANDSHAKE_MS_MAX = 10_000;
/** Head of a request from the box. Larger heads are used for nothing but exhaustion. */
export const REQUEST_HEAD_BYTES_MAX = 65_536;
/** Headers of a request. Browsers send a few dozen. */
export const REQUEST_HEADERS_MAX = 512;
/** Time for a request's head to arrive whole. */
export const REQUEST_HEAD_MS_MAX = 30_000;
/** How often connections are looked through for heads that took longer. */
export const SLOW_HEADS_CHECK_MS = 5_000;
/** Head of an upstream's answer. */
export const RESPONSE_HEAD_BYTES_MAX = 131_072;
/** Time for a body that must be judged to arrive whole; such bodies are 1 MiB at most. */
export const REQUEST_BODY_MS_MAX = 30_000;
/**
 * Silence in a body that is sent on as it comes, until its answer begins: whoever sends so slowly
 * is not sending. From there on the silence of the answer counts, since both may go on for hours.
 */
export const REQUEST_IDLE_MS_MAX = 120_000;
/** Bytes of bodies of one box that are held at a time to be judged, or until they are sent. */
export const BUFFERED_BYTES_MAX = 33_554_432;
/** What of a body that is too long to be judged is still taken, so that its refusal is read. */
export const REFUSED_BODY_BYTES_MAX = 16_777_216;
/** How long it is taken; 16 MiB come from a box in a tenth of that. */
export const REFUSED_BODY_MS_MAX = 2_000;
/** Time between requests on a kept connection. */
export const KEEP_ALIVE_MS_MAX = 60_000;
/** Time for resolving, connecting and the TLS handshake with an upstream. */
export const CONNECT_MS_MAX = 15_000;
/** Time for an upstream's answer to begin; language models think for minutes. */
export const RESPONSE_HEAD_MS_MAX = 900_000;
/** Silence in the middle of an upstream's answer. Event streams send a comment far more often. */
export const RESPONSE_IDLE_MS_MAX = 900_000;
/** Connections kept to one upstream for one box. */
export const UPSTREAM_CONNECTIONS_MAX = 64;
/** Upstreams remembered for one box; the least recently used is closed. */
export const UPSTREAMS_MAX = 256;
/** How far a compressed answer that must be read may unfold, beyond 1 MiB. */
export const DECODE_RATIO_MAX = 200;
/** Refused destinations that are told to the person; the journal has them all. */
export const REFUSALS_TOLD_MAX = 200;
/** New certificates per second for one box, so that a flood of names costs the machine little. */
export const LEAVES_PER_SECOND_MAX = 50;
/** Names of one box that are remembered as minted. */
export const LEAVES_KNOWN_MAX = 1024;
/** How long the machine's own addresses are remembered. */
export const OWN_ADDRESSES_MS_MAX = 5_000;
/** Questions on one DNS connection over TCP; resolvers send a handful. */
export const DNS_QUERIES_PER_STREAM_MAX = 100;
/** Former values of rotated secrets that answers of one box are still searched for. */
export const RETIRED_VALUES_MAX = 16;
/** How long the row of an answer may wait to be written together with the next request's. */
export const RESPONSE_ROW_MS_MAX = 20;
/**
 * Refusals of one box in a second that are answered at once; each is a row, and a box must not be
 * able to fill the disk with rows. What comes beyond waits its turn.
 */
export const REFUSALS_PER_SECOND_MAX = 100;
/** How long a refused connection waits at most; beyond, one row a second stands for all. */
export const REFUSAL_DELAY_MS_MAX = 2_000;
/** Calls at powerbox.internal in a minute; a program that asks more often does not read answers. */
export const GUIDE_CALLS_PER_MINUTE_MAX = 60;
/** Body of a call at powerbox.internal: a letter and the rules that it asks for. */
export const GUIDE_BODY_BYTES_MAX = 65_536;
/** Longest that a program can wait there for an answer to a request; then it asks again. */
export const GUIDE_WAIT_SECONDS_MAX = 3_600;
/** Grants that are asked why they do not permit a call; each answer is a sentence that costs. */
export const EXPLAINED_GRANTS_MAX = 100;

/** Pause before the daemon is told again what was spent while it was away. */
export const SPEND_AGAIN_MS = 250;
/** How often it is told: a minute is more than a daemon needs to come back. */
export const SPEND_TRIES_MAX = 240;

/**
 * Work of one box in a turn of the event loop while others wait, in bytes of a searched answer:
 * about a millisecond.
 */
export const SHARE_PER_TURN = 131_072;
/** What an answer that waited is counted as when it goes on: as much as is read at once. */
export const SHARE_OF_CHUNK = 65_536;
/** What a request is counted as: it is parsed, judged, filled and recorded. */
export const SHARE_OF_REQUEST = 32_768;
/** What a TLS greeting is counted as: two signatures, with that of a new certificate. */
export const SHARE_OF_GREETING = 131_072;
