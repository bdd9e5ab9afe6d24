import { HTTP2_LIMITS, type Http2Limits } from '../http2/limits.ts';
import { RESPONSE_HEAD_BYTES_MAX } from '../limits.ts';

/** How long it is remembered which protocol a server lacks; servers change theirs by the week. */
export const PROTOCOL_KNOWN_MS_MAX = 600_000;
/** Time that a connection which was dialled for HTTP/2, and is not, waits to be used. */
export const SPARE_MS_MAX = 4_000;
/** Time that a session without a stream is kept; most servers end it after a minute or more. */
export const SESSION_IDLE_MS_MAX = 30_000;
/** How often sessions are looked through for what took too long. */
export const SESSION_SWEEP_MS = 1_000;
/** Streams that are begun before a server has said how many it takes. */
export const STREAMS_BEFORE_SETTINGS_MAX = 8;
/** Streams of one session, however many a server takes; RFC 9113 section 6.5.2 advises no fewer. */
export const STREAMS_PER_SESSION_MAX = 100;
/**
 * Streams of one box to one upstream. Each can hold a window of bytes that the box does not read,
 * so this times WINDOW_BYTES is what an upstream and a box can fill together.
 */
export const STREAMS_PER_UPSTREAM_MAX = 512;
/** Requests that wait for a stream; a box has fewer connections than this. */
export const QUEUED_REQUESTS_MAX = 1024;
/** How long one waits. */
export const QUEUED_MS_MAX = 30_000;
/**
 * Bytes of one stream on their way: 256 KiB every 20 ms are 13 MB/s, and memory is held for a
 * stream that is not read.
 */
export const WINDOW_BYTES = 262_144;
/** Bytes of all streams of a session on their way; they are taken off the wire at once. */
export const SESSION_WINDOW_BYTES = 1_048_576;
/** Headers of an answer; servers send a few dozen. */
export const RESPONSE_HEADERS_MAX = 512;
/** Answers that come before the final one (RFC 9110 section 15.2); servers send one or two. */
export const INTERIM_ANSWERS_MAX = 32;
/**
 * Frames that neither begin an answer nor carry a body: so many at once, so many more in each second,
 * and two for each frame that does. A fast upload is acknowledged by thousands a second, and those
 * are earned by what was sent.
 */
export const IDLE_FRAMES_MAX = 4_000;
export const IDLE_FRAMES_PER_SECOND_MAX = 2_000;
/** Bytes of one request's body that wait to be sent before its program is slowed down. */
export const WAITING_BYTES = 65_536;

/** What an answer's head may be: as over HTTP/1.1. */
export const BLOCK_LIMITS: Http2Limits = {
  ...HTTP2_LIMITS,
  blockBytes: RESPONSE_HEAD_BYTES_MAX,
  listBytes: RESPONSE_HEAD_BYTES_MAX,
};
