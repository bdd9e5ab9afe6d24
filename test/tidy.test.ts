import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, readRepositoryFile, repositoryFiles } from './support/repository.ts';
import {
  bannedSyntax,
  deadFiles,
  importsOf,
  layerFaults,
  layerPackages,
  longFunctions,
  parse,
} from './support/tidy-source.ts';
import {
  anchorsOf,
  bannedWords,
  brokenLinks,
  nameFaults,
  titleFaults,
  tooLong,
} from './support/tidy-text.ts';

/**
 * What a program or a person starts, and what kinds of third parties import; every other source
 * must be reached from one of these.
 */
const ENTRIES = [
  'src/cli/main.ts',
  'src/egress/main.ts',
  'src/quickstart/main.ts',
  'src/ocap/author.ts',
  'src/confine/library.ts',
  'src/sdk/index.ts',
];

const FILES = repositoryFiles();
const SOURCES = FILES.filter((file) => file.endsWith('.ts'));
const TREES = new Map(SOURCES.map((file) => [file, parse(file, readRepositoryFile(file))]));
const PROSE = FILES.filter((file) => file.endsWith('.md'));
const CODE = FILES.filter((file) => /\.(?:ts|mjs|js|py|sh|c)$|^(?:scripts|\.ci)\//.test(file));

/** Files of other people's words, and those that list the banned ones. */
const WORDS_EXEMPT =
  /^(?:LICENSE|package-lock\.json|docs\/glossary\.md|test\/tidy\.test\.ts|test\/support\/tidy-.*)$/;

/** `file: fault` for each fault that `rule` finds. */
function faults(files: readonly string[], rule: (file: string) => readonly string[]): string[] {
  return files.flatMap((file) => rule(file).map((fault) => `${file}: ${fault}`));
}

function tree(file: string): ReturnType<typeof parse> {
  return TREES.get(file) ?? [];
}

describe('every file', () => {
  it('is at most 500 lines long', () => {
    expect(tooLong('line\n'.repeat(500))).toEqual([]);
    expect(tooLong('line\n'.repeat(501))).toEqual(['501 lines']);
    expect(faults(CODE, (file) => tooLong(readRepositoryFile(file)))).toEqual([]);
  });

  it('has a name in kebab-case', () => {
    for (const bad of ['src/fooBar.ts', 'src/foo_bar.ts', 'Src/foo.ts', 'src/README.txt']) {
      expect(nameFaults(bad)).not.toEqual([]);
    }
    for (const good of [
      'src/a-b.test.ts',
      'README.md',
      'LICENSE',
      '.ci/run',
      'docs/decisions/0001-a.md',
    ]) {
      expect(nameFaults(good)).toEqual([]);
    }
    expect(faults(FILES, nameFaults)).toEqual([]);
  });

  it('uses the words of the glossary and names no machine', () => {
    const bad = [
      'a capability token',
      'the Credential Proxy',
      'its permissions',
      '// TODO: x',
      `cd /${'work'}/main`,
    ];
    for (const line of bad) expect(bannedWords(line)).toHaveLength(1);
    expect(bannedWords('EACCES: permission denied; mktemp /tmp/x.XXXXXX')).toEqual([]);
    const files = FILES.filter(
      (file) => !WORDS_EXEMPT.test(file) && !/\.(?:png|gz|bin|wasm)$/.test(file),
    );
    expect(faults(files, (file) => bannedWords(readRepositoryFile(file)))).toEqual([]);
  });
});

describe('every TypeScript file', () => {
  it('has no function of more than 70 lines', () => {
    const body = (lines: number): string => `{\n${'x();\n'.repeat(lines - 2)}}`;
    const count = (text: string): number => longFunctions(text, parse('a.ts', text)).length;
    expect(count(`function f(a: string): { b: 1 } ${body(70)}`)).toBe(0);
    expect(count(`function f(a: string): { b: 1 } ${body(71)}`)).toBe(1);
    expect(count(`const f = async (): Promise<void> => ${body(71)};`)).toBe(1);
    expect(count(`class A { get b(): number ${body(71)} }`)).toBe(1);
    expect(count(`const s = \`}\${1}{\`; const o = { f(a = '}') ${body(71)} };`)).toBe(1);
    expect(count(`describe('x', () => ${body(200)});`)).toBe(0);
    expect(faults(SOURCES, (file) => longFunctions(readRepositoryFile(file), tree(file)))).toEqual(
      [],
    );
  });

  it('has no any, no default export, no barrel and no test that may not run', () => {
    const found = (text: string): readonly string[] => bannedSyntax(text, parse('a.ts', text));
    for (const bad of [
      'let a: Map<string, any>;',
      'export default 1;',
      'const a = 1; export { a as default };',
      "export * from './b.ts';",
      "it.skip('x', () => {});",
      "describe.only('x', () => {});",
      "test.skipIf(true)('x', () => {});",
    ]) {
      expect(found(bad)).toHaveLength(1);
    }
    expect(found("const any = 'any'; // any\nexport { any };")).toEqual([]);
    const files = SOURCES.filter((file) => !file.endsWith('.config.ts'));
    expect(faults(files, (file) => bannedSyntax(readRepositoryFile(file), tree(file)))).toEqual([]);
  });
});

describe('every source', () => {
  const sources = SOURCES.filter((file) => file.startsWith('src/'));

  it('imports only from earlier layers, and only the packages of its layer', () => {
    const check = (file: string, text: string): readonly string[] =>
      layerFaults(file, importsOf(parse(file, text)));
    for (const [file, text] of [
      ['src/vault/a.ts', "import { x } from '../egress/x.ts';"],
      ['src/vault/a.ts', "const x = await import('../cli/x.ts');"],
      ['src/vault/a.ts', "export { x } from '../cli/x.ts';"],
      ['src/vault/a.ts', "type X = import('../cli/x.ts').X;"],
      ['src/vault/a.ts', "new URL('../egress/main.js', import.meta.url);"],
      ['src/policy/a.ts', "import { x } from '../powers/http/kind.ts';"],
      ['src/policy/a.ts', "import { readFileSync } from 'node:fs';"],
      ['src/egress/a.ts', "import { Command } from 'commander';"],
      ['src/egress/a.ts', "import { x } from '../../test/x.ts';"],
      ['src/other/a.ts', ''],
    ] as const) {
      expect(check(file, text)).toHaveLength(1);
    }
    expect(check('src/policy/a.ts', "import type { X } from '../powers/http/kind.ts';")).toEqual(
      [],
    );
    expect(check('src/cli/a.ts', "import { x } from '../wire/x.ts';")).toEqual([]);
    expect(faults(sources, (file) => layerFaults(file, importsOf(tree(file))))).toEqual([]);
  });

  it('finds the packages of the layers among the dependencies', () => {
    const { dependencies } = JSON.parse(readRepositoryFile('package.json'));
    expect(layerPackages().filter((name) => !(name in dependencies))).toEqual([]);
  });

  it('is reached from an entry', () => {
    const sample = new Map([
      ['src/a.ts', [{ specifier: './b.js', typeOnly: false }]],
      ['src/b.ts', []],
      ['src/c.ts', []],
    ]);
    expect(deadFiles(['src/a.ts'], sample)).toEqual(['src/c.ts']);
    const imports = new Map(
      sources
        .filter((file) => !file.endsWith('.test.ts'))
        .map((file) => [file, importsOf(tree(file))] as const),
    );
    expect(ENTRIES.filter((entry) => !imports.has(entry))).toEqual([]);
    expect(deadFiles(ENTRIES, imports)).toEqual([]);
  });
});

describe('every Markdown file', () => {
  const anchors = (file: string): readonly string[] => anchorsOf(readRepositoryFile(file));

  it('has links that lead somewhere', () => {
    const check = (text: string): readonly string[] =>
      brokenLinks(
        'docs/a.md',
        text,
        (path) => path === 'docs/b.md',
        () => ['a-title'],
      );
    for (const bad of ['[x](c.md)', '[x](../b.md)', '[x](b.md#no)']) {
      expect(check(bad)).toHaveLength(1);
    }
    for (const good of ['[x](b.md#a-title)', '`[x](c.md)`', '[x](https://example.com/)']) {
      expect(check(good)).toEqual([]);
    }
    expect(anchorsOf('# A `b`, c!\n## D-e')).toEqual(['a-b-c', 'd-e']);
    const exists = (path: string): boolean => existsSync(join(ROOT, path));
    expect(
      faults(PROSE, (file) => brokenLinks(file, readRepositoryFile(file), exists, anchors)),
    ).toEqual([]);
  });

  it('has one title', () => {
    expect(titleFaults('# A\n# B')).toHaveLength(1);
    expect(titleFaults('## A')).toHaveLength(1);
    expect(titleFaults('# A\n```\n# a comment\n```\n')).toEqual([]);
    expect(faults(PROSE, (file) => titleFaults(readRepositoryFile(file)))).toEqual([]);
  });
});
