import { FAULT, FRAME, numberFrame } from './frames.ts';
import type { Http2Limits } from './limits.ts';

interface Left {
  readonly timer: NodeJS.Timeout;
  /** Bytes that are still taken. */
  bytes: number;
}

/**
 * Requests whose answer is whole while their body still comes. It is taken for a while and thrown
 * away: a program that is told to stop before it has sent its body may never read why.
 */
export class Lingering {
  readonly #limits: Http2Limits;
  readonly #reply: (frame: Buffer) => void;
  readonly #streams = new Map<number, Left>();

  constructor(limits: Http2Limits, reply: (frame: Buffer) => void) {
    this.#limits = limits;
    this.#reply = reply;
  }

  has(id: number): boolean {
    return this.#streams.has(id);
  }

  /** `taken` is what of the stream's window was used up. */
  begin(id: number, taken: number): void {
    if (this.#streams.size >= this.#limits.streams) {
      this.#reply(numberFrame(FRAME.reset, id, FAULT.none));
      return;
    }
    const timer = setTimeout(() => this.end(id, true), this.#limits.lingerMs);
    this.#streams.set(id, { timer, bytes: this.#limits.lingerBytes });
    if (taken > 0) this.#reply(numberFrame(FRAME.window, id, taken));
  }

  /** More of the body came; false when no such request is waited for. */
  take(id: number, bytes: number, end: boolean): boolean {
    const left = this.#streams.get(id);
    if (left === undefined) return false;
    left.bytes -= bytes;
    if (end || left.bytes < 0) this.end(id, !end);
    else if (bytes > 0) this.#reply(numberFrame(FRAME.window, id, bytes));
    return true;
  }

  /** `unasked`: the program has not ended it, and is told to. */
  end(id: number, unasked: boolean): void {
    const left = this.#streams.get(id);
    if (left === undefined) return;
    clearTimeout(left.timer);
    this.#streams.delete(id);
    if (unasked) this.#reply(numberFrame(FRAME.reset, id, FAULT.none));
  }

  clear(): void {
    for (const { timer } of this.#streams.values()) clearTimeout(timer);
    this.#streams.clear();
  }
}
