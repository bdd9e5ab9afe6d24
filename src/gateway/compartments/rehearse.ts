import { RpcTarget } from 'capnweb';
import type { WorkerMain, WorkerSide } from '../../wire/worker.ts';
import { REHEARSAL_MS_MAX, REHEARSALS } from '../limits.ts';

/**
 * Evaluates a few programs of our own in a process that waits to be taken, over its own channel, and
 * throws their compartments away: what runs for the first time takes many times as long. Stops when
 * the process is taken. Nothing that a later compartment could see is left.
 */
export async function rehearse(main: WorkerMain, isWaiting: () => boolean): Promise<void> {
  const until = Date.now() + REHEARSAL_MS_MAX;
  for (let round = 0; round < REHEARSALS && isWaiting() && Date.now() < until; round += 1) {
    const room = await main.open(SPEC, new QuietSide());
    await room.evaluate({ code: PROGRAM });
    await room.close();
    (room as unknown as Disposable)[Symbol.dispose]();
    // Others have their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const PROGRAM = 'console.log("a"); const { b } = { b: await E(power).ask({ c: [1] }, "d") }; b + 1';

const SPEC = {
  id: 'rehearsal',
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
