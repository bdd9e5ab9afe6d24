import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuzz, tried } from '../fuzz/run.ts';
import type { FuzzTarget } from '../fuzz/target.ts';
import { TARGETS } from '../fuzz/targets.ts';
import { ROOT } from './support/repository.ts';

const REPROS = join(ROOT, 'fuzz/repros');

const files = readdirSync(REPROS, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.txt'))
  .map((entry) => [entry.parentPath.slice(REPROS.length + 1), entry.name] as const);

/** Breaks its promise for inputs with a `b` behind an `a`. */
const broken: FuzzTarget = {
  name: 'broken',
  seeds: ['xaxx'],
  words: ['b'],
  check(input) {
    if (/a.*b/.test(Buffer.from(input).toString('latin1'))) throw new Error('a, then b');
    return '';
  },
};

describe('the fuzzer', () => {
  it('finds a broken promise, and the shortest input for it', async () => {
    const { fault } = await fuzz(broken, 1, 20_000);
    expect(Buffer.from(fault?.input ?? []).toString()).toBe('ab');
    expect(await fuzz(broken, 1, 20_000)).toEqual(await fuzz(broken, 1, 20_000));
  });

  it('calls an input that takes too much of the processor a fault', async () => {
    const slow: FuzzTarget = {
      ...broken,
      check() {
        for (const before = process.cpuUsage(); process.cpuUsage(before).user < 2_100_000; );
        return '';
      },
    };
    expect(await tried(slow, new Uint8Array())).toMatchObject({ ok: false });
  });
});

describe('what was found once', () => {
  it('has a target', () => {
    const names = new Set(TARGETS.map(({ name }) => name));
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter(([folder]) => !names.has(folder))).toEqual([]);
  });

  it.each(files)('%s/%s stays mended', async (folder, file) => {
    const target = TARGETS.find(({ name }) => name === folder) as FuzzTarget;
    await target.prepare?.();
    expect(await tried(target, readFileSync(join(REPROS, folder, file)))).toMatchObject({
      ok: true,
    });
  });
});

describe('each target', () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))(
    '%s keeps its promises for a moment',
    async (_, target) => {
      expect(await fuzz(target, 1, 300)).toMatchObject({ fault: null });
    },
  );
});
