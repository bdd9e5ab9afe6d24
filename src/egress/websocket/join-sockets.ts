import type { Duplex, Transform } from 'node:stream';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { GuardedStream } from '../leaks/guard.ts';
import type { Meter } from '../link/meter.ts';
import type { Refusal } from '../refusal.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { MessageGate } from '../use-message.ts';
import { CLOSE } from './frames.ts';
import { judgeFrames, refusalOf } from './judge-frames.ts';
import { CLOSE_MS_MAX, HALF_CLOSED_MS_MAX } from './limits.ts';
import { meterBytes } from './meter-bytes.ts';
import { oneByOne } from './one-by-one.ts';
import { type FramePass, passFrames } from './pass-frames.ts';
import { scrubFrames } from './scrub-frames.ts';
import { encodeClose } from './write-frames.ts';

export interface Ends {
  readonly program: Duplex;
  readonly upstream: Duplex;
}

export interface JoinOptions {
  readonly meter: Meter | null;
  /** Frames may be compressed; only where nothing reads them. */
  readonly deflate: boolean;
  /** Bytes that the upstream may send. */
  readonly bytesInMax: number;
  /** Null where no secret is bound to the origin. */
  readonly scrubber: (() => Scrubber) | null;
  readonly gate: MessageGate;
  readonly passed: { bytesIn: number; bytesOut: number; scrubbed: number };
  /** It has ended, at once or in a moment; told once. */
  over(code?: ErrorCode): void;
}

/** Two ends of a WebSocket that frames pass between. */
export interface Joined {
  /** Ends both at once; the program is told why where that can be said between two frames. */
  cut(error: PowerboxError): void;
  /** The program's connection is gone. */
  left(): void;
}

/** Checks and passes on the frames of both directions until either end ends. */
export function joinSockets(ends: Ends, options: JoinOptions): Joined {
  const joint = new Joint(ends, options);
  joint.flow();
  return joint;
}

class Joint implements Joined {
  readonly #program: Duplex;
  readonly #upstream: Duplex;
  readonly #options: JoinOptions;
  readonly #outward: FramePass;
  readonly #inward: FramePass;
  #over = false;

  constructor({ program, upstream }: Ends, options: JoinOptions) {
    this.#program = program;
    this.#upstream = upstream;
    this.#options = options;
    this.#outward = outwardFrames(options);
    this.#inward = inwardFrames(options);
  }

