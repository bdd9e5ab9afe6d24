import { RpcSession, RpcTarget } from 'capnweb';
import type { WorkerMain, WorkerSide } from '../../../wire/worker.ts';
import { Main } from './room.ts';
import { type Channel, lineTransport, type Transport } from './transport.ts';

/** So often the whole way is gone that the engine has it ready. */
const ROUNDS = 60;

/**
 * Evaluates a few programs of our own and throws their compartments away, as long as nobody has
 * spoken: what runs for the first time takes thirty times as long.
 */
export async function warmUp(isWanted: () => boolean): Promise<void> {
  const [here, there] = pair();
  new RpcSession(here, new Main());
  const main = new RpcSession<WorkerMain>(there).getRemoteMain();
  for (let round = 0; round < ROUNDS && isWanted(); round += 1) {
    const room = await main.open(SPEC, new QuietSide());
    await room.evaluate({ code: PROGRAM });
    await room.close();
    // The thread stays free: somebody may speak at any time.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const PROGRAM = 'console.log("a"); const { b } = { b: await E(power).ask({ c: [1] }, "d") }; b + 1';

const SPEC = {
  id: 'warm-up',
  powers: ['power'],
  clock: false,
  random: false,
  limits: { memoryBytes: 0, turnMs: 0, cpuMs: 0, lifeMs: 0, outputChars: 100 },
};

class QuietPower extends RpcTarget {
  ask(): number {
    return 1;
  }
}

class QuietSide extends RpcTarget implements WorkerSide {
  async power(): Promise<unknown> {
    return new QuietPower();
  }
  async say(): Promise<void> {}
}

/** The two ends of a line in memory. */
function pair(): readonly [Transport, Transport] {
  const ends = [new MemoryChannel(), new MemoryChannel()] as const;
  ends[0].other = ends[1];
  ends[1].other = ends[0];
  const [here, there] = ends.map((end) => lineTransport(end, () => undefined));
  return [here as Transport, there as Transport];
}

class MemoryChannel implements Channel {
  other: MemoryChannel | undefined;
  #read: (chunk: Buffer) => void = () => undefined;

  on(event: string, work: (chunk: Buffer) => void): void {
    if (event === 'data') this.#read = work;
  }

  write(text: string): void {
    const chunk = Buffer.from(text);
    setImmediate(() => this.other?.take(chunk));
  }

  take(chunk: Buffer): void {
    this.#read(chunk);
  }

  cork(): void {}
  uncork(): void {}
}
