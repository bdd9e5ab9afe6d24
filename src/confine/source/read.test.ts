import { describe, expect, it } from 'vitest';
import { readSource } from './read.ts';

describe('readSource', () => {
  it('finds imports and names that are not the own ones', async () => {
    const source = await readSource(
      `import { a } from './a.js';
let b = repo.list(a);
{ let c; c; } c;
function f(x = y) { var y; return arguments.length + typeof z + x; }
import(\`pkg\`);
export * from 'other';`,
      'task.js',
    );
    expect(source.freeNames).toEqual([
      { name: 'repo', use: 'read', line: 2, column: 9 },
      { name: 'c', use: 'read', line: 3, column: 15 },
      { name: 'y', use: 'read', line: 4, column: 16 },
      { name: 'z', use: 'typeof', line: 4, column: 61 },
    ]);
    expect(source.imports).toEqual([
      { specifier: './a.js', dynamic: false, line: 1, column: 19 },
      { specifier: 'pkg', dynamic: true, line: 5, column: 1 },
      { specifier: 'other', dynamic: false, line: 6, column: 15 },
    ]);
  });

  it('reads TypeScript by name, by word and where JavaScript fails', async () => {
    const code = 'interface A { b: number }\nconst a: A = { b: 1 };\na.b as number;';
    for (const [file, language] of [
      ['a.ts', undefined],
      ['a', 'ts'],
      ['a', undefined],
    ] as const) {
      expect(await readSource(code, file, language)).toMatchObject({ language: 'ts' });
    }
    await expect(readSource(code, 'a.js')).rejects.toThrow(
      "Cannot read a.js: line 1, column 1: The keyword 'interface' is reserved.",
    );
  });
});
