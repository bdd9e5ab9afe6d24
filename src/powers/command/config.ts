import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { numberOf, readWords, textOf, textsOf, writeOptional } from '../words/words.ts';
import { OUTPUT_BYTES_DEFAULT, OUTPUT_BYTES_MAX, TIME_MS_DEFAULT, TIME_MS_MAX } from './limits.ts';
import { plainText, readTokens, writeToken } from './tokens.ts';

/** What the box of a command has beside the system's own programs. */
export interface CommandMount {
  /** Absolute paths: on this machine, and in the box. */
  readonly source: string;
  readonly target: string;
  readonly access: 'ro' | 'rw';
}

export interface CommandConfig {
  /** A name that is found on PATH, or an absolute path that the box sees. */
  readonly program: string;
  /** Stand before those of every call. */
  readonly args: readonly string[];
  /** The folder that it works in; null for an empty home. */
  readonly workspace: { readonly path: string; readonly access: 'ro' | 'rw' } | null;
  readonly mounts: readonly CommandMount[];
  /** All of its environment that is not every box's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: {
    readonly timeMs: number;
    /** Of both outputs of one run. */
    readonly outputBytes: number;
    readonly memoryBytes: number | null;
    readonly pids: number | null;
  };
}

export const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Absolute, with no segment that leads elsewhere, and no colon, which separates paths. */
export const PLACE = /^(?:\/(?!\.{1,2}(?:\/|$))[^:\0/]+)+$/;

const FORMS = {
  workspace: 'text',
  mount: 'texts',
  env: 'texts',
  time: 'count',
  output: 'bytes',
  memory: 'bytes',
  pids: 'count',
} as const;

/** `PROGRAM [ARGUMENT…] [-- WORDS]`. Throws `power-invalid`. */
export function readCommandConfig(text: string): CommandConfig {
  const cut = text.lastIndexOf(' -- ');
  const line = cut === -1 ? text : text.slice(0, cut);
  const more = cut === -1 ? '' : text.slice(cut + 4);
  const [program, ...args] = readTokens(line, 'power-invalid').map((token) => {
    const plain = plainText(token);
    if (plain === null) throw fault('"*", "|" and "<" stand in quotes here');
    return plain;
  });
  if (program === undefined) throw fault('it names no program');
  const words = readWords(more, FORMS, 'power-invalid');
  const workspace = textOf(words, 'workspace');
  return {
    program,
    args,
    workspace: workspace === null ? null : readWorkspace(workspace),
    mounts: (textsOf(words, 'mount') ?? []).map(readMount),
    env: Object.fromEntries((textsOf(words, 'env') ?? []).map(readVariable)),
    limits: {
      timeMs: within(
        'time',
        (numberOf(words, 'time', 'count') ?? TIME_MS_DEFAULT / 1000) * 1000,
        TIME_MS_MAX,
      ),
      outputBytes: within(
        'output',
        numberOf(words, 'output', 'bytes') ?? OUTPUT_BYTES_DEFAULT,
        OUTPUT_BYTES_MAX,
      ),
      memoryBytes: numberOf(words, 'memory', 'bytes'),
      pids: numberOf(words, 'pids', 'count'),
    },
  };
}

/** The command line, and where it works. */
export function writeCommandConfig({ program, args, workspace }: CommandConfig): string {
  const line = [program, ...args].map(writeToken).join(' ');
  const place = workspace === null ? null : `${workspace.path}:${workspace.access}`;
  const words = writeOptional('workspace', place);
  return `command:${[line, ...words.flatMap((word) => ['--', word])].join(' ')}`;
}

function readWorkspace(text: string): { path: string; access: 'ro' | 'rw' } {
  const { source, target, access } = readMount(text);
  if (source !== target) throw fault('its workspace has two places');
  return { path: source, access };
}

function readMount(text: string): CommandMount {
  const parts = text.split(':');
  const last = parts.at(-1);
  const access = last === 'ro' || last === 'rw' ? last : null;
  if (access !== null) parts.pop();
  const [source = '', target = source] = parts;
  if (parts.length > 2 || ![source, target].every((path) => PLACE.test(path))) {
    throw fault(`${quote(text)} is not SOURCE[:TARGET][:ro|rw] with plain absolute paths`);
  }
  return { source, target, access: access ?? 'ro' };
}

function readVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at));
  if (!VARIABLE.test(name) || text.includes('\0')) throw fault(`${quote(text)} is not NAME=VALUE`);
  return [name, text.slice(at + 1)];
}

function within(name: string, value: number, max: number): number {
  if (value >= 1 && value <= max) return value;
  throw fault(`${quote(name)} is out of its range`);
}

function fault(reason: string): PowerboxError {
  return new PowerboxError('power-invalid', `Cannot read the command: ${reason}.`);
}
