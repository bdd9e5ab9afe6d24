import type { ErrorCode } from '../../wire/errors.ts';
import type { BoxState } from '../box-egress.ts';
import type { Use } from '../use.ts';

/** What went through an exchange, as far as it got. */
export interface Passed {
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly scrubbed: number;
}

/** The second row of a use. However an exchange ends, exactly one is written: the first. */
export interface ResponseRow {
  readonly written: boolean;
  write(status: number | null, passed: Passed, code?: ErrorCode): void;
}

export function makeResponseRow(box: BoxState, use: Use): ResponseRow {
  const started = performance.now();
  let written = false;
  return {
    get written() {
      return written;
    },
    write(status, { bytesOut, bytesIn, scrubbed }, code) {
      if (written) return;
      written = true;
      use.hold.release();
      box.recorder.note({
        kind: 'response',
        box: box.config.box,
        of: use.seq,
        status,
        bytesOut,
        bytesIn,
        durationMs: Math.round((performance.now() - started) * 10) / 10,
        scrubbed,
        ...(code === undefined ? {} : { code }),
      });
    },
  };
}
