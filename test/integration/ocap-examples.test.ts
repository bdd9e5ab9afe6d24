import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ROOT, readRepositoryFile } from '../support/repository.ts';

const run = promisify(execFile);

/** What an example says that it prints. */
const promised = (text: string): string[] =>
  [...text.matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => line as string);

describe('an example of object capabilities in one process', () => {
  it.each(['chat-power.mjs', 'caretaker.mjs', 'two-tools.mjs', 'person-agent-tool.mjs'])(
    '%s prints what it says',
    async (name) => {
      const path = `examples/${name}`;
      const text = readRepositoryFile(path);
      const imports = [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from);
      expect(imports).toEqual(['powerbox/ocap']);
      const lines = promised(text);
      expect(lines.length).toBeGreaterThan(3);
      const { stdout, stderr } = await run(process.execPath, [join(ROOT, path)]);
      expect(stdout.split('\n').slice(0, -1)).toEqual(lines);
      expect(stderr).toBe('');
    },
  );
});
