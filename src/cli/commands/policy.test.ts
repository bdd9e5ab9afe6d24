import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../../wire/errors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { policyCommand } from './policy.ts';

const folder = mkdtempSync(join(tmpdir(), 'powerbox-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'powerbox.json'), '{"version":1,"powers":["GET a.example/x"]}');
writeFileSync(join(folder, 'broken.json'), '{"version":1,"powers":"a.example"}');

async function policy(...words: string[]): Promise<{ out: string[]; status: number }> {
  const out: string[] = [];
  let status = 0;
  const context: CliContext = {
    env: {},
    cwd: folder,
    stdin: Readable.from([]),
    colour: false,
    home() {
      throw new Error('the verb needs no home');
    },
    daemon: () => Promise.reject(new Error('the verb needs no daemon')),
    close: () => {},
    out: (line) => out.push(line),
    err: (line) => out.push(line),
    exit(next) {
      status = next;
    },
  };
  await policyCommand(context).exitOverride().parseAsync(words, { from: 'user' });
  return { out, status };
}

async function codeOf(...words: string[]): Promise<ErrorCode | null> {
  const error: unknown = await policy(...words).then(
    () => null,
    (reason: unknown) => reason,
  );
  return PowerboxError.is(error) ? error.code : null;
}

describe('powerbox policy check', () => {
  test('names the rule that allows', async () => {
    expect(
      await policy('check', 'b.example', 'GET a.example', '--', 'GET', 'https://a.example/'),
    ).toEqual({
      out: ['allowed by GET https://a.example'],
      status: 0,
    });
  });

  test('gives the reason of a refusal and exits with 77', async () => {
    expect(await policy('check', 'GET a.example', '--', 'POST', 'https://a.example/')).toEqual({
      out: ['refused: POST https://a.example/ is not allowed: this box may only use GET there.'],
      status: 77,
    });
    expect((await policy('check', '--', 'GET', 'https://a.example/')).status).toBe(77);
    expect((await policy('check', 'a.example', '--', 'GET', 'a.example/x/..')).status).toBe(77);
  });

  test('reads a policy file, and prints JSON', async () => {
    const allowed = await policy(
      'check',
      '--json',
      'powerbox.json',
      '--',
      'GET',
      'https://a.example/x',
    );
    expect(allowed.out.map((line) => JSON.parse(line))).toEqual([
      { allow: true, rule: 'GET https://a.example/x' },
    ]);
    const refused = await policy(
      'check',
      '--json',
      'powerbox.json',
      '--',
      'GET',
      'https://a.example/y',
    );
    expect(refused.out.map((line) => JSON.parse(line))).toEqual([
      { allow: false, code: 'path-not-granted', reason: expect.stringContaining('/x there') },
    ]);
    expect(refused.status).toBe(77);
  });

  test('refuses what it cannot read', async () => {
    expect(await codeOf('check', 'GET')).toBe('usage');
    expect(await codeOf('check', 'a..b', '--', 'GET', 'https://a.example')).toBe('rule-invalid');
    expect(await codeOf('check', '*', '--', 'GET', 'https://a.example')).toBe('rule-invalid');
    expect(await codeOf('check', 'a.example', '--', 'GET', 'ftp://a.example')).toBe('usage');
    expect(await codeOf('check', 'broken.json', '--', 'GET', 'a.example')).toBe('policy-invalid');
    expect(await codeOf('explain', 'missing.json')).toBe('policy-invalid');
  });

  test('takes the wildcard for every host when told to', async () => {
    const words = ['check', '--allow-all-hosts', '*', '--', 'GET', 'https://a.example'];
    expect((await policy(...words)).out).toEqual(['allowed by https://*']);
  });
});

describe('powerbox policy explain', () => {
  test('explains the file of the folder, and rules', async () => {
    const sentence = 'The box may send GET requests to https://a.example, on the path /x only.';
    expect((await policy('explain')).out).toEqual([sentence]);
    const json = await policy('explain', '--json', 'GET a.example/x');
    expect(json.out.map((line) => JSON.parse(line))).toEqual([
      { rule: 'GET https://a.example/x', sentence },
    ]);
  });
});

test('powerbox policy schema prints the schema', async () => {
  const { out } = await policy('schema');
  expect(JSON.parse(out.join('\n'))).toMatchObject({ title: 'Powerbox policy', type: 'object' });
});
