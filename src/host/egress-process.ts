import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BoxListener } from '../boxes/process/start.ts';
import type { BoxEgress, FromEgress, NewValue, ToEgress } from '../egress/protocol.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';

/** The egress as its parent sees it. */
export interface EgressProcess {
  readonly pid: number | undefined;
  open(config: BoxEgress): void;
  /** Gives a box's secrets new values. */
  replaceValues(box: string, values: readonly NewValue[]): void;
  /** Hands listeners over; resolves when this process's own copies can be closed. */
  listen(box: string, listeners: readonly BoxListener[]): Promise<unknown>;
  /** False until it has come up: until then it has accepted nothing and let nothing out. */
  isUp(): boolean;
  /** Cuts the box's connections and waits until its rows are written. */
  close(box: string): Promise<void>;
  /** Ends a process that has not come up yet, and so has nothing to finish. */
  kill(): void;
  /** Ends the process. */
  end(): void;
  /** Rejects, once, when the process ends before `end` was called. */
  readonly lost: Promise<never>;
}

export interface EgressEvents {
  refused(line: string): void;
  failed(line: string): void;
}

/**
 * Starts the process at once and without waiting: what is sent before it is up waits in the pipe,
 * and connections of a box wait in its listeners.
 */
export function startEgress(home: Home, journalKey: Buffer, events: EgressEvents): EgressProcess {
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
  let ended = false;
  let ready = false;
  child.on('message', (message: FromEgress) => {
    if (message.type === 'ready') ready = true;
    if (message.type === 'refused') events.refused(message.line);
    if (message.type === 'failed') events.failed(message.line);
    if (message.type === 'closed') {
      closing.get(message.box)?.();
      closing.delete(message.box);
    }
  });
  const lost = new Promise<never>((_, reject) => {
    const gone = () => {
      if (!ended)
        reject(new PowerboxError('egress-down', 'The egress of the box ended unexpectedly.'));
      for (const done of closing.values()) done();
    };
    child.once('error', gone);
    child.once('exit', gone);
  });
  lost.catch(() => {});
  tell(child, { type: 'start', home, key: journalKey.toString('hex') });
  return {
    pid: child.pid,
    lost,
    open: (config) => tell(child, { type: 'open', config }),
    replaceValues: (box, values) => tell(child, { type: 'values', box, values }),
    listen: (box, listeners) =>
      Promise.all(listeners.map((listener) => handOver(child, box, listener))),
    close(box) {
      if (!child.connected) return Promise.resolve();
      tell(child, { type: 'close', box });
      return new Promise((done) => closing.set(box, done));
    },
    isUp: () => ready,
    kill() {
      ended = true;
      child.kill('SIGKILL');
    },
    end() {
      ended = true;
      if (child.connected) child.disconnect();
      child.unref();
    },
  };
}

function tell(child: ChildProcess, message: ToEgress): void {
  if (!child.connected) return;
  // A failed send means that the process is gone, which `lost` tells.
  child.send(message, () => {});
}

function handOver(child: ChildProcess, box: string, listener: BoxListener): Promise<void> {
  const { transport, family, handle } = listener;
  const message: ToEgress = { type: 'listener', box, transport, family };
  return new Promise((done) => {
    child.send(message, handle, {}, () => done());
  });
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
