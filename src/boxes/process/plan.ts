import { PowerboxError } from '../../wire/errors.ts';
import { type Processor, SYSTEM_CALLS, type SystemCall, systemCallNumber } from './syscalls.ts';

/** A number that an earlier step kept under a name, such as a descriptor. */
export interface Kept {
  readonly kept: string;
}
export type Argument = number | string | Uint8Array | Kept;

/** One step of a plan; namespace.pl says what each name does. */
export interface Step {
  readonly name: string;
  readonly arguments: readonly Argument[];
}

export function kept(name: string): Kept {
  return { kept: name };
}

export function step(name: string, ...args: readonly Argument[]): Step {
  return { name, arguments: args };
}

/** A system call; `what` completes the sentence "cannot …" when it fails. */
export function call(what: string, name: SystemCall, ...args: readonly Argument[]): Step {
  return step('call', what, name, ...args);
}

/** A system call whose result is kept under `variable`. */
export function keep(
  variable: string,
  what: string,
  name: SystemCall,
  ...args: readonly Argument[]
): Step {
  return step('keep', variable, what, name, ...args);
}

/** A path or other text that the kernel reads up to its NUL. */
export function text(value: string): string {
  if (value.includes('\0')) throw new RangeError('Cannot pass text with a NUL to a system call');
  return `${value}\0`;
}

/** This machine's processor, if Powerbox knows its system calls. */
export function processor(arch: string = process.arch): Processor {
  if (arch === 'x64' || arch === 'arm64') return arch;
  throw new PowerboxError('box-forbidden', `Cannot start a box: the processor ${arch} is unknown.`);
}

/** The bytes of a plan, with the system call numbers of `target` in front. */
export function encodePlan(steps: readonly Step[], target: Processor): Buffer {
  const numbers: Argument[] = [];
  for (const name of SYSTEM_CALLS) {
    const number = systemCallNumber(name, target);
    if (number !== null) numbers.push(name, number);
  }
  let plan = '';
  for (const { name, arguments: args } of [step('numbers', ...numbers), ...steps]) {
    plan += field(name) + field(String(args.length));
    for (const argument of args) plan += field(encodeArgument(argument));
  }
  return Buffer.from(plan, 'latin1');
}

/**
 * The bytes of an argument, one character each: a plan has thousands of fields and a person waits
 * for it, and one string takes a fifth of the time of thousands of buffers.
 */
function encodeArgument(argument: Argument): string {
  if (typeof argument === 'number') {
    if (!Number.isSafeInteger(argument)) throw new RangeError(`Cannot pass ${argument} in a plan`);
    return `i${argument}`;
  }
  if (typeof argument === 'string') return `s${utf8(argument)}`;
  if (argument instanceof Uint8Array) return `s${Buffer.from(argument).toString('latin1')}`;
  return `v${argument.kept}`;
}

/** What is ASCII is its own encoding, as nearly everything is. */
function utf8(value: string): string {
  return /^[\x00-\x7f]*$/.test(value) ? value : Buffer.from(value).toString('latin1');
}

function field(bytes: string): string {
  const { length } = bytes;
  return (
    String.fromCharCode(length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255) +
    bytes
  );
}
