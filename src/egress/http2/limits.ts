import {
  CONNECTIONS_MAX,
  KEEP_ALIVE_MS_MAX,
  REFUSED_BODY_BYTES_MAX,
  REFUSED_BODY_MS_MAX,
  REQUEST_HEAD_BYTES_MAX,
  REQUEST_HEAD_MS_MAX,
  RESPONSE_IDLE_MS_MAX,
  SLOW_HEADS_CHECK_MS,
} from '../limits.ts';

/**
 * Bounds of HTTP/2 with a box. A frame costs a box nothing to send, so each kind that can be sent
 * without end has a bound here; a session that exceeds one is closed with a row.
 */
export interface Http2Limits {
  /** Requests of one session at a time; browsers and gRPC are content with 100. */
  readonly streams: number;
  /** The same for all sessions of a box: as many as it may have over HTTP/1.1. */
  readonly streamsOfBox: number;
  /** A header block as it comes, packed; larger ones are used for nothing but exhaustion. */
  readonly blockBytes: number;
  /** The same unpacked, as RFC 9113 section 10.5.1 counts: 32 octets more for each field. */
  readonly listBytes: number;
  /** CONTINUATION frames of one header block; four carry the largest (CVE-2024-27983). */
  readonly continuations: number;
  /** Body bytes of one stream that may be on their way unread; the default of RFC 9113. */
  readonly streamWindow: number;
  /** The same of one session. */
  readonly sessionWindow: number;
  /** Answer bytes of one stream that wait for a program that does not read. */
  readonly waitingBytes: number;
  /** Bytes that are given to the socket at a time. */
  readonly writtenBytes: number;
  /**
   * Frames that neither open a request nor carry a body: so many at once, so many more in each
   * second, and two for each frame that does. A fast download acknowledges with some thousands
   * a second, and those are earned by what was sent.
   */
  readonly idleFrames: number;
  readonly idleFramesPerSecond: number;
  /**
   * Requests that end before they were answered, by either end (CVE-2023-44487 by the program,
   * CVE-2025-8671 by provoking the server): so many at once, so many more in each second.
   */
  readonly resets: number;
  readonly resetsPerSecond: number;
  /** Answers to PING, SETTINGS and faults that wait for a program that does not read. */
  readonly waitingReplies: number;
  /** Time from the handshake to the first whole request, and for a header block to be whole. */
  readonly headMs: number;
  /** What of a body is still taken behind a whole answer, and how long, as over HTTP/1.1. */
  readonly lingerBytes: number;
  readonly lingerMs: number;
  /** Time without any request. */
  readonly idleMs: number;
  /** Time for which a program may leave an answer that waits for it unread. */
  readonly unreadMs: number;
  /** How often sessions are looked through for what takes too long. */
  readonly checkMs: number;
}

export const HTTP2_LIMITS: Http2Limits = {
  streams: 128,
  streamsOfBox: CONNECTIONS_MAX,
  blockBytes: REQUEST_HEAD_BYTES_MAX,
  listBytes: REQUEST_HEAD_BYTES_MAX,
  continuations: 32,
  streamWindow: 65_535,
  sessionWindow: 1_048_576,
  waitingBytes: 65_536,
  writtenBytes: 262_144,
  idleFrames: 4_000,
  idleFramesPerSecond: 2_000,
  resets: 200,
  resetsPerSecond: 100,
  waitingReplies: 1_000,
  headMs: REQUEST_HEAD_MS_MAX,
  lingerBytes: REFUSED_BODY_BYTES_MAX,
  lingerMs: REFUSED_BODY_MS_MAX,
  idleMs: KEEP_ALIVE_MS_MAX,
  unreadMs: RESPONSE_IDLE_MS_MAX,
  checkMs: SLOW_HEADS_CHECK_MS,
};
