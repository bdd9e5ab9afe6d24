import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type DaemonClient } from '../../src/gateway/client.ts';
import type { GuestDoor } from '../../src/wire/doors.ts';
import { type DaemonPlace, makeDaemonPlace } from '../support/daemon.ts';

/** One use of each kind, by a guest, through the daemon as it is built. */

type Power = Readonly<Record<string, (...args: readonly unknown[]) => Promise<unknown>>>;

let place: DaemonPlace;
let client: DaemonClient;
let guest: GuestDoor;

beforeAll(async () => {
  place = makeDaemonPlace();
  const kept = await place.powerbox(['secret', 'set', 'SIGNING', '--for=https://a.example'], {
    input: 'a-value-that-is-long-enough-to-sign-with',
  });
  expect(kept.status).toBe(0);
  await place.json('guest', 'add', 'alice');
  client = await connect(join(place.home, 'powerbox.sock'));
  guest = (await client.door.guest('alice')) as unknown as GuestDoor;
});

afterAll(() => {
  client?.close();
  place?.close();
});

async function give(words: string, name: string): Promise<Power> {
  await place.json('grant', words, 'to', 'alice', '--as', name);
  return (await guest.lookup(name)) as Power;
}

describe('each kind of power', () => {
  it('is there', async () => {
    const kinds = (await place.json('power', 'kinds')).map(({ id }) => String(id)).sort();
    expect(kinds).toEqual([
      ...['command', 'directory', 'files', 'http', 'mailbox', 'model', 'secret', 'sql', 'store'],
    ]);
  });

  it('files', async () => {
    mkdirSync(join(place.workspace, 'data'));
    const files = await give('files:./data', 'data');
    await files.write?.('a.txt', 'hello');
    expect(readFileSync(join(place.workspace, 'data/a.txt'), 'utf8')).toBe('hello');
  });

  it('sql', async () => {
    const load = createRequire(import.meta.url);
    const Sqlite = load('better-sqlite3') as new (
      path: string,
    ) => { exec(sql: string): void; close(): void };
    const database = new Sqlite(join(place.workspace, 'a.db'));
    database.exec('CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (41), (42)');
    database.close();
    const sql = await give('sql:sqlite:./a.db', 'db');
    const answer = await sql.query?.('SELECT n FROM t WHERE n > $1', [41]);
    expect(answer).toMatchObject({ columns: ['n'], rows: [[42]] });
  });

  it('command', async () => {
    const command = await give('command:/bin/echo', 'echo');
    expect(await command.run?.(['in', 'a', 'box'])).toMatchObject({
      status: 0,
      stdout: 'in a box\n',
    });
  });

  it('secret', async () => {
    const secret = await give('secret:SIGNING', 'signer');
    const value = 'a-value-that-is-long-enough-to-sign-with';
    const wanted = execFileSync('openssl', ['dgst', '-sha256', '-hmac', value], { input: 'hello' });
    const signed = await secret.sign?.('hello');
    expect(wanted.toString().trim()).toContain(String(signed));
  });

  it('mailbox', async () => {
    const mailbox = await give('mailbox:host', 'post');
    const sent = (await mailbox.send?.('hello')) as { id: string };
    const [mail] = await place.json('inbox');
    expect(mail).toMatchObject({ id: sent.id, from: 'alice', text: 'hello' });
  });

  it('directory', async () => {
    await place.json('power', 'add', 'https://b.example', '--as', 'b');
    const names = await give('directory:host', 'names');
    expect(await names.list?.('')).toContainEqual({ name: 'b', type: 'grant' });
    expect(await names.lookup?.('b')).toBeDefined();
  });

  it('model', async () => {
    const said = {
      message: { content: 'hello' },
      ...{ done: true, done_reason: 'stop', prompt_eval_count: 3, eval_count: 1 },
    };
    const server = createServer((_, response) => response.end(JSON.stringify(said)));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    try {
      const model = await give(`model:ollama http://127.0.0.1:${port}/api`, 'model');
      const messages = [{ role: 'user', content: 'hi' }];
      const answer = await model.chat?.({ model: 'small', maxTokens: 5, messages });
      expect(answer).toMatchObject({ text: 'hello', usage: { outputTokens: 1 } });
    } finally {
      server.close();
    }
  });
});
