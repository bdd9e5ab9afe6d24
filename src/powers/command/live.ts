import type { Readable, Writable } from 'node:stream';
import { type EndSignal, type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CommandConfig } from './config.ts';
import { RUNNING_MAX } from './limits.ts';
import { collect, type Reader, readOutputs } from './output.ts';
import { bytesOf, commandPower, encodingOf } from './power.ts';
import type { CommandCall } from './rule.ts';

/** A program to run, in a box of its own that holds nothing else. */
export interface CommandSpec extends CommandConfig {
  /** Whether it can be written to; else its input is empty. */
  readonly input: boolean;
}

/** A program in its box. */
export interface BoxedProgram {
  /** Null unless it can be written to. */
  readonly stdin: Writable | null;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when nothing of the box is left. Rejects with a PowerboxError if it never ran. */
  readonly done: Promise<{ readonly status: number }>;
  /** Sends a signal to the program. */
  signal(name: NodeJS.Signals): void;
  /** Ends the box with all that is in it, at once. May be called again. */
  kill(): void;
}

export interface CommandBox {
  /** Starts a box. Throws what cannot be; what fails later is told by `done`. */
  start(spec: CommandSpec): BoxedProgram;
}

export function openCommand(config: CommandConfig, box: CommandBox): Live {
  const running = new Set<BoxedProgram>();

  function start(call: CommandCall, signal: EndSignal): BoxedProgram {
    if (signal.aborted) throw new PowerboxError('grant-revoked', 'The grant has ended.');
    if (running.size >= RUNNING_MAX) {
      throw new PowerboxError(
        'limit-exceeded',
        `Cannot start ${config.program}: ${RUNNING_MAX} are running, and that is the most.`,
      );
    }
    const args = [...config.args, ...call.args];
    const program = box.start({ ...config, args, input: call.input });
    running.add(program);
    const gone = () => running.delete(program);
    program.done.then(gone, gone);
    return program;
  }

  return live({
    facet: 'root',
    at: null,
    call(method, args, context) {
      const call = commandPower.callOf(config, { facet: 'root', at: null, method, args });
      const program = start(call, context.signal);
      if (method === 'run') return run(config, program, args, context);
      return openProcess(call, program, encodingOf(args[1]));
    },
    close() {
      for (const program of running) program.kill();
    },
  });
}

async function run(
  { limits }: CommandConfig,
  program: BoxedProgram,
  args: readonly unknown[],
  { signal, spend }: UseContext,
): Promise<unknown> {
  const kill = () => program.kill();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const options = args[1] as { readonly stdin?: unknown } | undefined;
    const input = options?.stdin === undefined ? null : bytesOf(options.stdin);
    give(program, input);
    const encoding = encodingOf(args[1]);
    const [output, { status }] = await Promise.all([
      collect(program, limits.outputBytes, encoding),
      program.done,
    ]);
    const { bytes, ...texts } = output;
    spend({ bytes: bytes + (input?.length ?? 0) });
    return { status, ...texts };
  } finally {
    signal.removeEventListener('abort', kill);
    program.kill();
  }
}

/** A program need not read what it is given. */
function give({ stdin }: BoxedProgram, input: Buffer | null): void {
  if (stdin === null) return;
  stdin.on('error', () => {});
  stdin.end(input ?? '');
}

/** A program that goes on while its holder reads and writes. */
function openProcess(call: CommandCall, program: BoxedProgram, encoding: 'utf8' | 'base64'): Live {
  const { stdin } = program;
  const reader: Reader = readOutputs(program, encoding);
  program.done.catch(() => {});
  stdin?.on('error', () => {});
  return live({
    facet: 'process',
    at: call,
    async call(method, args, { spend }) {
      switch (method) {
        case 'write':
          return write(stdin, bytesOf(args[0]), spend);
        case 'closeInput':
          return void stdin?.end();
        case 'read': {
          const { bytes, ...output } = await reader.read();
          if (bytes > 0) spend({ bytes });
          return output;
        }
        case 'signal':
          return program.signal(args[0] as NodeJS.Signals);
        default:
          return { status: (await program.done).status };
      }
    },
    close: () => program.kill(),
  });
}

/** Resolves when the program has room for more. */
function write(stdin: Writable | null, bytes: Buffer, spend: UseContext['spend']): Promise<void> {
  if (stdin === null) {
    throw new PowerboxError('call-invalid', 'Cannot write: the program was started without input.');
  }
  if (!stdin.writable) {
    throw new PowerboxError(
      'reference-closed',
      'Cannot write: the input of the program has ended.',
    );
  }
  spend({ bytes: bytes.length });
  return new Promise((done, fail) => {
    const broken = () =>
      fail(new PowerboxError('reference-closed', 'Cannot write: the program reads no more.'));
    stdin.write(bytes, (error) => (error ? broken() : done()));
  });
}
