import { describe, expect, it } from 'vitest';
import { explainVerdict, guardOf } from '../../ocap/derive.ts';
import { declarationOf } from '../../ocap/derive-declaration.ts';
import type { Invocation } from '../../ocap/power.ts';
import { filesPower } from './kind.ts';
import { PATH_DEPTH_MAX, READ_BYTES_MAX, WRITE_BYTES_MAX } from './limits.ts';
import { directoryMethods } from './methods.ts';

const CONFIG = filesPower.readConfig('/srv/data');

const invoke = (method: string, args: readonly unknown[], more: Partial<Invocation> = {}) =>
  filesPower.callOf(CONFIG, { facet: 'root', at: null, method, args, ...more });
const docs = (readOnly: boolean): Partial<Invocation> => ({
  facet: 'directory',
  at: { path: '/docs', readOnly },
});

describe('the config of a files power', () => {
  it.each([
    ['/srv/data', { root: '/srv/data', access: 'rw', quotaBytes: null }],
    ['/srv/data/', { root: '/srv/data', access: 'rw', quotaBytes: null }],
    ['/srv/data:ro', { root: '/srv/data', access: 'ro', quotaBytes: null }],
    ['/a b:quota=10M', { root: '/a b', access: 'rw', quotaBytes: 10 * 1024 ** 2 }],
    ['/a:quota=0:ro', { root: '/a', access: 'ro', quotaBytes: 0 }],
    ['/', { root: '/', access: 'rw', quotaBytes: null }],
  ])('is read from %s', (text, config) => {
    expect(filesPower.readConfig(text)).toEqual(config);
    expect(filesPower.config.parse(config)).toEqual(config);
    const again = filesPower.describeConfig(filesPower.readConfig(text));
    expect(filesPower.readConfig(again.replace('files:', ''))).toEqual(config);
  });

  it.each([
    '',
    'data',
    '~/data',
    '/a/../b',
    '/a//b',
    '/a:',
    '/a:rx',
    '/a:ro:ro',
    '/a:ro:rw',
    '/a:quota=',
    '/a:quota=1X',
    '/a:quota=99999999999999999T',
    '/a:quota=1:quota=2',
    '/a\0',
  ])('is not read from %j', (text) => {
    expect(() => filesPower.readConfig(text)).toThrow(
      expect.objectContaining({ code: 'power-invalid' }),
    );
  });

  it('is parsed strictly as data', () => {
    for (const bad of [
      { root: 'a', access: 'rw', quotaBytes: null },
      { root: '/a', access: 'w', quotaBytes: null },
      { root: '/a', access: 'rw', quotaBytes: -1 },
      { root: '/a', access: 'rw', quotaBytes: 1.5 },
      { root: '/a', access: 'rw' },
      { root: '/a', access: 'rw', quotaBytes: null, more: 1 },
    ]) {
      expect(filesPower.config.safeParse(bad).success).toBe(false);
    }
  });
});

