import { closeSync, writeSync } from 'node:fs';
import type { ErrorCode } from '../wire/errors.ts';

/** How a start of the daemon went, told in one line to whoever started it. */
export type Readiness =
  | { readonly state: 'ready' }
  /** Another daemon has the home. */
  | { readonly state: 'held' }
  | {
      readonly state: 'failed';
      readonly code: ErrorCode;
      readonly message: string;
      readonly hint: string;
    };

/** Names the descriptor to tell it on; whoever starts a daemon by hand need not listen. */
export const READY_VARIABLE = 'POWERBOX_DAEMON_READY';
export const READY_DESCRIPTOR = 3;

/** False when whoever started the daemon does not wait for it any more. */
export function tellReadiness(readiness: Readiness): boolean {
  if (process.env[READY_VARIABLE] !== String(READY_DESCRIPTOR)) return true;
  delete process.env[READY_VARIABLE];
  try {
    writeSync(READY_DESCRIPTOR, `${JSON.stringify(readiness)}\n`);
    closeSync(READY_DESCRIPTOR);
    return true;
  } catch {
    return false;
  }
}
