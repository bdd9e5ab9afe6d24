import type { ExportDefaultDeclaration, Program } from 'acorn';
import { completionsOf } from './completion.ts';
import { blank, type EditedText, Edits } from './edits.ts';
import { sourceInvalid } from './faults.ts';
import type { SourceText } from './read.ts';
import type { ImportedName, ModuleRequest } from './record.ts';
import type { Reference } from './scopes.ts';
import { verifyText } from './verify.ts';
import { literalText, respellWords } from './words.ts';

/**
 * The names of the parts of the link object, which is the one parameter of a prepared module.
 * link.ts makes it.
 */
export const LINK = {
  /** Takes the exports of the module, before anything of it runs. */
  exports: 'e',
  /** Takes the function of `export default function () {}`, whose name is `default`. */
  named: 'n',
  /** Gives back what it gets: what is called then has no `this`. */
  value: 'v',
  /** What `import()` is. */
  load: 'i',
  /** What `import.meta` is. */
  meta: 'u',
  pattern: 'x',
  template: 't',
  /** Where the value of the program is kept. */
  result: 'r',
  /** With a number behind it: the namespace of a request. */
  module: 'm',
} as const;

/**
 * A module as one expression that has no name of its own outside: a generator function. It gives
 * its exports to the link object, waits once, and then does what the module does, on the module's
 * own lines.
 */
export function prepareModule(source: SourceText, role: 'entry' | 'dependency'): EditedText {
  const { ast, text, names, record, file, starts } = source;
  const link = freeName([...names.all, ...record.imports.keys()]);
  const preparer = new Preparer(source, link);
  preparer.statements(ast);
  if (role === 'entry') preparer.completions(ast);
  preparer.references();
  const wrap = `(${names.awaits ? 'async ' : ''}function*(${link}){`;
  preparer.edits.close(0, `${wrap}${preparer.prologue()}`);
  preparer.edits.close(text.length, role === 'entry' ? `\n;return ${link}})` : '\n})');
  const edited = preparer.edits.apply(text, starts);
  const fault = verifyText(edited.text);
  if (fault !== null) {
    const place =
      fault.place === null ? null : edited.original(fault.place.line, fault.place.column);
    throw sourceInvalid(file, place, fault.why);
  }
  return edited;
}

/** A name that begins no name of the module. */
function freeName(taken: readonly string[]): string {
  for (let at = 0; ; at++) {
    const name = at === 0 ? '$p' : `$p${at}_`;
    if (!taken.some((other) => other.startsWith(name))) return name;
  }
}

class Preparer {
  readonly edits = new Edits();
  readonly #source: SourceText;
  readonly #link: string;
  readonly #default: string;
  readonly #numbers = new Map<ModuleRequest, number>();
  #namesDefault = false;

  constructor(source: SourceText, link: string) {
    this.#source = source;
    this.#link = link;
    this.#default = `${link}d`;
    source.record.requests.forEach((request, at) => {
      this.#numbers.set(request, at);
    });
  }

  #part(name: string): string {
    return `${this.#link}.${name}`;
  }

  prologue(): string {
    const entries = [...this.#source.record.locals].map(
      ([exported, local]) => `[${literalText(exported)},()=>${local ?? this.#default}]`,
    );
    const named = this.#namesDefault ? `${this.#part(LINK.named)}(${this.#default});` : '';
    return `${this.#part(LINK.exports)}([${entries}]);${named}yield;`;
  }

  /** `import` and `export` go, what they declare stays. */
  statements(program: Program): void {
    for (const node of program.body) {
      if (node.type === 'ExportDefaultDeclaration') this.#exportDefault(node);
      else if (node.type === 'ExportNamedDeclaration' && node.declaration) {
        this.#blank(node.start, node.declaration.start, ' ');
      } else if (/^(?:Import|Export)/.test(node.type)) this.#blank(node.start, node.end, ';');
    }
  }

  #blank(start: number, end: number, first: string): void {
    this.edits.replace(start, end, first + blank(this.#source.text.slice(start, end)).slice(1));
  }

  #exportDefault({ start, end, declaration }: ExportDefaultDeclaration): void {
    const { text } = this.#source;
    const words = matchAt(EXPORT_DEFAULT, text, start);
    const { type } = declaration;
    const id = 'id' in declaration ? declaration.id : null;
    if (type === 'FunctionDeclaration' || (type === 'ClassDeclaration' && id)) {
      this.#blank(start, words, ' ');
      if (id) return;
      this.edits.close(matchAt(FUNCTION, text, declaration.start), ` ${this.#default}`);
      this.#namesDefault = true;
      return;
    }
    const last = type !== 'ClassDeclaration' && text[end - 1] === ';' ? end - 1 : end;
    this.edits.replace(start, words, `const ${this.#default}=({default:`);
    this.edits.close(last, '}).default;');
  }

  completions(program: Program): void {
    for (const { start, end } of completionsOf(program)) {
      const last = this.#source.text[end - 1] === ';' ? end - 1 : end;
      this.edits.open(start, `${this.#part(LINK.result)}=(`);
      this.edits.close(last, ')');
    }
  }

  references(): void {
    const { names, record } = this.#source;
    const taken = new Set<number>();
    for (const reference of names.references) {
      const imported = record.imports.get(reference.name);
      const made =
        imported !== undefined
          ? this.#imported(imported)
          : reference.name === 'eval' && reference.use === 'call'
            ? 'eval'
            : null;
      if (made === null) continue;
      taken.add(reference.node.start);
      this.#reference(reference, made);
    }
    for (const { start } of names.imports) {
      const load = this.#part(LINK.load).padEnd('import'.length);
      this.edits.replace(start, start + 'import'.length, load);
    }
    const helpers = {
      meta: this.#part(LINK.meta),
      pattern: this.#part(LINK.pattern),
      template: this.#part(LINK.template),
    };
    respellWords(this.#source, this.edits, helpers, taken);
  }

  #reference({ name, node, use, shorthand }: Reference, text: string): void {
    const key = shorthand ? `${name}: ` : '';
    const made = use === 'call' ? `${this.#part(LINK.value)}(${text})` : text;
    this.edits.replace(node.start, node.end, key + made);
  }

  #imported({ request, name }: ImportedName): string {
    const module = this.#part(`${LINK.module}${this.#numbers.get(request)}`);
    if (name === '*') return module;
    return /^[A-Za-z_$][\w$]*$/.test(name)
      ? `${module}.${name}`
      : `${module}[${literalText(name)}]`;
  }
}

const SPACE = '(?:\\s|/\\*[^]*?\\*/|//[^\\n\\r\\u2028\\u2029]*)*';
const EXPORT_DEFAULT = `export${SPACE}default`;
const FUNCTION = `(?:async${SPACE})?function${SPACE}(?:\\*${SPACE})?`;

/** The end of what begins at an offset; the parser has seen that it does. */
function matchAt(pattern: string, text: string, start: number): number {
  const sticky = new RegExp(pattern, 'y');
  sticky.lastIndex = start;
  if (!sticky.test(text)) throw new Error('The parser has seen what is not there.');
  return sticky.lastIndex;
}
