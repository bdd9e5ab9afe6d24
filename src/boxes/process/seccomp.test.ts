import { describe, expect, test } from 'vitest';
import { ALLOWED, bareFilter, CHECKED } from './bare-filter.ts';
import { REFUSED, seccompFilter, UNKNOWN } from './seccomp.ts';
import { type Processor, type SystemCall, systemCallNumber } from './syscalls.ts';

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (number: number): number => 0x50000 | number;
const ARCHITECTURE: Record<Processor, number> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** What the kernel's interpreter of classic BPF would answer. */
function run(
  filter: Buffer,
  architecture: number,
  nr: number,
  args: readonly number[] = [],
): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(nr >>> 0, 0);
  data.writeUInt32LE(architecture, 4);
  args.forEach((value, index) => {
    data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 16 + 8 * index);
  });
  let register = 0;
  for (let at = 0; ; at++) {
    if (at * 8 >= filter.length) throw new Error('The filter runs past its end');
    const code = filter.readUInt16LE(at * 8);
    const yes = filter.readUInt8(at * 8 + 2);
    const no = filter.readUInt8(at * 8 + 3);
    const value = filter.readUInt32LE(at * 8 + 4);
    if (code === 0x06) return value;
    if (code === 0x20) register = data.readUInt32LE(value);
    else if (code === 0x54) register = (register & value) >>> 0;
    else if (code === 0x15) at += register === value ? yes : no;
    else if (code === 0x35) at += register >= value ? yes : no;
    else if (code === 0x45) at += (register & value) !== 0 ? yes : no;
    else throw new Error(`Unknown instruction ${code}`);
  }
}

describe.each(['x64', 'arm64'] as const)('the filter on %s', (target) => {
  const filter = seccompFilter(target, { sharesUser: true });
  const ask = (name: SystemCall, ...args: number[]): number | null => {
    const nr = systemCallNumber(name, target);
    return nr === null ? null : run(filter, ARCHITECTURE[target], nr, args);
  };
  const exists = (name: SystemCall): boolean => systemCallNumber(name, target) !== null;

  test('fits in the kernel and its jumps in a byte', () => {
    expect(filter.length % 8).toBe(0);
    expect(filter.length / 8).toBeLessThan(4096);
  });

  test('kills a program of another architecture', () => {
    expect(run(filter, 0x40000003, 1)).toBe(KILL);
  });

  test.each(REFUSED.filter(exists))('refuses %s', (name) => {
    expect(ask(name)).toBe(errno(1));
  });

  test.each(UNKNOWN.filter(exists))('does not know %s', (name) => {
    expect(ask(name)).toBe(errno(38));
  });

  test('lets in sockets of UNIX, IPv4 and IPv6 alone, and no raw ones', () => {
    for (let family = 0; family < 64; family++) {
      for (let type = 0; type < 16; type++) {
        const stream = type === 1 || type === 2;
        const open =
          family === 1 ? stream || type === 5 : (family === 2 || family === 10) && stream;
        expect(ask('socket', family, type | 0o2004000)).toBe(open ? ALLOW : errno(97));
      }
    }
  });

  test('looks at the low half of a terminal command, as the kernel does', () => {
    expect(ask('ioctl', 0, 0x5412)).toBe(errno(1));
    expect(ask('ioctl', 0, 0x7_0000_5412)).toBe(errno(1));
    expect(ask('ioctl', 0, 0x5413)).toBe(ALLOW);
  });

  test('refuses namespaces to clone, and lets it fork and make threads', () => {
    for (const flag of [17, 25, 26, 27, 28, 29, 30]) {
      expect(ask('clone', 2 ** flag + 17)).toBe(errno(1));
    }
    expect(ask('clone', 0x01200011)).toBe(ALLOW);
    expect(ask('clone', 0x003d0f00)).toBe(ALLOW);
  });

  test('refuses set-id bits wherever a mode is given', () => {
    expect(ask('fchmodat', -1, 0, 0o4755)).toBe(errno(1));
    expect(ask('fchmodat', -1, 0, 0o1755)).toBe(ALLOW);
    expect(ask('openat', -1, 0, 0o101, 0o2755)).toBe(errno(1));
    // Without O_CREAT or O_TMPFILE the mode is whatever lay in the register.
    expect(ask('openat', -1, 0, 0, 0o6755)).toBe(ALLOW);
    expect(ask('openat', -1, 0, 0o20200002, 0o4755)).toBe(errno(1));
  });

  test('keeps a box that shares its caller’s user from the process group', () => {
    expect(ask('kill', 0, 9)).toBe(errno(1));
    expect(ask('kill', -1, 9)).toBe(ALLOW);
    expect(ask('pidfd_send_signal', 3, 9, 0, 4)).toBe(errno(1));
    expect(ask('setpriority', 1, 0, 5)).toBe(errno(1));
    const other = seccompFilter(target, { sharesUser: false });
    expect(run(other, ARCHITECTURE[target], systemCallNumber('kill', target) ?? -1, [0, 9])).toBe(
      ALLOW,
    );
  });

  test('lets in what it does not name', () => {
    expect(ask('read')).toBe(ALLOW);
    expect(ask('openat', -1, 0, 0o102, 0o644)).toBe(ALLOW);
    expect(ask('prctl')).toBe(ALLOW);
  });
});