describe('a call of a files power', () => {
  it('says what is done where', () => {
    expect(invoke('write', ['a', 'é', { append: true }])).toEqual({
      method: 'write',
      effect: 'write',
      targets: [{ access: 'write', path: '/a' }],
      bytes: 2,
      options: { offset: 0, length: null, append: true, create: true, exclusive: false },
      content: Buffer.from('é'),
    });
    expect(invoke('rename', ['a', '/b'], docs(false)).targets).toEqual([
      { access: 'take', path: '/docs/a' },
      { access: 'write', path: '/docs/b' },
    ]);
  });

  it('has an effect for each method, and a phrase', () => {
    const args: Record<string, unknown[]> = { write: ['x', ''], rename: ['x', 'y'], readOnly: [] };
    const told = Object.keys(directoryMethods).map((method) => {
      const call = invoke(method, args[method] ?? ['x']);
      return `${filesPower.describe(call)}: ${filesPower.effect(call)}`;
    });
    expect(told).toEqual([
      'read /x: read',
      'readText /x: read',
      'list /x: read',
      'stat /x: read',
      'watch /x: read',
      'subdirectory /x: read',
      'readOnly /: read',
      'write /x: write',
      'makeDirectory /x: write',
      'rename /x to /y: write',
      'remove /x: irrevocable',
    ]);
    expect(filesPower.describe(invoke('stat', ['a b\u202e']))).toBe('stat "/a b\\u202e"');
    expect(filesPower.describe(invoke('close', [], { facet: 'watcher' }))).toBe('close');
  });

  it('cannot change anything through an object or a power for reading only', () => {
    expect(invoke('read', ['a'], docs(true)).targets[0]?.path).toBe('/docs/a');
    expect(() => invoke('write', ['a', ''], docs(true))).toThrow(/write \/docs\/a is not allowed/);
    const closed = filesPower.readConfig('/srv/data:ro');
    expect(filesPower.concerns(closed, invoke('read', ['a']))).toBe(true);
    expect(filesPower.concerns(closed, invoke('remove', ['a']))).toBe(false);
  });

  it.each([
    ['read', []],
    ['read', [1]],
    ['read', [['a']]],
    ['read', ['../a']],
    ['read', ['a', { offset: -1 }]],
    ['read', ['a', { length: 1.5 }]],
    ['read', ['a', { length: READ_BYTES_MAX + 1 }]],
    ['read', ['a', { offset: 2 ** 60 }]],
    ['read', ['a', { other: 1 }]],
    ['read', ['a', []]],
    ['read', ['a', null]],
    ['write', ['a']],
    ['write', ['a', 1]],
    ['write', ['a', { length: 3 }]],
    ['write', ['a', '\ud800']],
    ['write', ['a', new Uint8Array(WRITE_BYTES_MAX + 1)]],
    ['write', ['a', 'x'.repeat(WRITE_BYTES_MAX + 1)]],
    ['write', ['a', '', { append: 1 }]],
    ['write', ['a', '', { exclusive: true, create: false }]],
    ['rename', ['a']],
    ['remove', ['a/..']],
  ])('%s of bad arguments is refused', (method, args) => {
    const invalid = expect.objectContaining({ code: 'call-invalid' });
    expect(() => invoke(method, args)).toThrow(invalid);
  });

  it('is refused from a place that cannot be', () => {
    for (const at of [null, {}, { path: 'a', readOnly: false }, { path: '/..', readOnly: true }]) {
      expect(() => invoke('read', ['a'], { facet: 'directory', at })).toThrow(/cannot be read/);
    }
    const deep = { path: '/a'.repeat(PATH_DEPTH_MAX), readOnly: false };
    expect(() => invoke('read', ['a'], { facet: 'directory', at: deep })).toThrow(/deeper/);
    expect(() => invoke('read', ['a'], { facet: 'other' })).toThrow(/no method/);
    expect(() => invoke('toString', [])).toThrow(/no method/);
    expect(() => invoke('read', [], { facet: 'watcher' })).toThrow(/no method/);
  });
});

describe('what is derived from the files power', () => {
  it('guards as the call does', () => {
    const guard = guardOf(filesPower as never);
    expect(guard('root', 'read', ['a'])).toEqual(['a', undefined]);
    expect(() => guard('root', 'write', ['a', 1])).toThrow(/the argument content/);
    expect(() => guard('root', 'watch', ['a', 1])).toThrow(/is no function/);
    expect(() => guard('watcher', 'read', ['a'])).toThrow(/no such method/);
  });

  it('declares its methods', () => {
    const text = declarationOf(filesPower as never, filesPower.summary);
    expect(text).toContain(
      'read(path: string, options?: { offset?: number; length?: number }): Promise<Uint8Array>;',
    );
    expect(text).toContain('watch(path: string, callback: (...args: unknown[]) => unknown)');
    expect(text).toContain('subdirectory(path: string): Promise<FilesDirectory>;');
  });

  it('explains itself', () => {
    const narrowing = filesPower.readNarrowing(['ro below /docs'], CONFIG);
    const explain = (method: string, path: string) =>
      explainVerdict(filesPower, CONFIG, [narrowing], invoke(method, [path]));
    expect(explain('read', 'docs/a')).toBe(
      'read /docs/a is allowed by files:/srv/data, within read /docs/**.',
    );
    expect(explain('read', 'a')).toBe('read /a is not allowed: only /docs/** may be read.');
  });
});
