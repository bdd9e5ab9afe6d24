import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/confine/library.ts';
import { ROOT, readRepositoryFile } from '../support/repository.ts';

const run = promisify(execFile);

describe('docs/ocap.md', () => {
  const page = readRepositoryFile('docs/ocap.md');
  const program = [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code).join('');

  it('prints what it says', async () => {
    const promised = program
      .split('\n')
      .filter((line) => /\bconsole\.log\(/.test(line))
      .map((line) => line.split(' // ')[1])
      .filter((text) => text !== undefined);
    expect(promised.length).toBeGreaterThan(15);
    // From within the package, whose name then leads to itself.
    const args = ['--input-type=module', '-e', program];
    const { stdout } = await run(process.execPath, args, { cwd: ROOT });
    expect(stdout.split('\n').slice(0, -1)).toEqual(promised);
  });

  it('tells of all that the library has', () => {
    expect(Object.keys(library).sort()).toEqual([
      'E',
      'Far',
      'caretaker',
      'compartment',
      'harden',
      'lockdown',
      'makePresence',
      'membrane',
      'narrow',
      'rateLimit',
      'seal',
      'watch',
    ]);
    const untold = Object.keys(library).filter((name) => !program.includes(name));
    expect(untold).toEqual(['makePresence']);
  });
});
