import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  requestEntry,
  responseEntry,
  temporaryHome,
} from '../../../test/support/journal-fixture.ts';
import { openJournal } from '../../journal/journal.ts';
import type { Home } from '../../store/home.ts';
import { deriveKey, loadKey } from '../../vault/key.ts';
import type { CliContext } from '../context.ts';
import { logCommand } from './log.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
  const journal = openJournal(home, deriveKey(loadKey(home), 'journal'));
  journal.append({
    kind: 'box-start',
    box: 'a',
    program: ['true'],
    workspace: '/w',
    rules: [],
    secrets: [],
  });
  journal.append(requestEntry({ box: 'a' }));
  journal.append(responseEntry(2, { box: 'a' }));
  journal.append(
    requestEntry({ box: 'b', verdict: 'deny', rule: null, code: 'not-granted', reason: 'No.' }),
  );
  journal.close();
});
afterEach(() => dispose());

async function run(...args: string[]): Promise<{ out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const context: CliContext = {
    env: {},
    cwd: '/',
    stdin: Readable.from([]),
    colour: false,
    home: () => home,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    daemon: () => Promise.reject(new Error('no daemon')),
    exit: () => {},
    close: () => {},
  };
  await logCommand(context).exitOverride().parseAsync(args, { from: 'user' });
  return { out, err };
}

describe('powerbox log', () => {
  it('shows one line for each record, and only the box that is named', async () => {
    expect((await run()).out).toHaveLength(3);
    const { out } = await run('a');
    expect(out).toHaveLength(2);
    expect(out[1]).toMatch(/ allow {2}GET .*secrets: API_KEY {2}200 120 B out 2\.0 KiB in 14ms$/);
  });

  it('shows refusals with their reason', async () => {
    const { out } = await run('--denied');
    expect(out).toHaveLength(1);
    expect(out[0]).toContain('not-granted: No.');
  });

  it('gives one object a line with --json', async () => {
    const records = (await run('--json', '--since', '1h', '--limit', '2')).out.map((line) =>
      JSON.parse(line),
    );
    expect(records).toHaveLength(2);
    expect(records[0]).toMatchObject({
      seq: 2,
      kind: 'request',
      status: 200,
      secrets: ['API_KEY'],
    });
    expect(records[0].time).toMatch(/^\d{4}-.*Z$/);
  });

  it('refuses a limit that is no count', async () => {
    await expect(run('--limit', '0')).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  });
});

describe('powerbox log verify', () => {
  it('prints a head that --expect takes', async () => {
    const { out } = await run('verify');
    expect(out[0]).toBe('The journal is whole: 4 rows.');
    const head = out[1]?.replace('head ', '') ?? '';
    const verified = JSON.parse((await run('verify', '--json', '--expect', head)).out[0] ?? '');
    expect(verified).toEqual({ ok: true, rows: 4, head: head.slice(2) });
    const other = `4:${'0'.repeat(64)}`;
    await expect(run('verify', '--expect', other)).rejects.toMatchObject({
      code: 'journal-broken',
    });
  });
});
