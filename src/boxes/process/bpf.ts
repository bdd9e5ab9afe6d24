import type { Processor } from './syscalls.ts';

/**
 * Classic BPF as seccomp(2) runs it. Everything is 32-bit comparison: an argument is compared in
 * its low half unless `loadHigh` is asked for.
 */
export type Instruction = readonly [code: number, yes: number, no: number, value: number];

export const EPERM = 1;
export const EACCES = 13;
export const ENOSYS = 38;
export const EAFNOSUPPORT = 97;

const RET_ALLOW = 0x7fff_0000;
const RET_ERRNO = 0x0005_0000;
const RET_KILL_PROCESS = 0x8000_0000;

const LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND = 0x54; // BPF_ALU | BPF_AND | BPF_K
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_AT_LEAST = 0x35;
const JUMP_IF_BITS = 0x45;
const RETURN = 0x06;

const OFFSET_NUMBER = 0;
const OFFSET_PROCESSOR = 4;
const argumentOffset = (index: number): number => 16 + 8 * index;

const AUDIT_ARCH: Readonly<Record<Processor, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 };
const X32_BIT = 0x4000_0000;

/** The bytes of a filter, 8 an instruction, as `bwrap --seccomp` reads them. */
export function assemble(instructions: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, yes, no, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(yes, index * 8 + 2);
    bytes.writeUInt8(no, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  });
  return bytes;
}

/** Ends a program of another processor, and leaves the number of the call loaded. */
export function prologue(target: Processor): Instruction[] {
  const x32: Instruction[] = [[JUMP_IF_AT_LEAST, 0, 1, X32_BIT], refuse(ENOSYS)];
  return [
    [LOAD, 0, 0, OFFSET_PROCESSOR],
    [JUMP_IF_EQUAL, 1, 0, AUDIT_ARCH[target]],
    [RETURN, 0, 0, RET_KILL_PROCESS],
    [LOAD, 0, 0, OFFSET_NUMBER],
    ...(target === 'x64' ? x32 : []),
  ];
}

/** `body`, which ends in a return on every way through it, for one call; else what follows. */
export function onNumber(number: number | null, body: readonly Instruction[]): Instruction[] {
  return number === null ? [] : ifEqual(number, body);
}

/** What follows runs as if `body` had not been there when the value is another. */
export function ifEqual(value: number, body: readonly Instruction[]): Instruction[] {
  return [[JUMP_IF_EQUAL, 0, body.length, value], ...body];
}

export function ifAnyBit(bits: number, body: readonly Instruction[]): Instruction[] {
  return [[JUMP_IF_BITS, 0, body.length, bits], ...body];
}

export function ifNoBit(bits: number, body: readonly Instruction[]): Instruction[] {
  return [[JUMP_IF_BITS, body.length, 0, bits], ...body];
}

export function load(argument: number): Instruction {
  return [LOAD, 0, 0, argumentOffset(argument)];
}

export function loadHigh(argument: number): Instruction {
  return [LOAD, 0, 0, argumentOffset(argument) + 4];
}

export function mask(bits: number): Instruction {
  return [AND, 0, 0, bits];
}

export function refuse(errno: number): Instruction {
  return [RETURN, 0, 0, RET_ERRNO | errno];
}

export function allow(): Instruction {
  return [RETURN, 0, 0, RET_ALLOW];
}

export function allowIfAnyOf(values: readonly number[]): Instruction[] {
  return values.flatMap((value) => ifEqual(value, [allow()]));
}

export function refuseIfAnyOf(values: readonly number[], errno: number): Instruction[] {
  return values.flatMap((value) => ifEqual(value, [refuse(errno)]));
}
