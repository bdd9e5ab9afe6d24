import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BoxListener } from '../boxes/process/start.ts';
import type { FromEgress, ToEgress } from '../egress/protocol.ts';
import { EGRESS_LAST_WORDS_MS, EGRESS_PUT_AWAY_MS } from './limits.ts';

/** One process of the egress, from its start to its end. */
export interface EgressChild {
  readonly pid: number | undefined;
  /** False until it has come up: until then it has accepted nothing and let nothing out. */
  isUp(): boolean;
  tell(message: ToEgress): void;
  /** Hands a listener over; this process keeps its own copy of the descriptor. */
  handOver(box: string, listener: BoxListener): Promise<void>;
  /**
   * Cuts a box's connections and waits until its rows are written. False when the process was not
   * up, ended, or did not say so in time; then it is ended, and lets nothing out any more.
   */
  closeBox(box: string): Promise<boolean>;
  kill(): void;
  /** Lets it end by itself. */
  end(): void;
  /** Resolves when the process has ended and all that it said was heard. */
  readonly gone: Promise<void>;
}

export function startEgressChild(heard: (message: FromEgress) => void): EgressChild {
  const child = fork(fileURLToPath(new URL('../egress/main.js', import.meta.url)), [], {
    // Nothing of the caller's environment (NODE_OPTIONS above all) reaches the process that holds
    // secrets; a session of its own keeps the terminal's signals away.
    env: hostResolution(),
    execArgv: ['--disable-proto=throw'],
    detached: true,
    stdio: ['ignore', 'ignore', process.env.POWERBOX_DEBUG ? 'inherit' : 'ignore', 'ipc'],
    serialization: 'json',
  });
  const closing = new Map<string, () => void>();
  let ready = false;
  child.on('message', (message: FromEgress) => {
    if (message.type === 'ready') ready = true;
    if (message.type === 'closed') closing.get(message.box)?.();
    heard(message);
  });
  const gone = endOf(child);
  const kill = (): void => void child.kill('SIGKILL');
  return {
    pid: child.pid,
    gone,
    isUp: () => ready,
    tell: (message) => tell(child, message),
    handOver(box, { transport, family, handle }) {
      const message: ToEgress = { type: 'listener', box, transport, family };
      return new Promise((done) => {
        if (child.connected) child.send(message, handle, {}, () => done());
        else done();
      });
    },
    async closeBox(box) {
      const closed = new Promise<boolean>((done) => closing.set(box, () => done(true)));
      if (ready) tell(child, { type: 'close', box });
      const late = new Promise<boolean>((done) => {
        setTimeout(done, ready ? EGRESS_PUT_AWAY_MS : 0, false).unref();
      });
      const isClosed = await Promise.race([closed, late, gone.then(() => false)]);
      closing.delete(box);
      if (isClosed) return true;
      kill();
      await gone;
      return false;
    },
    kill,
    end() {
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

/** What it said last may still lie in the pipe when it has ended. */
function endOf(child: ChildProcess): Promise<void> {
  const silent = new Promise<void>((done) => child.once('disconnect', done));
  return new Promise((done) => {
    child.once('exit', () => {
      const timer = setTimeout(done, EGRESS_LAST_WORDS_MS);
      void silent.then(() => {
        clearTimeout(timer);
        done();
      });
    });
    child.on('error', () => {
      // Others are of a message or a signal that did not reach it, which its end tells as well.
      if (child.pid === undefined) done();
    });
  });
}

function tell(child: ChildProcess, message: ToEgress): void {
  if (!child.connected) return;
  // A failed send means that the process is gone, which `gone` tells.
  child.send(message, () => {});
}

/** What name resolution and private authorities need, and nothing more. */
function hostResolution(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ['NODE_EXTRA_CA_CERTS', 'LOCALDOMAIN', 'RES_OPTIONS']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
