import { parseText } from '../src/confine/source/parse.ts';
import { readCode } from '../src/policy/code/read-code.ts';
import type { SyntaxNode } from '../src/policy/code/tree.ts';
import { writeDraft } from '../src/policy/draft.ts';
import { parsePolicy } from '../src/policy/file.ts';
import { generateBox, generateCompartment } from '../src/policy/generate.ts';
import { PowerboxError } from '../src/wire/errors.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

/** Somebody's program: whatever it is, the policy for it can be read, and has no host that it hides. */
export const codeTarget: FuzzTarget = {
  name: 'code',
  seeds: [
    "import x from 'left-pad'; const b = 'https://a.example'; fetch(`\u0024{b}/v1/\u0024{x}`, { method: 'POST' });",
    "const { A } = process.env; E(repo).readText('docs/' + A); E(api).fetch({ url: '/x' });",
    "const u = new URL('x', 'https://a.example/y/'); axios.get(u.href); for (const f of g) f.write('z');",
    "class C { static { const q = c ? 'a' : 'b'; ai.chat({ model: q }); } } git.run(['log', C]);",
  ],
  words: [
    ...['const ', 'let ', '=>', '(', ')', '{', '}', '[', ']', '`', '${', "'", '+', '?', ':', '...'],
    ...['fetch(', 'E(', 'new URL(', 'process.env.', "'https://", 'import(', 'require(', '/*', '*'],
    ...['__proto__', 'constructor', '\\u0000', '../', '%2F', '{a}', ' = ', ';', ', '],
  ],
  async check(input) {
    const source = textOf(input);
    let needs: ReturnType<typeof readCode>;
    try {
      const { ast, text } = parseText(source, 'a.js');
      needs = readCode(ast as unknown as SyntaxNode, text, 'a.js');
    } catch (error) {
      if (!PowerboxError.is(error) || error.code !== 'source-invalid') throw error;
      return 'no program';
    }
    for (const { need } of needs.found) {
      if (need.kind !== 'http' || need.origin === null) continue;
      holds(!need.path.includes('**'), 'a path has no wildcard for more than a segment');
      holds(!need.origin.includes('*'), 'a host has no wildcard');
    }
    const compartments = { a: generateCompartment(needs).draft };
    const policy = await parsePolicy(
      writeDraft({ version: 1, ...generateBox(needs).draft, compartments }),
      'generated',
    );
    return `${needs.found.map(({ need }) => need.kind).join()} ${needs.notes.length} ${policy.rules.length}`;
  },
};
