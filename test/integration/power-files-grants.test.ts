import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOST, type InstalledKind, type Kernel, type Reference } from '../../src/kernel/kernel.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { callback } from '../../src/kernel/reference.ts';
import { filesPower } from '../../src/powers/files/kind.ts';
import { CHUNK_BYTES } from '../../src/powers/files/limits.ts';
import { openFiles } from '../../src/powers/files/live.ts';
import type { WatchEvent } from '../../src/powers/files/methods.ts';
import type { JournalEntry } from '../../src/wire/journal-entry.ts';
import { refusalOf } from '../support/files-power.ts';
import { openMemoryStore } from '../support/memory-store.ts';

let folder: string;
let kernel: Kernel;
let rows: JournalEntry[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'files-grants-'));
  for (const name of ['docs/public', 'docs/own'])
    mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, 'docs/public/a'), 'public');
  writeFileSync(join(folder, 'docs/own/b'), 'own');
  writeFileSync(join(folder, 'key'), 'secret');
  rows = [];
  const kind = {
    definition: filesPower,
    open: (config: never) => openFiles(config, { excluded: [] }),
  } as unknown as InstalledKind;
  kernel = openKernel({
    store: openMemoryStore(),
    journal: {
      appendMany(entries) {
        rows.push(...entries);
        return entries.map((_, index) => rows.length - entries.length + 1 + index);
      },
    },
    kinds: new Map([['files', kind]]),
    lastUsed: () => new Map(),
  });
});

afterEach(async () => {
  await kernel.close();
  rmSync(folder, { recursive: true });
});

interface Held {
  readonly holder: string;
  readonly grant: string;
}

function power(): Held {
  const config = filesPower.readConfig(folder);
  return { holder: HOST, grant: kernel.makePower('files', config, 'a test').root.id };
}

/** A grant to a new guest, by whoever holds the parent. */
function give(parent: Held, name: string, only: readonly string[], more = {}): Held {
  const holder = kernel.addGuest(name, { reason: 'a test' }).id;
  const narrowing = filesPower.readNarrowing(only, filesPower.readConfig(folder));
  const ask = { parent: parent.grant, to: holder, narrowing, ...more };
  return { holder, grant: kernel.grant(parent.holder, ask).id };
}

function use(held: Held, method: string, ...args: unknown[]): Promise<unknown> {
  return kernel.use(held.holder, kernel.reference(held.holder, held.grant), method, args);
}

async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done(); tries++) {
    if (tries > 400) throw new Error('not in time');
    await sleep(5);
  }
}

describe('files through grants', () => {
  it('are narrowed at each hand, also in what comes back', async () => {
    const a = give(power(), 'a', ['below /docs']);
    const b = give(a, 'b', ['ro below /docs/public', 'read /key']);
    expect(await use(a, 'readText', 'docs/own/b')).toBe('own');
    expect(await use(b, 'readText', 'docs/public/a')).toBe('public');
    // What the child's rules say is not enough: its parent's hold as well.
    for (const path of ['docs/own/b', 'key']) {
      expect(await refusalOf(use(b, 'readText', path))).toMatch(/^narrowing-refused/);
    }
    expect(await refusalOf(use(b, 'write', 'docs/public/a', 'x'))).toMatch(/^narrowing-refused/);
    const docs = (await use(b, 'subdirectory', 'docs')) as Reference;
    const inDocs = (method: string, ...args: unknown[]) => kernel.use(b.holder, docs, method, args);
    expect(await inDocs('list', '/')).toEqual([{ name: 'public', type: 'directory' }]);
    expect(await inDocs('readText', 'public/a')).toBe('public');
    expect(await refusalOf(inDocs('readText', 'own/b'))).toMatch(/^narrowing-refused/);
    expect(await refusalOf(kernel.use(a.holder, docs, 'list', ['/']))).toMatch(/^grant-unknown/);
  });

  it('leave rows that name what was done', async () => {
    const a = give(power(), 'a', ['ro']);
    await use(a, 'readText', 'docs/own/b');
    await refusalOf(use(a, 'remove', 'docs/own/b'));
    const told = rows.flatMap((row) => (row.kind === 'use' ? [`${row.call} ${row.verdict}`] : []));
    expect(told).toEqual(['readText /docs/own/b allow', 'remove /docs/own/b deny']);
  });

  it('spend a budget of bytes, and stop when it is spent', async () => {
    const a = give(power(), 'a', [], { budget: { bytes: 10 } });
    expect(await use(a, 'readText', 'key')).toBe('secret');
    expect(await refusalOf(use(a, 'write', 'docs/new', '12345'))).toMatch(/^budget-spent/);
    await use(a, 'write', 'docs/new', '1234');
    expect(readFileSync(join(folder, 'docs/new'), 'utf8')).toBe('1234');
  });

  it('do exactly what was approved', async () => {
    const a = give(power(), 'a', [], { approval: 'writes' });
    expect(await use(a, 'readText', 'key')).toBe('secret');
    const content = new Uint8Array(Buffer.from('approved'));
    const writing = use(a, 'write', 'key', content);
    await until(() => kernel.pending().length === 1);
    expect(kernel.pending()[0]).toMatchObject({ call: 'write /key', effect: 'write' });
    content.fill(0x78);
    kernel.decide([kernel.pending()[0]?.id ?? ''], 'approved', 'a test');
    await writing;
    expect(readFileSync(join(folder, 'key'), 'utf8')).toBe('approved');
  });

  it('end at once when the grant does: watches, long reads, objects', async () => {
    const events: WatchEvent[] = [];
    const a = give(power(), 'a', []);
    const b = give(a, 'b', []);
    const seen = callback((event) => events.push(event as WatchEvent));
    const docs = (await use(b, 'subdirectory', 'docs')) as Reference;
    await kernel.use(b.holder, docs, 'watch', ['/', seen]);
    writeFileSync(join(folder, 'docs/one'), '1');
    await until(() => events.some(({ path }) => path === '/one'));
    writeFileSync(join(folder, 'long'), '');
    truncateSync(join(folder, 'long'), 12 * CHUNK_BYTES);
    const reading = refusalOf(use(b, 'read', 'long'));
    await new Promise((next) => setImmediate(next));
    const report = await kernel.revoke(HOST, { grant: a.grant }, 'a test');
    expect(report.grants).toHaveLength(2);
    expect(await reading).toMatch(/^grant-revoked/);
    const count = events.length;
    writeFileSync(join(folder, 'docs/two'), '2');
    await sleep(50);
    expect(events).toHaveLength(count);
    expect(await refusalOf(kernel.use(b.holder, docs, 'list', ['/']))).toMatch(/^grant-revoked/);
  });
});
