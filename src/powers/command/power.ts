import { z } from 'zod';
import { definePower, type Invocation } from '../../ocap/power.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { fitting } from '../words/fitting.ts';
import { TEXT_CHARS_MAX, TEXTS_MAX, VALUES_MAX } from '../words/limits.ts';
import {
  type CommandConfig,
  PLACE,
  readCommandConfig,
  VARIABLE,
  writeCommandConfig,
} from './config.ts';
import {
  ARGUMENTS_BYTES_MAX,
  ARGUMENTS_MAX,
  INPUT_BYTES_MAX,
  OUTPUT_BYTES_MAX,
  PATTERN_WORDS_MAX,
  TIME_MS_MAX,
} from './limits.ts';
import { readCommandNarrowing, writeCommandNarrowing } from './pattern-text.ts';
import {
  type CommandCall,
  type CommandNarrowing,
  describeCommand,
  PROCESS_METHODS,
  permitsCommand,
} from './rule.ts';

export const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGUSR2'] as const;

const Arguments = z.array(z.string()).max(ARGUMENTS_MAX);
const Input = z.union([z.string(), z.instanceof(Uint8Array)]);
const Encoding = z.enum(['utf8', 'base64']);
const RunOptions = z
  .strictObject({ stdin: Input.optional(), encoding: Encoding.optional() })
  .optional();
const StartOptions = z
  .strictObject({ input: z.boolean().optional(), encoding: Encoding.optional() })
  .optional();

const Text = z.string().max(TEXT_CHARS_MAX);
const Place = z.string().regex(PLACE);
const Access = z.enum(['ro', 'rw']);

const Config = z.strictObject({
  program: z
    .string()
    .min(1)
    .max(TEXT_CHARS_MAX)
    .regex(/^[^\0-]/),
  args: z.array(Text.regex(/^[^\0]*$/)).max(ARGUMENTS_MAX),
  workspace: z.strictObject({ path: Place, access: Access }).nullable(),
  mounts: z.array(z.strictObject({ source: Place, target: Place, access: Access })).max(VALUES_MAX),
  env: z.record(z.string().regex(VARIABLE), Text.regex(/^[^\0]*$/)),
  limits: z.strictObject({
    timeMs: z.int().min(1).max(TIME_MS_MAX),
    outputBytes: z.int().min(1).max(OUTPUT_BYTES_MAX),
    memoryBytes: z.int().min(1).nullable(),
    pids: z.int().min(1).nullable(),
  }),
});

const Alternative = z.union([
  z.strictObject({ is: Text }),
  z.strictObject({ like: Text.regex(/^(?!.*\*\*).*\*/s) }),
]);

const CommandRule = z.strictObject({
  args: z.array(z.array(Alternative).min(1).max(VALUES_MAX)).max(PATTERN_WORDS_MAX),
  rest: z.boolean(),
  input: z.boolean(),
});

const Narrowing = z.array(CommandRule).min(1).max(TEXTS_MAX);

/**
 * One program, each time in a box of its own with nothing but what the power names: no network, no
 * secrets, no environment of the caller. There is no shell; arguments arrive as they are.
 *
 * A narrowing is a pattern of the arguments, word for word: `log --oneline *`, `status|diff **`,
 * `apply < *`. A word stands for itself, `a|b` for either; `*` in a word for any run of characters,
 * where a word that does not itself begin with `-` stands for no option; `**` at the end for any
 * number of values, of which none is an option; `< *` at the very end lets it be given input.
 * Quotes (`'…'`, `"…"`) make marks and spaces plain. Of several texts one must hold. Which
 * options turn a program into another is for whoever writes the pattern to know.
 *
 * The power is written `command:PROGRAM [ARGUMENT…] [-- WORDS]` with `workspace=/srv/repo:rw`,
 * `mount=/opt/tool:ro`, `env=NAME=VALUE`, `time=60` (seconds), `output=1M`, `memory=512M`, `pids=64`.
 */
