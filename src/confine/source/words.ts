import type { AnyNode, Comment, TaggedTemplateExpression, TemplateElement } from 'acorn';
import type { Edits } from './edits.ts';
import { sourceInvalid } from './faults.ts';
import { placeAt } from './lines.ts';
import type { SourceText } from './read.ts';
import { eachNode } from './syntax.ts';

/**
 * SES looks for `import(`, `eval(`, `<!--` and `-->` in a text without reading it, and refuses all
 * that has them, also where they are innocent: in strings, comments, templates, patterns, and as
 * names of methods. Here the innocent ones get another spelling with the same meaning.
 */

const ANY_WORD = /import|eval|<!--|-->/;

/** As SES looks for them, but for what may stand before. */
const FOUND = /import(?=\s*(?:\(|\/[/*]))|eval(?=\s*\()|<!--|-->/g;

/** A name that ends in a word which SES would take for the word alone. */
const NAME = /(?:^|[^\w.])(import|eval)$/u;

/** One letter of each is written as its number, which strings and templates read as the letter. */
const SPELLED: Readonly<Record<string, string>> = {
  import: 'i\\u006dport',
  eval: 'e\\u0076al',
  '<!--': '<\\u0021--',
  '-->': '--\\u003e',
};

/** In comments nobody reads them. */
const BROKEN: Readonly<Record<string, string>> = {
  import: '_mport',
  eval: '_val',
  '<!--': '<!__',
  '-->': '__>',
};

/** What changed text calls; see link.ts. */
export interface WordHelpers {
  /** What `import.meta` is. */
  readonly meta: string;
  /** Makes a pattern from its source and flags. */
  readonly pattern: string;
  /** Makes the first argument of a template's function, once for each place. */
  readonly template: string;
}

/** `taken` has the offsets of names that are changed elsewhere. */
export function respellWords(
  source: SourceText,
  edits: Edits,
  helpers: WordHelpers,
  taken: ReadonlySet<number>,
): void {
  const { text, ast, comments } = source;
  for (const comment of comments) respellComment(comment, text, edits);
  if (!ANY_WORD.test(text)) return;
  const speller = new Speller(source, edits, helpers, taken);
  eachNode(ast, (node) => speller.see(node));
  speller.spaceOperators();
}

/** A text as a literal, without any of the words and on one line. */
export function literalText(text: string): string {
  return JSON.stringify(text)
    .replace(new RegExp(ANY_WORD, 'g'), (word) => SPELLED[word] as string)
    .replace(/[\u2028\u2029]/g, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'));
}

/** Also takes away what engines read in comments: another name or another source for the text. */
function respellComment({ start, end }: Comment, text: string, edits: Edits): void {
  const was = text.slice(start, end);
  let now = was.replace(new RegExp(ANY_WORD, 'g'), (word) => BROKEN[word] as string);
  if (/^\/[/*][#@]/.test(now)) now = `${now.slice(0, 2)} ${now.slice(3)}`;
  now = now.replace(/source(?=(?:Mapping)?URL)/gi, '______');
  if (now !== was) edits.replace(start, end, now);
}

class Speller {
  readonly #source: SourceText;
  readonly #edits: Edits;
  readonly #helpers: WordHelpers;
  readonly #taken: ReadonlySet<number>;
  /** Stretches in which operators are none. */
  readonly #quoted: (readonly [start: number, end: number])[];
  readonly #tagged = new Set<AnyNode>();
  readonly #constructed = new Set<AnyNode>();
  #templates = 0;

  constructor(source: SourceText, edits: Edits, helpers: WordHelpers, taken: ReadonlySet<number>) {
    this.#source = source;
    this.#edits = edits;
    this.#helpers = helpers;
    this.#taken = taken;
    this.#quoted = source.comments.map(({ start, end }) => [start, end]);
  }

  see(node: AnyNode): void {
    if (node.type === 'Identifier' || node.type === 'PrivateIdentifier') this.#name(node);
    else if (node.type === 'Literal') this.#literal(node);
    else if (node.type === 'TemplateElement') this.#chunk(node);
    else if (node.type === 'TaggedTemplateExpression') this.#template(node);
    else if (node.type === 'NewExpression') this.#construct(node.callee);
    else if (node.type === 'MetaProperty' && node.meta.name === 'import') {
      this.#edits.replace(node.start, node.end, this.#helpers.meta);
    }
  }

  /** `import` can only be the name of a property, which may be spelled with its number. */
  #name({ start, end }: AnyNode): void {
    const raw = this.#source.text.slice(start, end);
    const word = NAME.exec(raw)?.[1];
    if (word === undefined || this.#taken.has(start)) return;
    const at = end - word.length;
    const code = word.charCodeAt(0).toString(16).padStart(4, '0');
    this.#edits.replace(at, end, `\\u${code}${word.slice(1)}`);
  }

  #literal({ start, end, ...node }: AnyNode & { type: 'Literal' }): void {
    const { regex, value } = node;
    const raw = this.#source.text.slice(start, end);
    if (!regex && typeof value !== 'string') return;
    this.#quoted.push([start, end]);
    if (!regex) this.#respell(start, raw);
    else if (ANY_WORD.test(raw)) {
      const { pattern, flags } = regex;
      const made = `(${this.#helpers.pattern}(${literalText(pattern)},${literalText(flags)}))`;
      this.#edits.replace(start, end, made);
    }
  }

  #chunk(node: TemplateElement): void {
    this.#quoted.push([node.start, node.end]);
    if (this.#tagged.has(node)) return;
    this.#respell(node.start, this.#source.text.slice(node.start, node.end));
  }

  /** In place: an escape before the word would end before the letter that is written anew. */
  #respell(start: number, raw: string): void {
    for (const { index, 0: word } of raw.matchAll(FOUND)) {
      this.#edits.replace(start + index, start + index + word.length, SPELLED[word] as string);
    }
  }

  /** A template's function sees the text as it was written, so it is called as a function. */
  #template(node: TaggedTemplateExpression): void {
    const { quasis, expressions } = node.quasi;
    const { text, file, starts } = this.#source;
    if (!quasis.some(({ start, end }) => text.slice(start, end).search(FOUND) >= 0)) return;
    if (this.#constructed.has(node)) {
      const why = 'a template in what `new` makes has the word import or eval';
      throw sourceInvalid(file, placeAt(starts, node.start), why);
    }
    for (const quasi of quasis) this.#tagged.add(quasi);
    const cooked = quasis.map(({ value }) =>
      typeof value.cooked === 'string' ? literalText(value.cooked) : 'void 0',
    );
    const raw = quasis.map(({ value }) => literalText(value.raw));
    const place = this.#templates++;
    const strings = `${this.#helpers.template}(${place},[${cooked}],[${raw}])`;
    quasis.forEach(({ start, end }, at) => {
      const isFirst = at === 0;
      const isLast = at === expressions.length;
      const before = isFirst ? `(${strings}` : ')';
      const after = isLast ? ')' : ',(';
      this.#edits.replace(start - 1, end + (isLast ? 1 : 2), before + after);
    });
  }

  #construct(callee: AnyNode): void {
    for (let node: AnyNode = callee; ; ) {
      if (node.type === 'TaggedTemplateExpression') {
        this.#constructed.add(node);
        node = node.tag;
      } else if (node.type === 'MemberExpression') node = node.object;
      else return;
    }
  }

  /** `a<!--b` and `a-->b` are operators, which spaces keep apart. */
  spaceOperators(): void {
    const quoted = this.#quoted.sort(([one], [other]) => one - other);
    let at = 0;
    for (const { index, 0: word } of this.#source.text.matchAll(/<!--|-->/g)) {
      while (at < quoted.length && (quoted[at]?.[1] as number) <= index) at += 1;
      const range = quoted[at];
      if (range !== undefined && range[0] <= index) continue;
      this.#edits.open(index + (word === '-->' ? 2 : 1), ' ');
    }
  }
}
