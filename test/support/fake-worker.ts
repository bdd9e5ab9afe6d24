import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TakeLimits } from '../../src/boxes/compartment/pool.ts';
import type { WorkerBox, WorkerEnd } from '../../src/boxes/compartment/start.ts';
import type { Workers } from '../../src/gateway/compartments/worker.ts';

/** Workers of which a test plays the process: it holds the other end of each channel. */
export interface FakeWorkers extends Workers {
  readonly boxes: readonly FakeBox[];
  close(): void;
}

export interface FakeBox {
  /** What the process would hold. */
  readonly peer: Socket;
  readonly limits: TakeLimits;
  readonly ended: Promise<WorkerEnd>;
  killed(): boolean;
  /** As if the process had ended by itself. */
  end(end: WorkerEnd): void;
}

/** `play` is given each new process before anything is said to it. */
export function fakeWorkers(play: (box: FakeBox) => void): FakeWorkers {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-fake-'));
  const boxes: FakeBox[] = [];
  let taken = 0;
  return {
    boxes,
    warm: () => 0,
    onReady: () => undefined,
    async take(limits) {
      taken += 1;
      const { channel, peer } = await socketPair(join(folder, String(taken)));
      const { box, fake } = makeBox(channel, peer, limits);
      boxes.push(fake);
      play(fake);
      return box;
    },
    close() {
      for (const { peer } of boxes) peer.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function socketPair(path: string): Promise<{ channel: Socket; peer: Socket }> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(path, done));
  const accepted = new Promise<Socket>((done) => server.once('connection', done));
  const peer = connect(path);
  const channel = await accepted;
  server.close();
  return { channel, peer };
}

function makeBox(
  channel: Socket,
  peer: Socket,
  limits: TakeLimits,
): { box: WorkerBox; fake: FakeBox } {
  let finish: (end: WorkerEnd) => void = () => undefined;
  let killed = false;
  const ended = new Promise<WorkerEnd>((resolve) => {
    finish = resolve;
  });
  const end = (how: WorkerEnd): void => {
    peer.destroy();
    channel.destroy();
    finish(how);
  };
  peer.on('error', () => undefined);
  const kill = (): Promise<WorkerEnd> => {
    killed = true;
    end({ why: 'killed', status: 137 });
    return ended;
  };
  const stats = (): { memoryBytes: number; cpuMs: number } => ({ memoryBytes: 0, cpuMs: 0 });
  return {
    box: {
      ...{ pid: 1, channel, ended, kill, stats },
      ready: Promise.resolve(),
      watch: () => undefined,
      lowerMemory: () => true,
    },
    fake: { peer, limits, ended, killed: () => killed, end },
  };
}
