import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { deriveKey, loadKey } from './key.ts';
import { COMMAND_MS_MAX } from './limits.ts';
import { runCommand } from './run-command.ts';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

function fault(act: () => unknown): { code: string; message: string } {
  try {
    act();
  } catch (error) {
    if (PowerboxError.is(error)) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: '' };
}

function keyCommand(command: string): void {
  writeFileSync(home.config, JSON.stringify({ vault: { keyCommand: command } }));
}

describe('loadKey()', () => {
  it('makes 32 random bytes in a file of mode 0600, once, and leaves nothing beside it', () => {
    const key = loadKey(home);
    expect(key).toHaveLength(32);
    expect(loadKey(home)).toEqual(key);
    expect(statSync(home.key).mode & 0o777).toBe(0o600);
    expect(readFileSync(home.key)).toEqual(key);
    expect(readdirSync(home.root).filter((file) => file.startsWith('.'))).toEqual([]);
  });

  it.each([0o640, 0o604, 0o620, 0o666])('refuses a key file of mode %o', (mode) => {
    loadKey(home);
    chmodSync(home.key, mode);
    expect(fault(() => loadKey(home)).code).toBe('state-unusable');
  });

  it('refuses a symbolic link, a folder, and a file of another length', () => {
    symlinkSync('/dev/zero', home.key);
    expect(fault(() => loadKey(home)).code).toBe('state-unusable');
    rmSync(home.key);
    writeFileSync(home.key, Buffer.alloc(31), { mode: 0o600 });
    expect(fault(() => loadKey(home)).code).toBe('vault-unreadable');
    writeFileSync(home.key, Buffer.alloc(33), { mode: 0o600 });
    expect(fault(() => loadKey(home)).code).toBe('vault-unreadable');
    rmSync(home.key);
    symlinkSync(home.vault, home.key);
    expect(fault(() => loadKey(home)).code).toBe('state-unusable');
  });

  it('makes no new key where the vault holds secrets of a lost one', () => {
    loadKey(home);
    writeFileSync(`${home.vault}/TOKEN.json`, '{}');
    rmSync(home.key);
    expect(fault(() => loadKey(home)).code).toBe('vault-unreadable');
    expect(existsSync(home.key)).toBe(false);
  });

  it('takes hex or base64 from a key command, and then makes no file', () => {
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7));
    keyCommand(`echo ${key.toString('hex')}`);
    expect(loadKey(home)).toEqual(key);
    keyCommand(`printf %s '${key.toString('base64')}'`);
    expect(loadKey(home)).toEqual(key);
    expect(existsSync(home.key)).toBe(false);
  });

  it.each([
    'true',
    'exit 3',
    'echo 00112233',
    `echo ${'A'.repeat(44)}`,
    `echo ${'0'.repeat(65)}`,
    `echo ${'0'.repeat(64)}; echo`,
    'head -c 5000 /dev/zero',
    'kill -9 $$',
  ])('refuses the key command %j', (command) => {
    keyCommand(command);
    expect(fault(() => loadKey(home)).code).toBe('config-invalid');
  });

  it('does not repeat what a key command printed', () => {
    keyCommand('echo not-the-key-but-secret; echo not-the-key-but-secret >&2; exit 1');
    expect(fault(() => loadKey(home)).message).not.toContain('not-the-key');
  });

  it.each([
    '{',
    '[]',
    '{"vault":"x"}',
    '{"vault":{"keycommand":"x"}}',
    '{"vault":{"keyCommand":7}}',
    '{"vault":{"keyCommand":" "}}',
  ])('refuses the configuration %s', (text) => {
    writeFileSync(home.config, text);
    expect(fault(() => loadKey(home)).code).toBe('config-invalid');
  });
});

describe('deriveKey()', () => {
  it('gives each purpose a key of its own, always the same', () => {
    const key = Buffer.alloc(32, 1);
    expect(deriveKey(key, 'vault')).toHaveLength(32);
    expect(deriveKey(key, 'vault')).toEqual(deriveKey(key, 'vault'));
    expect(deriveKey(key, 'vault')).not.toEqual(deriveKey(key, 'journal'));
    expect(deriveKey(key, 'vault')).not.toEqual(key);
  });
});

describe('runCommand()', () => {
  it('ends a command that takes too long, ten seconds unless told', () => {
    expect(COMMAND_MS_MAX).toBe(10_000);
    expect(runCommand('sleep 30', 10, 100)).toEqual({
      ok: false,
      reason: 'it took longer than 0.1 seconds',
    });
  });

  it('gives a command no input', () => {
    expect(runCommand('cat; echo done', 10)).toEqual({ ok: true, output: Buffer.from('done\n') });
  });
});