export const commandPower = definePower<CommandConfig, CommandNarrowing, CommandCall>({
  kind: 'command',
  summary: 'Run one program, in a box of its own.',
  config: Config,
  narrowing: Narrowing,
  facets: {
    root: {
      run: {
        summary: 'Runs the program to its end.',
        args: [
          { name: 'args', schema: Arguments },
          { name: 'options', schema: RunOptions },
        ],
        returns: z.object({
          status: z.int(),
          stdout: z.string(),
          stderr: z.string(),
          truncated: z.boolean(),
        }),
      },
      start: {
        summary: 'Starts the program; with `input`, it can be written to.',
        args: [
          { name: 'args', schema: Arguments },
          { name: 'options', schema: StartOptions },
        ],
        returns: { facet: 'process' },
      },
    },
    process: {
      write: {
        summary: 'Gives the program input.',
        args: [{ name: 'data', schema: Input }],
        returns: z.void(),
      },
      closeInput: { summary: 'Ends the input of the program.', args: [], returns: z.void() },
      read: {
        summary: 'Waits for output and gives what there is; at its end `ended` is true.',
        args: [],
        returns: z.object({ stdout: z.string(), stderr: z.string(), ended: z.boolean() }),
      },
      signal: {
        summary: 'Sends the program a signal.',
        args: [{ name: 'name', schema: z.enum(SIGNALS) }],
        returns: z.void(),
      },
      wait: {
        summary: 'Waits for the end of the program, whose output must be read meanwhile.',
        args: [],
        returns: z.object({ status: z.int() }),
      },
    },
  },
  concerns: (config, call) => config.program === call.program,
  permits: permitsCommand,
  effect: ({ method }) => (method === 'read' || method === 'wait' ? 'read' : 'write'),
  describe: describeCommand,
  callOf,
  readConfig: (text) => fitting(Config, readCommandConfig(text), 'power-invalid'),
  describeConfig: writeCommandConfig,
  readNarrowing: (texts) => fitting(Narrowing, readCommandNarrowing(texts), 'narrowing-invalid'),
  describeNarrowing: writeCommandNarrowing,
  secretsOf: () => [],
});

function callOf({ program }: CommandConfig, invocation: Invocation): CommandCall {
  const { facet, at, method, args } = invocation;
  if (facet === 'process') {
    const known = PROCESS_METHODS.find((name) => name === method);
    if (known === undefined) throw invalid(`there is no method ${quote(method)}`);
    if (known === 'write') bytesOf(args[0]);
    // The object itself says what it is; it was judged when it was started.
    return { ...(at as CommandCall), method: known };
  }
  if (method !== 'run' && method !== 'start') throw invalid(`there is no method ${quote(method)}`);
  const words = parsed(Arguments, args[0], 'the arguments');
  checkArguments(words);
  if (method === 'start') {
    const input = parsed(StartOptions, args[1], 'the options')?.input === true;
    return { method, program, args: words, input };
  }
  const { stdin } = parsed(RunOptions, args[1], 'the options') ?? {};
  if (stdin !== undefined) bytesOf(stdin);
  return { method, program, args: words, input: stdin !== undefined };
}

/** How a program's output is written, as the options of `run` and `start` say. */
export function encodingOf(options: unknown): 'utf8' | 'base64' {
  const given = z.object({ encoding: Encoding.optional() }).optional().safeParse(options);
  return given.data?.encoding ?? 'utf8';
}

/** Input as bytes. Throws `call-invalid`. */
export function bytesOf(value: unknown): Buffer {
  const data = parsed(Input, value, 'the input');
  const bytes =
    typeof data === 'string'
      ? Buffer.from(data, 'utf8')
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length <= INPUT_BYTES_MAX) return bytes;
  throw invalid(`the input is longer than ${INPUT_BYTES_MAX} bytes`);
}

/** What the system would cut or change on the way is not what was judged. */
function checkArguments(args: readonly string[]): void {
  let bytes = 0;
  for (const arg of args) {
    if (arg.includes('\0')) throw invalid('an argument holds NUL');
    if (/\p{Surrogate}/u.test(arg)) throw invalid('an argument holds half a character');
    bytes += Buffer.byteLength(arg) + 1;
  }
  if (bytes > ARGUMENTS_BYTES_MAX) {
    throw invalid(`the arguments are longer than ${ARGUMENTS_BYTES_MAX} bytes`);
  }
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(`${what} cannot be read`);
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot run the command: ${reason}.`);
}
