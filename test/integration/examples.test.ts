import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKinds } from '../../src/daemon/kinds.ts';
import { HOST, type Kernel } from '../../src/kernel/kernel.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { declarationOf } from '../../src/ocap/derive-declaration.ts';
import type { PowerDefinition } from '../../src/ocap/power.ts';
import { openHome } from '../../src/store/home.ts';
import { compile } from '../support/compile.ts';
import { openMemoryStore } from '../support/memory-store.ts';
import { ROOT } from '../support/repository.ts';

/**
 * The example as somebody has it: in a folder of their own, beside a copy of the package that is
 * not the daemon's, found by the name and the entry that package.json gives it.
 */
let folder: string;
let compiled: string;
let module: string;

beforeAll(() => {
  compiled = compile('src/ocap/author.ts');
  folder = mkdtempSync(join(tmpdir(), 'powerbox-example-'));
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'powerbox'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(modules, 'powerbox/package.json'));
  cpSync(compiled, join(modules, 'powerbox/dist'), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules/zod'), join(modules, 'zod'));
  module = join(folder, 'dice-power.mjs');
  cpSync(join(ROOT, 'examples/dice-power.mjs'), module);
});
afterAll(() => {
  for (const each of [folder, compiled]) rmSync(each, { recursive: true, force: true });
});

async function openWithExample(): Promise<Kernel> {
  const home = openHome({ POWERBOX_HOME: join(folder, 'home') });
  const kinds = await loadKinds(home, [], [module]);
  let rows = 0;
  return openKernel({
    store: openMemoryStore(),
    journal: {
      appendMany: (entries) =>
        entries.map(() => {
          rows += 1;
          return rows;
        }),
    },
    kinds,
    lastUsed: () => new Map(),
    now: Date.now,
    approvalMs: 60_000,
  });
}

describe('examples/dice-power.mjs', () => {
  it('is a kind like any other: narrowed, budgeted, and ended with its grant', async () => {
    const kernel = await openWithExample();
    const { definition } = kernel.kinds.get('dice') ?? {};
    if (definition === undefined) throw new Error('The kind is not there.');
    const { root } = kernel.makePower('dice', definition.readConfig('d20'), 'a test');
    const ann = kernel.addGuest('ann', { reason: 'a test' }).id;
    const narrowing = definition.readNarrowing(['2', '3'], { sides: 20 });
    const { id } = kernel.grant(HOST, { parent: root.id, to: ann, narrowing, budget: { uses: 4 } });
    const dice = kernel.reference(ann, id);

    const shown = (await kernel.use(ann, dice, 'throw', [3])) as readonly number[];
    expect(shown).toHaveLength(3);
    expect(shown.every((one) => one >= 1 && one <= 20)).toBe(true);
    expect(kernel.can(ann, dice, 'throw', [4])).toMatchObject({
      allow: false,
      reason: 'Only 3 dice may be thrown at once.',
    });
    await expect(kernel.use(ann, dice, 'throw', ['3'])).rejects.toMatchObject({
      code: 'call-invalid',
    });

    const cup = (await kernel.use(ann, dice, 'cup', [])) as typeof dice;
    expect(await kernel.use(ann, cup, 'throw', [1])).toBeGreaterThan(0);
    await expect(kernel.use(ann, cup, 'throw', [4])).rejects.toMatchObject({
      code: 'narrowing-refused',
    });
    await kernel.use(ann, cup, 'throw', [1]);
    await expect(kernel.use(ann, cup, 'throw', [1])).rejects.toMatchObject({
      code: 'budget-spent',
    });
    await kernel.revoke(HOST, { grant: id }, 'a test');
    await expect(kernel.use(ann, cup, 'throw', [1])).rejects.toMatchObject({
      code: 'grant-revoked',
    });
    await kernel.close();
  });

  it('refuses what it cannot read, and tells models what it does', async () => {
    const kernel = await openWithExample();
    const definition = kernel.kinds.get('dice')?.definition as PowerDefinition<
      unknown,
      unknown,
      unknown
    >;
    for (const bad of ['', 'd1', 'd1001', 'd6.5', '6', 'd']) {
      expect(() => definition.readConfig(bad)).toThrow(
        expect.objectContaining({ code: 'power-invalid' }),
      );
    }
    for (const bad of ['0', '101', 'x']) {
      expect(() => definition.readNarrowing([bad], { sides: 6 })).toThrow(
        expect.objectContaining({ code: 'narrowing-invalid' }),
      );
    }
    expect(declarationOf(definition, definition.summary)).toContain('throw(count');
    await kernel.close();
  });

  it('imports nothing but the entry for authors and Node', () => {
    const imports = readFileSync(join(ROOT, 'examples/dice-power.mjs'), 'utf8').matchAll(
      /from '([^']+)'/g,
    );
    expect([...imports].map(([, from]) => from)).toEqual(['node:crypto', 'powerbox/power']);
  });
});
