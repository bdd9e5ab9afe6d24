import { attempts } from '../attempt.ts';

const HIDDEN = `import('node:' + 'process').then((it) => host.tell(it.default.version))`;
const REACH = `host.tell(globalThis.process.version)`;

/** Where a parser and the engine may read a text differently, something hides. */
export const SYNTAX = attempts('syntax', [
  {
    name: 'an HTML comment that one side sees',
    raw: true,
    code: `var a = 1, b = 2; a <!--b\n; ${HIDDEN}\n-->`,
  },
  { name: 'an HTML comment that ends a line', raw: true, code: `/*\n*/--> ${HIDDEN}\n;${REACH}` },
  { name: 'an HTML comment after an empty comment', raw: true, code: `/* */ --> x\n${HIDDEN}` },
  {
    name: 'an HTML comment in a template',
    raw: true,
    code: `String.raw\`<!-- \${${HIDDEN}} -->\``,
  },
  { name: 'an HTML comment in a string', raw: true, code: `'<!--'; ${HIDDEN}; '-->'` },
  { name: 'a hashbang', raw: true, code: `#!/usr/bin/env node ${HIDDEN}\n${HIDDEN}` },
  {
    name: 'a hashbang after a mark of byte order',
    raw: true,
    code: `\ufeff#!${HIDDEN}\n${HIDDEN}`,
  },
  { name: 'a line that ends with U+2028', raw: true, code: `// a comment \u2028 ${HIDDEN}` },
  {
    name: 'a line that ends with U+2029 in a string',
    raw: true,
    code: `'\u2029'; // \u2029 ${HIDDEN}`,
  },
  { name: 'U+2028 in a hashbang', raw: true, code: `#!a\u2028${HIDDEN}` },
  { name: 'U+0085 that ends no line', raw: true, code: `// a \u0085 b\n${HIDDEN}` },
  {
    name: 'a regular expression or a division',
    raw: true,
    code: `var a = 1, g = 1; a = a\n/${HIDDEN}/g; a`,
  },
  {
    name: 'a regular expression after a parenthesis',
    raw: true,
    code: `if (1) /'/.test("'"); ${HIDDEN}; //'`,
  },
  { name: 'a regular expression after a brace', raw: true, code: `{} /'/g; ${HIDDEN}; /'/` },
  {
    name: 'a regular expression after ++',
    raw: true,
    code: `var a = 1; a++ /'/ 1; ${HIDDEN}; /'/`,
  },
  {
    name: 'a regular expression with a slash in a class',
    raw: true,
    code: `/[/*]/; ${HIDDEN}; /[*/]/`,
  },
  {
    name: 'a regular expression with the flag v',
    raw: true,
    code: `/[[a]--[b]/*]/v; ${HIDDEN}; /*/v`,
  },
  {
    name: 'yield as a name or as a word',
    raw: true,
    code: `var yield_ = 1; function* f() { yield /'/; ${HIDDEN}; /'/ } f().next();`,
  },
  {
    name: 'await as a name or as a word',
    raw: true,
    code: `function f() { var await = 1; return await /1/ 1; } ${HIDDEN}`,
  },
  {
    name: 'async on a line of its own',
    raw: true,
    code: `var async = 1; async\nfunction f() {} ${HIDDEN}`,
  },
  { name: 'async as an arrow', raw: true, code: `var f = async\n(x) => x; ${HIDDEN}` },
  { name: 'let as a name', raw: true, code: `var let = 1; let\n[globalThis.x] = [${HIDDEN}];` },
  { name: 'let before a bracket', raw: true, code: `if (0) let\n[a] = 1; ${HIDDEN}` },
  {
    name: 'templates within templates',
    raw: true,
    code: `\`\${\`\${"}\`"}\`}\`; \`\\\`\${${HIDDEN}}\``,
  },
  {
    name: 'a template with a broken escape',
    raw: true,
    code: `String.raw\`\\u{\${${HIDDEN}}\``,
  },
  { name: 'a comment that ends twice', raw: true, code: `/* */ */ ${HIDDEN}` },
  { name: 'a comment in a comment', raw: true, code: `/* /* */ ${HIDDEN} /* */` },
  { name: 'a half of a pair', raw: true, code: `var a = '\ud800'; ${HIDDEN}` },
  {
    name: 'a name beyond the first plane',
    raw: true,
    code: `var \ud835\udcd0 = 1; var \\u{1d4d0}2 = ${HIDDEN};`,
  },
  {
    name: 'a name with a joiner',
    raw: true,
    code: `var eva\u200dl = 1; var im\u200cport = ${HIDDEN};`,
  },
  { name: 'numbers with separators', raw: true, code: `1_0..x; 0x1_0.y; ${HIDDEN}` },
  { name: 'an octal number', raw: true, code: `010.constructor; ${HIDDEN}` },
  {
    name: 'a class field named eval',
    raw: true,
    code: `class A { eval = 1; static import = ${HIDDEN}; 'constructor2' = 1 }`,
  },
  {
    name: 'a class with get and set as names',
    raw: true,
    code: `class A { get\n*a() {} static async\nb() {} [${HIDDEN}] = 1 }`,
  },
  {
    name: 'a private name in a brand check',
    raw: true,
    code: `class A { #a; static f(x) { return #a in x; } static g = ${HIDDEN} }`,
  },
  { name: 'optional calls and templates', raw: true, code: `globalThis?.["x"]?.(${HIDDEN})` },
  { name: 'a label and a function', raw: true, code: `a: function f() {} ${HIDDEN}` },
  { name: 'delete of a name', raw: true, code: `var a = 1; delete a; ${HIDDEN}` },
  { name: 'with', raw: true, code: `with ({ host }) { ${HIDDEN} }` },
  {
    name: 'a directive that is no directive',
    raw: true,
    code: `('use strict'); 'use asm'; ${HIDDEN}`,
  },
  { name: 'a return that closes the function around it', raw: true, code: `}; ${HIDDEN}; {` },
  {
    name: 'a parenthesis that closes the function around it',
    raw: true,
    code: `})(); ${HIDDEN}; (() => {`,
  },
  { name: 'a bracket that closes the evaluator', raw: true, code: `}}}}; ${HIDDEN}; {{{{` },
  { name: 'a text that ends in a comment', raw: true, code: `${REACH} //` },
  { name: 'a text that ends in an open comment', raw: true, code: `${REACH} /*` },
  { name: 'a text that ends in an open template', raw: true, code: `${REACH}; \`` },
  {
    name: 'sourceMappingURL',
    raw: true,
    code: `1;\n//# sourceMappingURL=data:application/json,{"sources":["node:process"]}\n//# sourceURL=node:internal/bootstrap\n${HIDDEN}`,
  },
  {
    name: 'a duplicate parameter of the evaluator',
    raw: true,
    code: `function f(eval, arguments) { return eval; } ${HIDDEN}`,
  },
  {
    name: 'arguments at the top',
    raw: true,
    code: `host.tell(arguments.callee.caller.constructor('return outsideWitness')()); for (const each of arguments) host.tell(each.constructor.constructor('return outsideWitness')());`,
  },
  {
    name: 'new.target at the top',
    raw: true,
    code: `host.tell(new.target.constructor('return outsideWitness')());`,
  },
  {
    name: 'super at the top',
    raw: true,
    code: `super.x; host.tell(super.constructor.constructor('return outsideWitness')());`,
  },
  {
    name: 'var that hides what evaluates',
    raw: true,
    code: `var eval = (text) => host.tell(text); var Function = 1; var globalThis = { process: 1 }; ${HIDDEN}`,
  },
  {
    name: 'a function that hoists over the evaluator',
    raw: true,
    code: `${HIDDEN}; function eval() { return host; } function Promise() {} function Symbol() {}`,
  },
  { name: 'using', raw: true, code: `{ using a = { [Symbol.dispose]() { ${HIDDEN}; } }; }` },
  {
    name: 'await using',
    raw: true,
    code: `{ await using a = { [Symbol.asyncDispose]() { ${HIDDEN}; } }; }`,
  },
  { name: 'a decorator', raw: true, code: `@(${HIDDEN}) class A {}` },
  { name: 'a pipeline and a record', raw: true, code: `${HIDDEN} |> %; #{ a: 1 }` },
  {
    name: 'a regular expression with modifiers',
    raw: true,
    code: `/(?i:a)/; /(?-i:'/; ${HIDDEN}; /')/`,
  },
]);

