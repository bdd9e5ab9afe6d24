import fc from 'fast-check';

/**
 * Random programs of three modules that import each other, for comparing ways to run them. They
 * call `log` with what they see, and `late` with promises to wait for.
 */
export interface ModuleProgram {
  readonly entry: string;
  readonly modules: Readonly<Record<string, string>>;
}

const KEYS = ['./a.js', './b.js', './c.js'] as const;
const NAMES = ['x', 'y', 'z'] as const;
const name = fc.constantFrom(...NAMES);
const key = fc.constantFrom(...KEYS);
const word = fc.constantFrom('import(', 'eval(', '<!--', '-->', 'plain');

const { expr, statement } = fc.letrec<{ expr: string; statement: string }>((tie) => ({
  expr: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    name,
    fc.nat(9).map(String),
    name.map((n) => `typeof ${n}`),
    name.map((n) => `({ ${n} }).${n}`),
    name.map((n) => `${n}?.k`),
    name.map((n) => `(() => ${n})()`),
    word.map((w) => `'${w}'`),
    fc.tuple(word, tie('expr')).map(([w, e]) => `\`${w}\${JSON.stringify(${e})}\``),
    fc.tuple(word, tie('expr')).map(([w, e]) => `String.raw\`\\${w}\${JSON.stringify(${e})}\``),
    fc.tuple(name, tie('expr')).map(([n, e]) => `((${n}) => ${n})(${e})`),
    fc.tuple(name, name).map(([n, m]) => `(function (${n} = ${m}) { var ${m}; return ${n}; })()`),
    fc
      .tuple(name, name)
      .map(([n, m]) => `(function ${n}() { return typeof ${n} + typeof ${m}; })()`),
    fc.tuple(name, name).map(([n, m]) => `new (class ${n} { f = ${m}; #import() {} })().f`),
    name.map((n) => `(class { static ${n} = 1; static g() { return this.${n}; } }).g()`),
    name.map((n) => `f_${n}()`),
    name.map((n) => `(f_${n})?.()`),
    fc.tuple(tie('expr'), tie('expr')).map(([a, b]) => `[${a}, ${b}]`),
    fc
      .tuple(tie('expr'), tie('expr'))
      .map(([a, b]) => `(JSON.stringify(${a}) + JSON.stringify(${b}))`),
  ),
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('expr').map((e) => `log(${e})`),
    name.map((n) => `f_${n}()`),
    name.map((n) => `log\n(${n})`),
    fc.tuple(name, tie('expr')).map(([n, e]) => `${n} = ${e}`),
    name.map((n) => `${n}++`),
    fc
      .tuple(name, tie('expr'))
      .map(([n, e]) => `[${n} = 1] = [${e}]`)
      .map((s) => `;${s}`),
    fc.tuple(name, name).map(([n, m]) => `;({ ${n}, k: ${m} = 2 } = { ${n}: 3 })`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `for (${n} of [4]) { ${s} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `for (let ${n} of [5]) { ${s} }`),
    fc
      .tuple(name, tie('statement'))
      .map(([n, s]) => `for (let ${n} = 6, i = 0; i < 2; i++, ${n}++) { ${s} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `{ let ${n} = 8; ${s} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `{ ${s}; class ${n} {} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `{ ${s}; function ${n}() {} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `try { throw 9 } catch (${n}) { ${s} }`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `switch (1) { case 1: let ${n} = 10; ${s} }`),
    fc
      .tuple(name, tie('statement'))
      .map(([n, s]) => `(function () { ${s}; var ${n}; })()`)
      .map((s) => `;${s}`),
    fc.tuple(name, tie('statement')).map(([n, s]) => `${n}: { ${s}; break ${n}; }`),
    tie('statement').map((s) => `if (1) { ${s} } // import(\n`),
    tie('statement').map((s) => `;(async () => { await 0; ${caught(s)} })()`),
    key.map((k) => `late(import('${k}').then((m) => log(Object.keys(m)), (e) => log(e.name)))`),
  ),
}));

/**
 * Nothing that goes wrong in a statement ends the module. Engines differ in which error they give
 * for a constant that is set before its time.
 */
function caught(text: string): string {
  return `try { ${text}\n} catch { log('failed') }`;
}

/** How a module comes to one of its names. */
const own = (n: string): fc.Arbitrary<string> =>
  fc.oneof(
    expr.map(
      (e) => `export let ${n} = (() => { ${`try { return ${e} } catch { return 'failed' }`} })();`,
    ),
    fc.constant(`export const ${n} = 11;`),
    fc.constant(`export var { ${n}, q_${n} = 12 } = { ${n}: 13 };`),
    fc.constant(`export function ${n}() { return 14; }`),
    fc.constant(`export class ${n} {}`),
    fc.constant(`let ${n} = 15; export { ${n}, ${n} as 'import(' };`),
  );

const imported = (n: string): fc.Arbitrary<string> =>
  fc.oneof(
    key.map((k) => `import { ${n} } from '${k}';`),
    key.map((k) => `import { ${n} } from '${k}'; export { ${n} };`),
    key.map((k) => `import * as ${n} from '${k}'; export { ${n} };`),
    key.map((k) => `import ${n} from '${k}'; export { ${n} };`),
    fc.tuple(key, name).map(([k, m]) => `import { ${m} as ${n} } from '${k}'; export { ${n} };`),
    fc.tuple(key, name).map(([k, m]) => `import { f_${m} as ${n} } from '${k}'`),
  );

const defaults = fc.oneof(
  expr.map((e) => `export default (() => { try { return ${e} } catch { return 'failed' } })()`),
  fc.constant('export default function () { return 16; }'),
  fc.constant('export default function x_() { return 17; }'),
  fc.constant('export default class {}'),
  fc.constant('export default () => 18;'),
  key.map((k) => `export { default } from '${k}'`),
  fc.tuple(key, name).map(([k, n]) => `export { ${n} as default } from '${k}'`),
);

const source = fc
  .tuple(
    fc.tuple(
      ...NAMES.map((n) =>
        fc.oneof({ weight: 3, arbitrary: own(n) }, { weight: 2, arbitrary: imported(n) }),
      ),
    ),
    defaults,
    fc.option(
      key.map((k) => `export * from '${k}';`),
      { freq: 2, nil: '' },
    ),
    fc.array(statement, { maxLength: 5 }),
    fc.option(fc.constant('await 0;'), { freq: 4, nil: '' }),
  )
  .chain(([names, fallback, star, statements, wait]) => {
    const functions = NAMES.map(
      (n) =>
        `export function f_${n}() { try { ${n} = [${n}, 1]; } catch { return 'failed' } return ${n} }`,
    );
    const parts = [...names, fallback, star, ...functions, wait, ...statements.map(caught)];
    return fc.shuffledSubarray(parts, { minLength: parts.length }).map((lines) => lines.join('\n'));
  });

/** How many steps a promise takes is nobody's promise, so not all that waits is in one program. */
function isSteady({ modules }: ModuleProgram): boolean {
  const text = Object.values(modules).join('\n');
  return !(/^await 0;$/m.test(text) && /async \(\)|late\(/.test(text));
}

export const modulePrograms: fc.Arbitrary<ModuleProgram> = fc
  .tuple(source, source, source)
  .map(([a, b, c]) => ({ entry: './a.js', modules: { './a.js': a, './b.js': b, './c.js': c } }))
  .filter(isSteady);
