import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RpcSession, RpcTarget } from 'capnweb';
import {
  startWorker,
  type WorkerBox,
  type WorkerOptions,
} from '../../src/boxes/compartment/start.ts';
import type { ConsoleLevel, ProgramWords } from '../../src/wire/compartment.ts';
import type {
  WorkerCompartment,
  WorkerMain,
  WorkerSide,
  WorkerSpec,
} from '../../src/wire/worker.ts';

/** The bundle that `npm run build` makes. */
export const WORKER_MAIN: string = fileURLToPath(
  new URL('../../dist/boxes/compartment/worker/main.cjs', import.meta.url),
);

/** An object with these methods, as the gateway makes them of powers. */
export function target(methods: Readonly<Record<string, (...args: never[]) => unknown>>): object {
  const Target = class extends RpcTarget {};
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(Target.prototype, name, { value });
  }
  return new Target();
}

/** The daemon's side of one compartment, with what it was told. */
export class Side extends RpcTarget implements WorkerSide {
  readonly lines: string[] = [];
  readonly looked: string[] = [];
  readonly #powers: Readonly<Record<string, unknown>>;

  constructor(powers: Readonly<Record<string, unknown>> = {}) {
    super();
    this.#powers = powers;
  }

  async power(name: string): Promise<unknown> {
    this.looked.push(name);
    return this.#powers[name];
  }

  async say(level: ConsoleLevel, text: string): Promise<void> {
    this.lines.push(`${level} ${text}`);
  }
}

/** An object of the code, as a test calls it; answers have whatever type the test says. */
export interface FarStub {
  describe(): Promise<unknown>;
  call<Answer = unknown>(method: string, args: readonly unknown[]): Promise<Answer>;
}

export interface Room {
  readonly side: Side;
  evaluate<Answer = unknown>(code: string | ProgramWords): Promise<Answer>;
  close(): Promise<void>;
}

export interface Rooms {
  readonly box: WorkerBox;
  readonly session: RpcSession<WorkerMain>;
  open(powers?: Readonly<Record<string, unknown>>, spec?: Partial<WorkerSpec>): Promise<Room>;
}

const LIMITS: WorkerSpec['limits'] = {
  memoryBytes: 256 * 1024 ** 2,
  turnMs: 5_000,
  cpuMs: 60_000,
  lifeMs: 600_000,
  outputChars: 100_000,
};

/** A plain client of capnweb on the channel of a worker. */
export function speakTo(box: WorkerBox): Rooms {
  const session = new RpcSession<WorkerMain>(linesOf(box.channel));
  const main = session.getRemoteMain();
  let opened = 0;
  return {
    box,
    session,
    async open(powers = {}, spec = {}) {
      const side = new Side(powers);
      const room = (await main.open(
        {
          id: `cm-${++opened}`,
          powers: Object.keys(powers),
          clock: false,
          random: false,
          limits: LIMITS,
          ...spec,
        },
        side,
      )) as unknown as WorkerCompartment;
      return {
        side,
        evaluate: async <Answer>(code: string | ProgramWords) =>
          (await room.evaluate(typeof code === 'string' ? { code } : code)) as Answer,
        close: async () => room.close(),
      };
    },
  };
}

function linesOf(socket: Socket): { send(text: string): void; receive(): Promise<string> } {
  const lines: string[] = [];
  let rest = '';
  let over = false;
  let wake: (() => void) | undefined;
  const notice = (): void => {
    wake?.();
    wake = undefined;
  };
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((line) => line !== ''));
    notice();
  });
  for (const event of ['end', 'close', 'error']) {
    socket.on(event, () => {
      over = true;
      notice();
    });
  }
  return {
    send: (text) => socket.write(`${text}\n`),
    async receive() {
      for (;;) {
        const line = lines.shift();
        if (line !== undefined) return line;
        if (over) throw new Error('The worker is gone.');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

export interface WorkerBench {
  /** The folder that the boxes have. */
  readonly boxes: string;
  start(options?: Partial<WorkerOptions>): Promise<Rooms>;
  /** Ends what was started. */
  close(): Promise<void>;
}

export function workerBench(): WorkerBench {
  const boxes = mkdtempSync(join(tmpdir(), 'powerbox-workers-'));
  const started: WorkerBox[] = [];
  return {
    boxes,
    async start(options = {}) {
      const box = await startWorker({
        program: 'compartment',
        boxes,
        main: WORKER_MAIN,
        ...options,
      });
      started.push(box);
      return speakTo(box);
    },
    async close() {
      await Promise.all(started.map((box) => box.kill()));
      rmSync(boxes, { recursive: true, force: true });
    },
  };
}
