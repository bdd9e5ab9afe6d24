// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what stands here are programs.
import { Parser, type TokenType } from 'acorn';
import type { prepareModule } from '../src/confine/source/prepare.ts';
import type { readSource } from '../src/confine/source/read.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

interface Preparer {
  readonly read: typeof readSource;
  readonly prepare: typeof prepareModule;
}

let preparer: Preparer | null = null;

/** Programs: what is prepared reaches no host by syntax, for another reader either. */
export const sourceTarget: FuzzTarget = {
  name: 'source',
  seeds: [
    'import { a as b } from "./a.js"; export default function () { return b`import(${b}`; }',
    "const s = 'import(x) <!-- -->'; /import(y)/.test(s); eval('1'); a<!--b; x-->y",
    'export const { a, b: [c = import("./x.js")] } = await y; export * from "z"; export { a as default };',
    'class A { static import() {} #eval(x) { return this.#eval(x); } get [import.meta.url]() {} }',
    'for await (const x of `eval(${`import(${1}`}`) label: do { x\n++x } while (0) y // import\n(z)',
    'type T<A> = { b: A }; const x: T<number> = <any>y as unknown; enum E { A } return x!',
    '#!/bin/sh\n//# sourceURL=a\n/*# import( */ "use strict"; return arguments',
    'if (a) b; else { switch (c) { case 1: d; default: try { e } catch { f } finally { g } } }',
  ],
  words: [
    ...'import export default from as eval async await function class static get set new yield of'.split(
      ' ',
    ),
    ...'( ) { } [ ] ` ${ " \' / \\ ; , . ... ?. => = + - ! < > <!-- --> // /* */ # @ : ? * \n'.split(
      ' ',
    ),
    ...['import(', 'eval(', 'import.meta', '\\u0069mport', '\\u{65}val', '\\x69', '$p', '$pd'],
    ...['\u2028', '\u2029', '\u00a0', '\ufeff', '\r\n', '\0', '\u{1f600}', "with { type: 'json' }"],
    ...[
      'let',
      'var',
      'const',
      'return',
      'typeof',
      'arguments',
      'this',
      'super',
      'enum',
      'interface',
    ],
  ],
  async prepare() {
    const { readSource: read } = await import('../src/confine/source/read.ts');
    const { prepareModule: prepare } = await import('../src/confine/source/prepare.ts');
    preparer = { read, prepare };
  },
  async check(input) {
    if (preparer === null) throw new Error('prepare() comes first.');
    const text = textOf(input);
    try {
      // Half of them as what they may be, half as JavaScript alone, which is faster.
      const source = await preparer.read(text, 'a', input.length % 2 === 0 ? 'js' : undefined);
      const { text: made } = preparer.prepare(source, 'entry');
      checkText(made, text);
      return `${source.language} ${[...new Set(source.ast.body.map(({ type }) => type))].join(' ')}`;
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 'source-invalid') throw error;
      return String(error).replace(/line \d+, column \d+|'[^']*'|\([^)]*\)/g, '…');
    }
  },
};

function checkText(made: string, text: string): void {
  holds(!/<!--|-->/.test(made), 'no HTML comment');
  holds(!/(^|[^.]|\.\.\.)\bimport(\s*(?:\(|\/[/*]))/.test(made), 'no import expression');
  holds(!/(^|[^.])\beval(\s*\()/.test(made), 'no direct eval');
  const lines = (of: string): number => of.match(/\r\n|[\n\r\u2028\u2029]/g)?.length ?? 0;
  holds(lines(made) === lines(`${text}\n`), 'the same lines, and one that ends it');
  // By the words alone: none of those that make a reference to the host is left.
  const found = wordsOf(made);
  found.forEach(({ keyword }, at) => {
    if (keyword !== 'import') return;
    holds(/^\??\.$/.test(found[at - 1]?.label ?? ''), 'import is the name of a property');
  });
  // The engine reads it as one function; it is made, and never called.
  try {
    new Function(`'use strict'; return ${made}`);
  } catch (error) {
    // What this engine does not know yet.
    holds(error instanceof SyntaxError, 'a syntax error at most');
  }
}

function wordsOf(text: string): readonly TokenType[] {
  const found: TokenType[] = [];
  Parser.parse(text, {
    ecmaVersion: 'latest',
    sourceType: 'module',
    onToken: ({ type }) => {
      found.push(type);
    },
  });
  return found;
}
