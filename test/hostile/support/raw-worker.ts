import type { FakeBox } from '../../support/fake-worker.ts';

/** One message of capnweb, as a list. */
export type Message = readonly unknown[];

/**
 * A worker that speaks the protocol by hand. It opens every compartment that it is asked for, and
 * answers an evaluation with what `answers` says to its code; `undefined` leaves it without one.
 */
export interface RawWorker {
  readonly box: FakeBox;
  /** Everything that the daemon said. */
  readonly heard: readonly Message[];
  say(message: Message): void;
  sayText(text: string): void;
  /** Calls a method of an object of the daemon's; the number of its answer. */
  call(object: number, path: readonly string[], args: readonly unknown[]): number;
  /** What a call came to: its value, or the message of its error. */
  answered(call: number): Promise<unknown>;
  /** The daemon's sides of the compartments, in the order in which they were opened. */
  readonly sides: readonly number[];
  /** Calls of the worker's own objects: the object's number, the method, the arguments. */
  readonly called: readonly {
    readonly object: number;
    readonly path: unknown;
    readonly args: unknown;
  }[];
}

export type Answers = (code: string, worker: RawWorker) => Message | string | number | undefined;

/** What a value is answered with that is no value: an error with these words. */
export function thrown(words: string): Message {
  return ['error', 'Error', words];
}

export function rawWorker(box: FakeBox, answers: Answers): RawWorker {
  const heard: Message[] = [];
  const sides: number[] = [];
  const called: { object: number; path: unknown; args: unknown }[] = [];
  const settled = new Map<number, unknown>();
  let pushes = 0;
  let calls = 0;
  let objects = 0;
  let rest = '';

  const worker: RawWorker = {
    box,
    heard,
    sides,
    called,
    say: (message) => worker.sayText(`${JSON.stringify(message)}\n`),
    sayText: (text) => void box.peer.write(text),
    call(object, path, args) {
      calls += 1;
      worker.say(['push', ['pipeline', object, path, args]]);
      worker.say(['pull', calls]);
      return calls;
    },
    async answered(call) {
      for (let tries = 0; tries < 1_000 && !settled.has(call); tries += 1) {
        await new Promise((done) => setTimeout(done, 5));
      }
      return settled.get(call);
    },
  };

  function hear(message: Message): void {
    heard.push(message);
    const [kind, first, second] = message;
    if (kind === 'resolve') settled.set(first as number, second);
    if (kind === 'reject') settled.set(first as number, String((second as Message)[2]));
    if (kind !== 'push') return;
    pushes += 1;
    const [, object, path, args] = first as readonly [string, number, readonly string[], unknown];
    const [method] = path;
    if (object === 0 && method === 'open') {
      const [, side] = args as readonly [unknown, readonly [string, number]];
      sides.push(side[1]);
      objects -= 1;
      worker.say(['resolve', pushes, ['export', objects]]);
      return;
    }
    called.push({ object, path, args });
    if (method !== 'evaluate') return;
    const [{ code }] = args as readonly [{ readonly code: string }];
    const answer = answers(code, worker);
    if (answer === undefined) return;
    const isError = Array.isArray(answer) && answer[0] === 'error';
    worker.say([isError ? 'reject' : 'resolve', pushes, answer]);
  }

  box.peer.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') hear(JSON.parse(line) as Message);
  });
  return worker;
}
