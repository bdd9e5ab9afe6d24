import { CONNECT_MS_MAX, RESPONSE_HEAD_MS_MAX, RESPONSE_IDLE_MS_MAX } from '../limits.ts';
import { QUEUED_MS_MAX, SESSION_IDLE_MS_MAX, SESSION_SWEEP_MS } from './limits.ts';

/** What an HTTP/2 upstream may take its time for, in milliseconds. */
export interface Times {
  /** Until the head of an answer, while nothing goes either way. */
  readonly headMs: number;
  /** Silence in an answer, while nothing goes either way. */
  readonly idleMs: number;
  /** Until the first SETTINGS of a session, and from the first frame of a head to its last. */
  readonly settingsMs: number;
  readonly sessionIdleMs: number;
  readonly queuedMs: number;
  readonly sweepMs: number;
}

export const TIMES: Times = {
  headMs: RESPONSE_HEAD_MS_MAX,
  idleMs: RESPONSE_IDLE_MS_MAX,
  settingsMs: CONNECT_MS_MAX,
  sessionIdleMs: SESSION_IDLE_MS_MAX,
  queuedMs: QUEUED_MS_MAX,
  sweepMs: SESSION_SWEEP_MS,
};