  flow(): void {
    const { meter, passed, bytesInMax } = this.#options;
    const paidOut = meterBytes((bytes) => {
      passed.bytesOut += bytes;
    }, meter);
    const paidIn = meterBytes((bytes) => {
      passed.bytesIn += bytes;
      if (passed.bytesIn > bytesInMax) this.#endBecause(tooMuch(bytesInMax), CLOSE.tooLong);
    }, meter);
    for (const paid of [paidOut, paidIn]) paid.on('error', (error) => this.#broken(error));
    this.#outward.frames.on('error', (error) => void this.#refuse(error));
    this.#inward.frames.on('error', (error) => this.#unreadable(error));
    this.#program.pipe(paidOut).pipe(this.#outward.frames).pipe(oneByOne(this.#upstream));
    this.#upstream.pipe(paidIn).pipe(this.#inward.frames).pipe(oneByOne(this.#program));
    this.#watchEnds();
  }

  left(): void {
    // What the program has said before it went is still given to the upstream.
    if (this.#program.readableEnded && !this.#over) later(CLOSE_MS_MAX, this.#upstream);
    else this.#finish();
  }

  #finish(): void {
    if (this.#stop()) this.#options.over();
    this.#upstream.destroy();
  }

  cut({ code, message }: PowerboxError): void {
    // What waits to be written would still reach a program that reads late.
    const mayTell = this.#program.writableLength === 0 && this.#inward.between;
    if (!this.#stop()) return;
    if (mayTell) this.#tell(CLOSE.refused, `${code}: ${message}`);
    else this.#program.destroy();
    this.#upstream.destroy();
  }

  #watchEnds(): void {
    const [program, upstream] = [this.#program, this.#upstream];
    let ended = false;
    upstream.once('end', () => {
      ended = true;
    });
    program.on('error', () => {});
    upstream.on('error', () => {});
    // What the upstream has sent is still given to the program, which may read slowly.
    upstream.once('close', () => {
      // Who has been told why is let read it.
      if (this.#over) return;
      if (!ended || program.destroyed) this.#finish();
      if (!ended) program.destroy();
    });
    program.once('finish', () => {
      this.#finish();
      later(CLOSE_MS_MAX, program);
    });
    // A WebSocket ends by its closing handshake, so nothing is waited for long on half of it.
    program.once('end', () => later(HALF_CLOSED_MS_MAX, upstream));
  }

  /** No byte passes any more; false when that is so already. */
  #stop(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#program.unpipe();
    this.#upstream.unpipe();
    this.#outward.frames.unpipe();
    this.#inward.frames.unpipe();
    return true;
  }

  /** The program said what may not be said: a row, and then the end of both. */
  async #refuse(error: unknown): Promise<void> {
    const found = refusalOf(error);
    if (found === null) {
      this.#broken(error);
      return;
    }
    const told = this.#outward.between;
    const mayTell = this.#inward.between;
    if (!this.#stop()) return;
    if (told) endSoon(this.#upstream, encodeClose(CLOSE.goingAway, '', true));
    else this.#upstream.destroy();
    const { refusal, close } = found;
    await this.#options.gate.refused(refusal);
    this.#options.over(refusal.code);
    if (mayTell) this.#tell(close, `${refusal.code}: ${refusal.reason}`);
    else this.#program.destroy();
  }

  /** The upstream sent what is no frame, or one that echoes could hide in. */
  #unreadable(error: unknown): void {
    const found = refusalOf(error);
    if (found === null) this.#broken(error);
    else
      this.#endBecause(
        { code: 'response-unscrubbable', reason: found.refusal.reason },
        CLOSE.badUpstream,
      );
  }

  #broken(error: unknown): void {
    const { code, message } = PowerboxError.is(error)
      ? error
      : new PowerboxError('internal', 'The exchange broke.');
    this.#endBecause({ code, reason: message }, CLOSE.refused);
  }

  #endBecause({ code, reason }: Refusal, close: number): void {
    const mayTell = this.#inward.between;
    if (!this.#stop()) return;
    this.#options.over(code);
    if (mayTell) this.#tell(close, `${code}: ${reason}`);
    else this.#program.destroy();
    this.#upstream.destroy();
  }

  #tell(close: number, why: string): void {
    endSoon(this.#program, encodeClose(close, why, false));
  }
}

function outwardFrames({ gate, deflate }: JoinOptions): FramePass {
  if (gate.reads) return { frames: judgeFrames(gate), between: true };
  return passFrames('client', deflate, deflate ? () => compressed(gate) : gate.leakStream);
}

/** What is compressed says nothing here, so it passes only for as long as nothing is looked for. */
function compressed(gate: MessageGate): GuardedStream {
  return {
    write() {
      if (gate.watches) throw new PowerboxError('body-unreadable', COMPRESSED);
    },
    end() {},
  };
}

const COMPRESSED =
  'The WebSocket was closed: what is said over it must be searched by now, and is compressed.';

/** What is scrubbed comes out in whole frames. */
function inwardFrames({ scrubber, deflate, passed }: JoinOptions): FramePass {
  if (scrubber === null) return passFrames('server', deflate);
  const frames: Transform = scrubFrames(scrubber, (echoes) => {
    passed.scrubbed += echoes;
  });
  return { frames, between: true };
}

/** Writes the last bytes, reads on for as long as they may take to be read, and cuts. */
function endSoon(end: Duplex, last: Buffer): void {
  if (end.destroyed || end.writableEnded) {
    end.destroy();
    return;
  }
  end.end(last);
  end.resume();
  later(CLOSE_MS_MAX, end);
}

function later(ms: number, end: Duplex): void {
  const timer = setTimeout(() => end.destroy(), ms);
  end.once('close', () => clearTimeout(timer));
}

function tooMuch(bytesMax: number): Refusal {
  return {
    code: 'narrowing-refused',
    reason: `The answer was cut: the grant allows ${bytesMax} bytes.`,
  };
}
