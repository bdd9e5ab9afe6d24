import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptedPolicyAt } from '../../src/host/policy-acceptance.ts';
import { readModules } from '../../src/sdk/read-modules.ts';
import { openHome } from '../../src/store/home.ts';

/** A program that is run from a file, and reaches by its imports for what is no part of it. */

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'powerbox-sources-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** The sources that a program is sent with, or the message of why there are none. */
async function sourcesOf(code: string, packages: readonly string[] = []): Promise<string> {
  const file = put('main.js', code);
  return readModules(file, { packages }).then(
    ({ modules }) => JSON.stringify(modules),
    (error: Error & { code?: string }) => `[${error.code}] ${error.message}`,
  );
}

describe('files that lie beside a program', () => {
  it('are its modules when they are named as such: the control', async () => {
    put('lib.js', 'export const a = "in the open";');
    put('lib/more.ts', 'export const b: string = "in the open too";');
    const text = await sourcesOf('import "./lib.js"; import("./lib/more.js");');
    expect(text).toContain('in the open');
    expect(text).toContain('in the open too');
  });

  it.each([
    ['settings with a key', '.env', './.env'],
    ['what is hidden by its folder', '.config/keys.js', './.config/keys.js'],
    ['a key without an ending', 'id_rsa', './id_rsa'],
    ['a key of another ending', 'server.pem', './server.pem'],
    ['data', 'account.json', './account.json'],
  ])(
    'are none when they are %s, whether asked for at once or later',
    async (_, path, specifier) => {
      put(path, 'KEY = "canary-7f3a"');
      for (const code of [
        `import "${specifier}";`,
        `KEY = 1; import("${specifier}").catch(() => 0)`,
      ]) {
        const text = await sourcesOf(code);
        expect(text).toMatch(/^\[module-missing\] Cannot read the module \./);
        expect(text).not.toContain('canary');
      }
    },
  );

  it('are none behind a link with the name of a module', async () => {
    put('.env', 'KEY = "canary-7f3a"');
    symlinkSync(join(folder, '.env'), join(folder, 'settings.js'));
    expect(await sourcesOf('import "./settings.js";')).toMatch(/^\[module-missing\] .*hidden\.$/);
  });
});

describe('a policy', () => {
  it.each([
    ['that nobody ever writes', (path: string) => execFileSync('mkfifo', [path])],
    ['that is a folder', (path: string) => mkdirSync(path)],
    ['that is endless', (path: string) => writeFileSync(path, ' '.repeat(5_000_000))],
    ['that leads to what is no file', (path: string) => symlinkSync('/dev/zero', path)],
  ])('%s is not waited for', async (what, make) => {
    const path = join(folder, `${what.replaceAll(' ', '-')}.json`);
    make(path);
    const home = openHome({ POWERBOX_HOME: join(folder, 'home') });
    const reading = acceptedPolicyAt(home, path, false, () => Promise.resolve(true));
    await expect(reading).rejects.toMatchObject({ code: 'policy-invalid' });
  });
});

describe('a package with hostile words', () => {
  it.each([
    ['that are no JSON', 'canary-7f3a', 'no package.json'],
    ['that are nothing', 'null', 'no package.json'],
    ['that are endless', `{"x":"${'x'.repeat(2_000_000)}"}`, 'no package.json'],
    ['that name a file outside', '{"main":"../../outside.js"}', 'outside'],
    ['that name one by its root', '{"main":"/etc/passwd"}', 'outside'],
    ['that name no text', '{"main":{"a":1}}', 'does not export'],
    ['that name a hidden file', '{"exports":"./.env"}', 'hidden'],
  ])('%s gives nothing', async (_, words, why) => {
    put('node_modules/left/package.json', words);
    put('node_modules/left/.env', 'KEY = "canary-7f3a"');
    put('outside.js', 'export const canary = 1;');
    const text = await sourcesOf('import "left";', ['left']);
    expect(text).toMatch(/^\[module-missing\] /);
    expect(text).toContain(why);
    expect(text).not.toContain('canary');
  });

  it('that nobody ever writes is not waited for', async () => {
    mkdirSync(join(folder, 'node_modules/pipe'), { recursive: true });
    execFileSync('mkfifo', [join(folder, 'node_modules/pipe/package.json')]);
    expect(await sourcesOf('import "pipe";', ['pipe'])).toContain('no package.json');
  });
});