test('the filter does not know the x32 calls', () => {
  const filter = seccompFilter('x64', { sharesUser: true });
  expect(run(filter, ARCHITECTURE.x64, 0x40000000 + 101)).toBe(errno(38));
});

describe.each(['x64', 'arm64'] as const)('the filter of bare walls on %s', (target) => {
  const filter = bareFilter(target);
  const index = target === 'x64' ? 0 : 1;
  const ask = (nr: number | null, ...args: number[]): number | null =>
    nr === null ? null : run(filter, ARCHITECTURE[target], nr, args);
  const checked = (name: keyof typeof CHECKED, ...args: number[]): number | null =>
    ask(CHECKED[name][index], ...args);

  test('knows nothing but what it names', () => {
    const named = new Set(
      [...Object.values(ALLOWED), ...Object.values(CHECKED)].map((row) => row[index]),
    );
    for (let nr = 0; nr < 600; nr++) {
      if (!named.has(nr)) expect(ask(nr, -1, -1, -1)).toBe(errno(38));
    }
    for (const row of Object.values(ALLOWED)) expect(ask(row[index]) ?? ALLOW).toBe(ALLOW);
    expect(run(filter, 0x40000003, 1)).toBe(KILL);
  });

  test('names none of what leads to others, and no call twice', () => {
    const numbers = [...Object.values(ALLOWED), ...Object.values(CHECKED)]
      .map((row) => row[index])
      .filter((nr) => nr !== null);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const name of [...REFUSED, ...UNKNOWN, 'bind', 'listen', 'sendmsg', 'kill'] as const) {
      const nr = systemCallNumber(name, target);
      if (nr !== null) expect(ask(nr), name).toBe(errno(38));
    }
  });

  test('makes threads, and no processes or namespaces', () => {
    expect(checked('clone', 0x003d0f00)).toBe(ALLOW);
    expect(checked('clone', 17)).toBe(errno(1));
    expect(checked('clone', 0x01200011)).toBe(errno(1));
    expect(checked('clone', 0x003d0f00 + 2 ** 28)).toBe(errno(1));
  });

  test('opens for reading alone', () => {
    for (const flags of [0, 0o2000000, 0o4000, 0o200000]) {
      expect(checked('openat', -1, 0, flags)).toBe(ALLOW);
    }
    for (const flags of [1, 2, 0o100, 0o1000, 0o2000, 0o20200000, 3]) {
      expect(checked('openat', -1, 0, flags)).toBe(errno(13));
    }
  });

  test('asks for limits, and sets none', () => {
    expect(checked('prlimit64', 0, 7, 0, 4096)).toBe(ALLOW);
    expect(checked('prlimit64', 0, 7, 4096, 0)).toBe(errno(1));
    expect(checked('prlimit64', 0, 7, 2 ** 32, 0)).toBe(errno(1));
  });

  test('lets it end itself, and signal nobody', () => {
    expect(checked('tgkill', 2, 2, 6)).toBe(ALLOW);
    expect(checked('tgkill', 1, 1, 9)).toBe(errno(1));
    expect(checked('prctl', 15)).toBe(ALLOW);
    expect(checked('prctl', 1, 0)).toBe(errno(1));
    expect(checked('fcntl', 0, 8, 1)).toBe(errno(1));
    expect(checked('ioctl', 0, 0x5412)).toBe(errno(25));
    expect(checked('socket', 1, 1)).toBe(errno(97));
  });
});
