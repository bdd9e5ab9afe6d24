import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testNarrowingLaws } from '../../../test/support/narrowing-laws.ts';
import { TEXT_CHARS_MAX, TEXTS_MAX } from '../words/limits.ts';
import {
  ARGUMENTS_BYTES_MAX,
  ARGUMENTS_MAX,
  INPUT_BYTES_MAX,
  OUTPUT_BYTES_MAX,
  PATTERN_WORDS_MAX,
  SHOWN_CHARS_MAX,
  TIME_MS_MAX,
} from './limits.ts';
import { commandPower } from './power.ts';
import type { Alternative, CommandCall, CommandRule } from './rule.ts';

const config = commandPower.readConfig('git -C /srv/repo');
const callOf = (method: string, ...args: readonly unknown[]): CommandCall =>
  commandPower.callOf(config, { facet: 'root', at: null, method, args });
const only = (...texts: readonly string[]) => commandPower.readNarrowing(texts, config);
const allows = (text: string, args: readonly string[], options?: object): boolean =>
  commandPower.permits(only(text), callOf('run', args, options)).allow;

const word = fc.constantFrom('log', 'a b', '-n', '--out=x', '*', '', '<', 'é', '"', "'", '\\', '|');
const alternative: fc.Arbitrary<Alternative> = fc.oneof(
  word.map((is) => ({ is })),
  fc.constantFrom('*', 'l*', '-*', '--out=*', 'a *', '*"*').map((like) => ({ like })),
);
const rule: fc.Arbitrary<CommandRule> = fc.record({
  args: fc.array(fc.array(alternative, { minLength: 1, maxLength: 3 }), { maxLength: 2 }),
  rest: fc.boolean(),
  input: fc.boolean(),
});
const call: fc.Arbitrary<CommandCall> = fc
  .tuple(fc.array(word, { maxLength: 3 }), fc.boolean())
  .map(([args, input]) => callOf('run', args, input ? { stdin: 'x' } : {}));