/** The stripper of types must not make code of what is none, nor hide what is. */
export const TYPES = attempts('types', [
  {
    name: 'import() as a type and as a value',
    raw: true,
    language: 'ts',
    code: `type A = import('node:process').Process; const a = ${HIDDEN} as unknown as A;`,
  },
  {
    name: 'a type argument before a call',
    raw: true,
    language: 'ts',
    code: `const f = <T,>(x: T): T => x; f<typeof import('node:process')>(${HIDDEN} as never);`,
  },
  {
    name: 'a comment in a type',
    raw: true,
    language: 'ts',
    code: `let a: /* */ string /*; ${HIDDEN} /* */ = 'x'; ${HIDDEN};`,
  },
  {
    name: 'an arrow whose type ends on another line',
    raw: true,
    language: 'ts',
    code: `const f = (x)\n: Promise<string>\n => ${HIDDEN}; f(1);`,
  },
  {
    name: 'a type that begins the next statement',
    raw: true,
    language: 'ts',
    code: `var a = 1\ntype B = number\n(${HIDDEN})`,
  },
  {
    name: 'declare and abstract',
    raw: true,
    language: 'ts',
    code: `declare const process: any; declare global { var x: 1 } abstract class A { abstract f(): void; declare x: 1 } process.env && host.tell(process.version);`,
  },
  {
    name: 'as that hides a division',
    raw: true,
    language: 'ts',
    code: `let a = 1 as number /'/g; ${HIDDEN}; /'/`,
  },
  {
    name: 'an assertion in angles',
    raw: true,
    language: 'ts',
    code: `let a = <any>'<!--'; ${HIDDEN}`,
  },
  {
    name: 'import type and import =',
    raw: true,
    language: 'ts',
    code: `import type { Process } from 'node:process'; import p = require('node:process'); host.tell(p.version);`,
  },
  {
    name: 'an enum and a namespace',
    raw: true,
    language: 'ts',
    code: `enum A { b = ${HIDDEN} } namespace C { export const d = A; }`,
  },
  {
    name: 'a non-null mark before a call',
    raw: true,
    language: 'ts',
    code: `globalThis.eval!('outsideWitness'); host.tell(globalThis.eval!('process.version'));`,
  },
]);
