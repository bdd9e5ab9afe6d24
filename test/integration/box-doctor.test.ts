import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../src/boxes/process/doctor.ts';
import { type Bench, openBench, STARTERS, USER_ID } from './box-harness.ts';

let bench: Bench;
beforeAll(() => {
  bench = openBench();
});
afterAll(() => bench.close());

describe.each(STARTERS)('doctor as %s', (starter) => {
  const diagnose = (code = ''): Check[] => {
    const module = JSON.stringify(join(bench.dist, 'boxes/process/doctor.js'));
    const script = `${code};import(${module}).then(async (m) => console.log(JSON.stringify(await m.diagnose())))`;
    const ids =
      starter === 'user' && process.getuid?.() === 0 ? { uid: USER_ID, gid: USER_ID } : {};
    return JSON.parse(
      execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', cwd: '/', ...ids }),
    );
  };

  test('finds that this machine can start boxes', () => {
    const checks = diagnose();
    expect(checks.filter(({ needed, ok }) => needed && !ok)).toEqual([]);
    expect(checks.map(({ name }) => name)).toContain('user namespaces');
    expect(checks.find(({ name }) => name.includes('tproxy'))?.ok).toBe(true);
    expect(checks.find(({ name }) => name.includes('overlay'))?.ok).toBe(true);
  });

  test('says how to mend a processor that is unknown', () => {
    const checks = diagnose("Object.defineProperty(process, 'arch', { value: 'mips' })");
    expect(checks.find(({ name }) => name === 'processor')).toMatchObject({
      ok: false,
      needed: true,
    });
    expect(checks.every(({ ok, mend }) => ok || mend !== undefined)).toBe(true);
  });
});