describe('the kind command', () => {
  testNarrowingLaws(commandPower, { config, rule, call });

  it.each([
    ['status', ['status'], true],
    ['status', [], false],
    ['status', ['status', '-s'], false],
    ['', [], true],
    ['', ['x'], false],
    ['status|diff', ['diff'], true],
    ['status|diff', ['log'], false],
    ['log *', ['log', 'main'], true],
    ['log *', ['log', '--output=/etc/x'], false],
    ['log *', ['log', '-'], false],
    ['log *', ['log', ''], true],
    ['log v*.*', ['log', 'v1.2'], true],
    ['log v*.*', ['log', 'v1'], false],
    ['log -n *', ['log', '-n', '5'], true],
    ['log --depth=*', ['log', '--depth=-1'], true],
    ['log **', ['log', 'a', 'b', 'c'], true],
    ['log **', ['log'], true],
    ['log **', ['log', 'a', '--exec=x'], false],
    ["commit -m '*'", ['commit', '-m', '*'], true],
    ["commit -m '*'", ['commit', '-m', 'x'], false],
    ['"a b"|c', ['a b'], true],
    ['"a b"*', ['a b c'], true],
    ['-- **', ['--', 'file'], true],
    ['-- **', ['--', '-file'], false],
  ])('--only %s with %j: %s', (text, args, allowed) => {
    expect(allows(text, args)).toBe(allowed);
  });

  it('gives input only where the pattern says so', () => {
    expect(allows('apply', ['apply'], { stdin: 'x' })).toBe(false);
    expect(allows('apply < *', ['apply'], { stdin: 'x' })).toBe(true);
    expect(allows('apply < *', ['apply'])).toBe(true);
    expect(allows('apply ** < *', ['apply', 'a'], { stdin: 'x' })).toBe(true);
    const started = callOf('start', ['apply'], { input: true });
    expect(commandPower.permits(only('apply'), started).allow).toBe(false);
    expect(commandPower.permits(only('apply < *'), started).allow).toBe(true);
  });

  it.each([
    "'a",
    '"a',
    '"\\x"',
    '|a',
    'a|',
    'a||b',
    '** a',
    'a**b',
    '< a',
    'a <',
    'a<*',
    '"*"*',
    'x'.repeat(TEXT_CHARS_MAX + 1),
    'x '.repeat(PATTERN_WORDS_MAX + 1),
  ])('cannot read --only %s', (text) => {
    expect(() => only(text)).toThrow(expect.objectContaining({ code: 'narrowing-invalid' }));
  });

  it('reads no texts and too many as none', () => {
    expect(() => only()).toThrow();
    expect(only(...Array(TEXTS_MAX).fill('x'))).toHaveLength(TEXTS_MAX);
    expect(() => only(...Array(TEXTS_MAX + 1).fill('x'))).toThrow();
    expect(only('x '.repeat(PATTERN_WORDS_MAX))[0]?.args).toHaveLength(PATTERN_WORDS_MAX);
  });

  it.each([
    ['run', [['a\0b']]],
    ['run', [['\udc00']]],
    ['run', [['x'.repeat(ARGUMENTS_BYTES_MAX)]]],
    ['run', [Array(ARGUMENTS_MAX + 1).fill('x')]],
    ['run', ['x']],
    ['run', [['x'], { env: { LD_PRELOAD: 'x' } }]],
    ['run', [['x'], { stdin: 1 }]],
    ['run', [['x'], { stdin: new Uint8Array(INPUT_BYTES_MAX + 1) }]],
    ['run', [['x'], { encoding: 'hex' }]],
    ['start', [['x'], { stdin: 'x' }]],
    ['exec', [['x']]],
  ] as const)('refuses the call %s', (method, args) => {
    expect(() => callOf(method, ...args)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
  });

  it('takes as much as its limits say', () => {
    expect(callOf('run', ['x'.repeat(ARGUMENTS_BYTES_MAX - 1)]).args).toHaveLength(1);
    expect(callOf('run', Array(ARGUMENTS_MAX).fill('x')).args).toHaveLength(ARGUMENTS_MAX);
    expect(callOf('run', [], { stdin: new Uint8Array(INPUT_BYTES_MAX) }).input).toBe(true);
  });

  it('judges what is done with a process as it judged its start', () => {
    const at = callOf('start', ['log'], { input: true });
    const of = (method: string, ...args: readonly unknown[]) =>
      commandPower.callOf(config, { facet: 'process', at, method, args });
    for (const method of ['read', 'wait', 'closeInput']) {
      expect(commandPower.permits(only('log < *'), of(method)).allow).toBe(true);
      expect(commandPower.permits(only('log'), of(method)).allow).toBe(false);
    }
    expect(commandPower.effect(of('write', 'x'))).toBe('write');
    expect(commandPower.effect(of('read'))).toBe('read');
    expect(() => of('write', 1)).toThrow();
    expect(() => of('run', [])).toThrow();
  });

  it('shows a call in one bounded line', () => {
    expect(commandPower.describe(callOf('run', ['log', 'a b\u001b[2J']))).toBe(
      'run git log "a b\\u001b[2J"',
    );
    const long = commandPower.describe(callOf('run', ['é'.repeat(10_000)]));
    expect(long.length).toBeLessThan(SHOWN_CHARS_MAX);
    expect(long).toMatch(/^[\x20-\x7e…]+$/);
  });
});

describe('the config of a command', () => {
  it('reads a program, its first arguments, and what its box has', () => {
    const read = commandPower.readConfig(
      'git -C \'/srv/my repo\' -- workspace=/srv/repo:rw mount=/opt/a,/opt/b:/opt/c:ro env=A=1,"B=x y" time=60 output=2M memory=512M pids=64',
    );
    expect(read).toEqual({
      program: 'git',
      args: ['-C', '/srv/my repo'],
      workspace: { path: '/srv/repo', access: 'rw' },
      mounts: [
        { source: '/opt/a', target: '/opt/a', access: 'ro' },
        { source: '/opt/b', target: '/opt/c', access: 'ro' },
      ],
      env: { A: '1', B: 'x y' },
      limits: {
        timeMs: 60_000,
        outputBytes: 2 * 1024 ** 2,
        memoryBytes: 512 * 1024 ** 2,
        pids: 64,
      },
    });
    expect(commandPower.config.parse(read)).toEqual(read);
    expect(commandPower.describeConfig(read)).toBe(
      'command:git -C "/srv/my repo" -- workspace=/srv/repo:rw',
    );
  });

  it.each([
    '',
    '-x',
    'git *',
    'git -- workspace=repo',
    'git -- workspace=/a:/b:ro',
    'git -- mount=/a/../b',
    'git -- mount=/a/./b',
    'git -- mount=/a//b',
    'git -- mount=/',
    'git -- mount=/a:/b:/c',
    'git -- env=1A=x',
    'git -- env=A',
    'git -- "env"',
    `git -- time=${TIME_MS_MAX}`,
    'git -- time=0',
    `git -- output=${OUTPUT_BYTES_MAX + 1}`,
    'git -- network=on',
  ])('refuses %s', (text) => {
    expect(() => commandPower.readConfig(text)).toThrow(
      expect.objectContaining({ code: 'power-invalid' }),
    );
  });
});
