import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseText } from '../../confine/source/parse.ts';
import { loadTypeScript, stripTypes } from '../../confine/source/typescript.ts';
import type { Need } from '../needs.ts';
import { type CodeNeeds, readCode } from './read-code.ts';
import type { SyntaxNode } from './tree.ts';

beforeAll(loadTypeScript);

/** `#{x}` stands for a place in a template, which would look like a mistake here. */
function read(written: string): CodeNeeds {
  const code = written.replaceAll('#{', '\u0024{');
  const { ast, text } = parseText(stripTypes(code, 'a.ts'), 'a.ts');
  return readCode(ast as unknown as SyntaxNode, text, 'a.ts');
}

/** Each need in one line. */
function say(need: Need): string {
  if (need.kind === 'http') {
    const { as, method, origin, path } = need;
    return `${as === null ? '' : `${as}: `}${method} ${origin ?? ''}${path}`;
  }
  if (need.kind === 'use') {
    return `${need.as}: ${need.of} ${need.only ?? 'whole'}${need.power ? ` of ${need.power}` : ''}`;
  }
  return `${need.kind} ${need.name}`;
}

const needsOf = (code: string): string[] =>
  [...new Set(read(code).found.map(({ need }) => say(need)))].filter(
    (line) => !/^global (?:fetch|process|Buffer|Request|require)$/.test(line),
  );
const notesOf = (code: string): string[] => read(code).notes.map(({ text }) => text);

