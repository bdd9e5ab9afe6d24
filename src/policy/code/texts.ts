import { TEXT_CHARS_MAX, TEXT_CHOICES_MAX, TEXT_PIECES_MAX, TEXT_STEPS_MAX } from '../limits.ts';
import { lookUp, type Scope, scopesOf } from './scopes.ts';
import { identifierOf, keyOf, nodeOf, nodesOf, type SyntaxNode } from './tree.ts';

/** A text as far as the program says it: null stands for a part that is known only when it runs. */
export type Text = readonly (string | null)[];

const UNKNOWN: readonly Text[] = [[null]];

/** An expression, and where its names are looked up. */
export interface Expression {
  readonly node: SyntaxNode;
  readonly scope: Scope;
}

/** Every text that an expression may be: literals, templates, sums, and constants of these. */
export function textsOf({ node, scope }: Expression, steps = TEXT_STEPS_MAX): readonly Text[] {
  if (steps === 0 || !spend(scope, 1)) return UNKNOWN;
  const next = (field: string): readonly Text[] => {
    const child = nodeOf(node, field);
    return child === null ? UNKNOWN : textsOf({ node: child, scope }, steps - 1);
  };
  switch (node.type) {
    case 'Literal':
      return ['string', 'number', 'boolean'].includes(typeof node.value)
        ? [[String(node.value)]]
        : UNKNOWN;
    case 'TemplateLiteral':
      return templateTexts({ node, scope }, steps);
    case 'BinaryExpression':
      return node.operator === '+' ? product(next('left'), next('right')) : UNKNOWN;
    case 'ConditionalExpression':
      return choices(next('consequent'), next('alternate'));
    case 'LogicalExpression':
      return choices(next('left'), next('right'));
    case 'ChainExpression':
      return next('expression');
    case 'NewExpression':
      return urlTexts({ node, scope }, steps);
    case 'CallExpression':
      return callTexts({ node, scope }, steps);
    default: {
      const imported = importedText({ node, scope });
      if (imported !== null) return [[imported]];
      const value = constantOf({ node, scope });
      return value === null || value.node === node ? UNKNOWN : textsOf(value, steps - 1);
    }
  }
}

/** A constant text of another file of the program. */
function importedText({ node, scope }: Expression): string | null {
  const name = identifierOf(node);
  const imported = name === null ? null : (lookUp(scope, name)?.imported ?? null);
  if (imported === null) return null;
  let top = scope;
  while (top.parent !== null) top = top.parent;
  return top.outside?.(imported.source, imported.name) ?? null;
}

/** The texts that a file exports as constants, by their names. */
export function exportedTexts(program: SyntaxNode): ReadonlyMap<string, string> {
  const { root } = scopesOf(program);
  const texts = new Map<string, string>();
  for (const statement of nodesOf(program, 'body')) {
    const declaration = nodeOf(statement, 'declaration');
    if (statement.type !== 'ExportNamedDeclaration' || declaration?.kind !== 'const') continue;
    for (const declarator of nodesOf(declaration, 'declarations')) {
      const name = identifierOf(nodeOf(declarator, 'id'));
      const value = nodeOf(declarator, 'init');
      if (name === null || value === null) continue;
      const [text, ...others] = textsOf({ node: value, scope: root });
      const whole = text === undefined || others.length > 0 ? null : wholeText(text);
      if (whole !== null) texts.set(name, whole);
    }
  }
  return texts;
}

/**
 * What a constant, or a member of a constant object, is. The expression itself when it is neither;
 * null when nobody can say before it runs.
 */
export function constantOf({ node, scope }: Expression, steps = TEXT_STEPS_MAX): Expression | null {
  if (steps === 0 || !spend(scope, 1)) return null;
  const name = identifierOf(node);
  if (name !== null) {
    const declared = lookUp(scope, name);
    if (declared === null || declared.value === null) return null;
    const whole = { node: declared.value, scope: declared.scope };
    if (declared.member === null) return constantOf(whole, steps - 1);
    return memberOf(whole, declared.member, steps - 1);
  }
  if (node.type !== 'MemberExpression') return { node, scope };
  const object = nodeOf(node, 'object');
  const key = keyOf(node, 'property');
  return object === null || key === null ? null : memberOf({ node: object, scope }, key, steps - 1);
}

function memberOf(of: Expression, key: string, steps: number): Expression | null {
  const object = constantOf(of, steps);
  if (object?.node.type === 'NewExpression') return key === 'href' ? object : null;
  const property = object === null ? null : propertyOf(object, key);
  return property === null || property === 'missing' ? null : constantOf(property, steps);
}

