/** Bounds of WebSockets. What may be said over one in all is the matter of the grant's budget. */

/** RFC 6455 section 5.5: payload of a close, ping or pong. */
export const CONTROL_BYTES_MAX = 125;
/** Longest frame: what a number keeps exactly. RFC 6455 section 5.2 would allow 2^63. */
export const FRAME_BYTES_MAX: number = Number.MAX_SAFE_INTEGER;
/** Longest message that is gathered to be judged or filled, as the longest body that is. */
export const MESSAGE_BYTES_MAX = 1_048_576;
/**
 * Longest message of which nothing is passed on before all of it was searched. Of a longer one what
 * came before a value has left by then, as of a long body.
 */
export const SEARCHED_BYTES_MAX = 16_384;
/** Room that a message which comes in pieces is given at first; it doubles. */
export const MESSAGE_BYTES_FIRST = 1_024;
/** Random bytes that masks are taken from; one call for each mask would cost more than the frame. */
export const MASK_POOL_BYTES = 4_096;
/** Time for the other side to read why a WebSocket was closed, before its connection is cut. */
export const CLOSE_MS_MAX = 2_000;
/**
 * A WebSocket may say nothing for days, so silence ends none. Whether the upstream is there at all
 * the kernel asks after so much silence.
 */
export const PROBE_MS = 60_000;
/** Body of an answer that declines a WebSocket over HTTP/2; it is a sentence. */
export const DECLINED_BYTES_MAX = 65_536;
/** Time for an upstream to end a WebSocket whose program has ended its half of the connection. */
export const HALF_CLOSED_MS_MAX = 30_000;
/**
 * Bytes that wait in each step between two ends before it takes no more: next to none, since they may
 * come in pieces of one byte, which cost a hundred times as much.
 */
export const WAITING_BYTES = 1;
