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
  return new Row(box, use);
}

class Row implements ResponseRow {
  written = false;
  readonly #started = performance.now();
  readonly #box: BoxState;
  readonly #use: Use;

  constructor(box: BoxState, use: Use) {
    this.#box = box;
    this.#use = use;
  }

  write(status: number | null, { bytesOut, bytesIn, scrubbed }: Passed, code?: ErrorCode): void {
    if (this.written) return;
    this.written = true;
    this.#use.hold.release();
    this.#box.recorder.note({
      kind: 'response',
      box: this.#box.config.box,
      of: this.#use.seq,
      status,
      bytesOut,
      bytesIn,
      durationMs: Math.round((performance.now() - this.#started) * 10) / 10,
      scrubbed,
      ...(code === undefined ? {} : { code }),
    });
  }
}