/** A property of an object that is written out; null when only the run can tell. */
export function propertyOf(
  { node, scope }: Expression,
  key: string,
): Expression | 'missing' | null {
  if (node.type !== 'ObjectExpression') return null;
  let found: Expression | 'missing' = 'missing';
  const properties = nodesOf(node, 'properties');
  if (!spend(scope, properties.length)) return null;
  for (const property of properties) {
    // What is spread may have any property.
    const name = property.type === 'Property' ? keyOf(property, 'key') : null;
    if (name === null || property.kind !== 'init') return null;
    const value = nodeOf(property, 'value');
    if (name === key && value !== null) found = { node: value, scope };
  }
  return found;
}

function templateTexts({ node, scope }: Expression, steps: number): readonly Text[] {
  const expressions = nodesOf(node, 'expressions');
  let texts: readonly Text[] = [[]];
  for (const [index, quasi] of nodesOf(node, 'quasis').entries()) {
    const { cooked } = quasi.value as { readonly cooked?: string | null };
    texts = product(texts, [[cooked ?? null]]);
    const expression = expressions[index];
    if (expression !== undefined) {
      texts = product(texts, textsOf({ node: expression, scope }, steps - 1));
    }
  }
  return texts;
}

function callTexts({ node, scope }: Expression, steps: number): readonly Text[] {
  const callee = nodeOf(node, 'callee');
  const [argument] = nodesOf(node, 'arguments');
  if (callee === null) return UNKNOWN;
  const isText = identifierOf(callee) === 'String' && lookUp(scope, 'String') === null;
  if (isText && argument !== undefined) return textsOf({ node: argument, scope }, steps - 1);
  if (callee.type !== 'MemberExpression' || keyOf(callee, 'property') !== 'toString')
    return UNKNOWN;
  const object = nodeOf(callee, 'object');
  return object === null ? UNKNOWN : textsOf({ node: object, scope }, steps - 1);
}

/** `new URL(text)` and `new URL(text, base)`. */
function urlTexts({ node, scope }: Expression, steps: number): readonly Text[] {
  if (identifierOf(nodeOf(node, 'callee')) !== 'URL' || lookUp(scope, 'URL') !== null)
    return UNKNOWN;
  const [first, base] = nodesOf(node, 'arguments');
  if (first === undefined) return UNKNOWN;
  const texts = textsOf({ node: first, scope }, steps - 1);
  if (base === undefined) return texts;
  const bases = textsOf({ node: base, scope }, steps - 1);
  return bounded(texts.flatMap((text) => bases.map((one) => against(text, one))));
}

/** What the text is against the base; plain cases only, as RFC 3986 §5.2 has more. */
function against(text: Text, base: Text): Text {
  const [start] = text;
  const [place] = base;
  if (typeof start !== 'string' || start === '') return [null];
  if (/^https?:\/\//i.test(start)) return text;
  const origin = /^https?:\/\/[^/?#]+/i.exec(place ?? '')?.[0];
  const isWhole = origin !== undefined && (base.length === 1 || place?.length !== origin.length);
  if (!isWhole || /^(?:\/\/|[a-z][a-z0-9+.-]*:|\.|\?|#|\\)/i.test(start)) return [null];
  if (start.startsWith('/')) return [origin, ...text];
  const folder =
    base.length === 1 ? /^[^?#]*\//.exec((place ?? '').slice(origin.length))?.[0] : null;
  return folder === null ? [null] : [`${origin}${folder ?? '/'}`, ...text];
}

function product(left: readonly Text[], right: readonly Text[]): readonly Text[] {
  return bounded(left.flatMap((one) => right.map((other) => joined([...one, ...other]))));
}

function choices(left: readonly Text[], right: readonly Text[]): readonly Text[] {
  return bounded([...left, ...right]);
}

/** More than a person would write is not told apart. */
function bounded(texts: readonly Text[]): readonly Text[] {
  const isLong = (text: Text): boolean =>
    text.length > TEXT_PIECES_MAX ||
    text.reduce((chars, piece) => chars + (piece?.length ?? 1), 0) > TEXT_CHARS_MAX;
  return texts.length > TEXT_CHOICES_MAX || texts.some(isLong) ? UNKNOWN : texts;
}

/** False once a file has had more looked up than a person would write. */
function spend({ work }: Scope, amount: number): boolean {
  work.left -= amount;
  return work.left > 0;
}

function joined(pieces: Text): Text {
  const result: (string | null)[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (piece === '') continue;
    if (typeof piece === 'string' && typeof last === 'string')
      result[result.length - 1] = last + piece;
    else if (piece !== null || last !== null || result.length === 0) result.push(piece);
  }
  return result;
}

/** The text when all of it is known. */
export function wholeText(text: Text): string | null {
  if (text.length === 0) return '';
  const [only] = text;
  return text.length === 1 && typeof only === 'string' ? only : null;
}