describe('readCode', () => {
  test.each<[string, readonly string[]]>([
    ["fetch('https://api.example.com/v1/items?x=1#y')", ['GET https://api.example.com/v1/items']],
    ["fetch('https://a.example', { method: 'post' })", ['POST https://a.example/']],
    [
      'await fetch(`https://a.example/repos/#{owner()}/#{b.c}/issues?#{q}`)',
      ['GET https://a.example/repos/*/*/issues'],
    ],
    [
      "const base = 'https://a.example'; fetch(base + '/v1/' + id());",
      ['GET https://a.example/v1/*'],
    ],
    [
      "const api = { base: 'https://a.example' }; fetch(`#{api.base}/x`)",
      ['GET https://a.example/x'],
    ],
    [
      "const { base } = { base: 'https://a.example' }; fetch(`#{base}/x`)",
      ['GET https://a.example/x'],
    ],
    ["fetch(new URL('/x', 'https://a.example/y/z'))", ['GET https://a.example/x']],
    ["fetch(new URL('x', 'https://a.example/y/z').href)", ['GET https://a.example/y/x']],
    ["const u = new URL('https://a.example/x'); fetch(u.toString())", ['GET https://a.example/x']],
    [
      "fetch(w() ? 'https://a.example/x' : 'https://b.example/y', { method: m() ? 'PUT' : 'DELETE' })",
      [
        'PUT https://a.example/x',
        'PUT https://b.example/y',
        'DELETE https://a.example/x',
        'DELETE https://b.example/y',
      ],
    ],
    ["new Request('https://a.example/x', { method: 'PATCH' })", ['PATCH https://a.example/x']],
    ["globalThis.fetch('https://a.example/x')", ['GET https://a.example/x']],
    [
      "import axios from 'axios'; axios.post('https://a.example/x', {})",
      ['package axios', 'POST https://a.example/x'],
    ],
    [
      "import axios from 'axios'; axios({ url: 'https://a.example/x', method: 'PUT' })",
      ['package axios', 'PUT https://a.example/x'],
    ],
    [
      "import { fetch as get } from 'undici'; get('http://127.0.0.1:8080/x')",
      ['package undici', 'GET http://127.0.0.1:8080/x'],
    ],
    [
      "E(api).fetch({ method: 'POST', url: 'https://a.example/x', json: {} })",
      ['api: POST https://a.example/x'],
    ],
    ["const request = { url: '/v1/items' }; E(api).open(request)", ['api: GET /v1/items']],
    [
      "await E(repo).readText('docs/x.md'); repo.write(`/out/#{n()}.txt`, '')",
      ['repo: files read /docs/x.md', 'repo: files write /out/*.txt'],
    ],
    [
      "E(repo).rename('a', 'b')",
      ['repo: files read /a', 'repo: files write /a', 'repo: files write /b'],
    ],
    [
      "import { E } from 'powerbox/ocap'; E(repo).list('docs')",
      ['package powerbox', 'repo: files read /docs'],
    ],
    ["E(git).run(['log', '--oneline', n()])", ['git: command log --oneline *']],
    ['E(signer).sign(data())', ['signer: secret sign']],
    ["E(host).send('hello')", ['host: mailbox whole']],
    ["E(ai).chat({ model: 'gpt-4o', messages: [] })", ['ai: model model=gpt-4o']],
    [
      "import { openai } from '@ai-sdk/openai'; const m = openai('gpt-4o');",
      ['package @ai-sdk/openai', 'openai: model model=gpt-4o of model:openai'],
    ],
    [
      "import OpenAI from 'openai'; const c = new OpenAI(); c.chat.completions.create({ model: 'gpt-4o' })",
      ['package openai', 'openai: model model=gpt-4o of model:openai'],
    ],
    [
      "import Anthropic from '@anthropic-ai/sdk'; new Anthropic().messages.create({ model: 'claude' })",
      ['package @anthropic-ai/sdk', 'anthropic: model model=claude of model:anthropic'],
    ],
    [
      "import ollama from 'ollama'; ollama.chat({ model: 'llama3:8b' })",
      ['package ollama', 'ollama: model model=llama3:8b of model:ollama'],
    ],
    [
      "import fs, { x } from 'fs/promises'; import y from 'node:os'; export * from '@a/b/c';",
      ['builtin node:fs/promises', 'builtin node:os', 'package @a/b'],
    ],
    [
      "const x = require('left-pad'); const y = await import('node:path');",
      ['package left-pad', 'builtin node:path'],
    ],
    [
      "process.env.TOKEN; process.env['OTHER']; const { A, B: c } = process.env;",
      ['env TOKEN', 'env OTHER', 'env A', 'env B'],
    ],
    [
      'Date.now(); new Date(); Math.random(); crypto.randomUUID()',
      ['global clock', 'global random'],
    ],
    ['new Date(0); Math.max(1, 2); JSON.stringify({}); console.log(new Map())', []],
    ["const fetch = (x: string) => x; fetch('https://a.example/x')", []],
    ["function f(repo: any) { return repo.readText('x'); }", []],
    ['type A = Date; interface B { c: string } const x: A | B = y as never;', []],
  ])('finds the needs of %s', (code, needs) => {
    expect(needsOf(code)).toEqual(needs);
  });

  test.each<[string, string]>([
    ['fetch(url())', 'where it goes is known only when it runs'],
    ['fetch(`https://#{host()}/x`)', 'where it goes is known only when it runs'],
    ['fetch(`https://a.example#{path()}`)', 'where it goes at https://a.example is known only'],
    ['fetch(`https://a.example.#{tld()}/x`)', 'is known only when it runs'],
    ["let u = 'https://a.example'; fetch(u)", 'known only when it runs'],
    ["fetch('https://a.example/*')", 'a "*" in a path cannot be said in a rule'],
    ["fetch('https://a.example/a/../b')", 'its URL cannot be said in a rule'],
    ["fetch('https://a.example', { method: m() })", 'whose method is known only when it runs'],
    ["fetch('https://a.example', { ...o })", 'whose method is known only when it runs'],
    ["fetch('https://a.example', options)", 'whose method is known only when it runs'],
    ["fetch(process.env.URL ?? 'https://a.example')", 'where it goes is known only when it runs'],
    ['const a = b; const b = a; fetch(a)', 'where it goes is known only when it runs'],
    ["fetch('https://a.example/\\0/x')", 'its URL cannot be said in a rule'],
    ["E(repo).readText('a\\0b')", 'calls repo.readText, with a path'],
    ['E(repo).readText(p())', 'calls repo.readText, with a path that is known only when it runs'],
    ["E(repo).readText('../x')", 'calls repo.readText, with a path'],
    ["E(repo).readText('*')", 'calls repo.readText, with a path'],
    ['E(db).query(sql())', 'calls db.query, and what it needs cannot be told'],
    ['E(ai).chat(r())', 'calls ai.chat, with a model that is known only when it runs'],
    ["E(git).run(['log', ...more])", 'calls git.run, with arguments that cannot be said'],
    ['import(x())', 'imports a module whose name is known only when it runs'],
    ['process.env[x()]', 'reads a variable whose name is known only when it runs'],
    ["import { execFile as run } from 'node:child_process'; run('git', ['log'])", 'runs "git log"'],
    ['const f = helper; f', 'uses helper, and what it needs of it cannot be told'],
    ["import 'https://a.example/x.js'", 'imports a module by a URL'],
    ["globalThis['re' + x].write('/a')", 'uses globalThis, and what it needs'],
    ['f({ ...globalThis })', 'uses globalThis, and what it needs'],
    ['const { ...all } = globalThis', 'uses globalThis, and what it needs'],
    ['f(globalThis.repo)', 'uses repo, and what it needs'],
    ['const { repo: q } = globalThis; f(q)', 'uses repo, and what it needs'],
    ["new Function('return repo')()", 'calls Function.new, and what it needs'],
    ['f(Function)', 'uses Function, and what it needs'],
  ])('gives nothing for what it cannot decide in %s', (code, note) => {
    expect(notesOf(code).join('\n')).toContain(note);
    expect(
      needsOf(code).filter(
        (line) => /example|files|model|command/.test(line) && !/^env/.test(line),
      ),
    ).toEqual(code.includes('??') ? ['GET https://a.example/'] : []);
  });

  test('says the file, the line and what to read next', () => {
    const code =
      "import x from './b.ts';\nexport { y } from '../c.ts';\n\nfetch('https://a.example/');\n";
    const { found, follows } = read(code);
    expect(follows).toEqual(['../c.ts', './b.ts']);
    expect(found.at(-1)?.at).toEqual({ file: 'a.ts', line: 4 });
  });

  test('reads every source of this folder', () => {
    const file = new URL('./read-code.ts', import.meta.url);
    const { found } = read(readFileSync(file, 'utf8'));
    expect(found.map(({ need }) => say(need))).toEqual([]);
  });

  test('gives a host only what a literal of the program says', () => {
    const piece = fc.constantFrom(
      "'https://a.example'",
      "'/x'",
      "'.b.example/'",
      'v()',
      '`/y/#{v()}`',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        for (const { need } of read(`fetch(${pieces.join(' + ')})`).found) {
          if (need.kind !== 'http') continue;
          expect(['https://a.example', 'https://a.example.b.example']).toContain(need.origin);
          expect(need.path).not.toContain('**');
        }
      }),
      { seed: 52, numRuns: 300 },
    );
  });

  test.each<[string, string]>([
    ['sums that double', `const a0 = 'https://a.example/x';${sums(24)}fetch(a23);`],
    ['templates that multiply', `const a0 = 'x';${templates(8)}fetch(a7);`],
    ['choices that multiply', `fetch(${'(x ? "a" : "b") + '.repeat(200)}"c")`],
    [
      'a large object that is asked often',
      `const o = {${props(3000)}};${'fetch(o.k2999);'.repeat(3000)}`,
    ],
    ['constants of each other', 'const a = b + b; const b = a + a; fetch(a + b);'],
  ])('does not go on for ever in %s', (_, code) => {
    const started = performance.now();
    expect(needsOf(code).filter((line) => line.includes('example'))).toEqual([]);
    expect(notesOf(code)).not.toEqual([]);
    // Without its bounds each of these goes on for hours.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

const levels = (count: number): number[] => Array.from({ length: count - 1 }, (_, at) => at);
const sums = (count: number): string =>
  levels(count)
    .map((at) => `const a${at + 1} = a${at} + a${at};`)
    .join('');
const templates = (count: number): string =>
  levels(count)
    .map((at) => `const a${at + 1} = \`${`#{a${at}}`.repeat(100)}\`;`)
    .join('');
const props = (count: number): string =>
  levels(count + 1)
    .map((at) => `k${at}: v(${at})`)
    .join(',');
