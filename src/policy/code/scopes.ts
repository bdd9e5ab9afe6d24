import { TEXT_WORK_MAX } from '../limits.ts';
import {
  childrenOf,
  identifierOf,
  keyOf,
  nodeOf,
  nodesOf,
  type SyntaxNode,
  stringOf,
} from './tree.ts';

/** What a name stands for, as far as the text of the program says. */
export interface Declared {
  /** What it is for good: the initialiser of a `const`. Null for all that may change. */
  readonly value: SyntaxNode | null;
  /** Of the value, the member that a pattern takes out of it. */
  readonly member: string | null;
  readonly scope: Scope;
  readonly imported: { readonly source: string; readonly name: string } | null;
}

/** The text of a constant of another file, by the specifier of the file and its exported name. */
export type Outside = (source: string, name: string) => string | null;

export interface Scope {
  readonly parent: Scope | null;
  /** Of the scope of a whole file. */
  readonly outside: Outside | null;
  /** One for a whole file: how much more may be looked up before the rest is not followed. */
  readonly work: { left: number };
  /** `var` and parameters belong to the nearest function or program. */
  readonly isFunction: boolean;
  readonly names: Map<string, Declared>;
}

export interface Scopes {
  readonly root: Scope;
  /** The scope that a node opens, or that of what is around it. */
  within(node: SyntaxNode, outer: Scope): Scope;
}

const FUNCTIONS: ReadonlySet<string> = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'StaticBlock',
]);

const BLOCKS: ReadonlySet<string> = new Set([
  'BlockStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'SwitchStatement',
  'CatchClause',
  'ClassDeclaration',
  'ClassExpression',
]);

/** Finds out where each name of a program is declared. */
export function scopesOf(program: SyntaxNode, outside: Outside | null = null): Scopes {
  const root = makeScope(null, true, outside);
  const opened = new Map<SyntaxNode, Scope>();
  const waiting: [SyntaxNode, Scope][] = [[program, root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, outer] = next;
    const isFunction = FUNCTIONS.has(node.type);
    const opens = isFunction || BLOCKS.has(node.type);
    const scope = opens ? makeScope(outer, isFunction) : outer;
    if (opens) opened.set(node, scope);
    declare(node, outer, scope);
    for (const child of childrenOf(node)) waiting.push([child, scope]);
  }
  return { root, within: (node, outer) => opened.get(node) ?? outer };
}

export function lookUp(scope: Scope, name: string): Declared | null {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const declared = at.names.get(name);
    if (declared !== undefined) return declared;
  }
  return null;
}

function makeScope(
  parent: Scope | null,
  isFunction: boolean,
  outside: Outside | null = null,
): Scope {
  const work = parent?.work ?? { left: TEXT_WORK_MAX };
  return { parent, outside, work, isFunction, names: new Map() };
}

function declare(node: SyntaxNode, outer: Scope, inner: Scope): void {
  const name = identifierOf(nodeOf(node, 'id'));
  switch (node.type) {
    case 'VariableDeclaration':
      for (const one of nodesOf(node, 'declarations')) declareVariable(one, node.kind, outer);
      break;
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      if (name !== null) add(outer, name, null);
      break;
    case 'FunctionExpression':
    case 'ClassExpression':
      if (name !== null) add(inner, name, null);
      break;
    case 'CatchClause':
      declarePattern(nodeOf(node, 'param'), inner, null);
      break;
    case 'ImportDeclaration':
      declareImports(node, outer);
      break;
    default:
  }
  if (!FUNCTIONS.has(node.type)) return;
  if (node.type !== 'ArrowFunctionExpression') add(inner, 'arguments', null);
  for (const parameter of nodesOf(node, 'params')) declarePattern(parameter, inner, null);
}

function declareVariable(declarator: SyntaxNode, kind: unknown, scope: Scope): void {
  const target = kind === 'var' ? functionOf(scope) : scope;
  const value = kind === 'const' ? nodeOf(declarator, 'init') : null;
  declarePattern(nodeOf(declarator, 'id'), target, value);
}

function functionOf(scope: Scope): Scope {
  return scope.isFunction || scope.parent === null ? scope : functionOf(scope.parent);
}

/** A member that is taken out of a member is known no more. */
function declarePattern(
  pattern: SyntaxNode | null,
  scope: Scope,
  value: SyntaxNode | null,
  member: string | null = null,
): void {
  if (pattern === null) return;
  const name = identifierOf(pattern);
  if (name !== null) add(scope, name, value, member);
  // What a default may stand in for is not known.
  const inner = nodeOf(pattern, pattern.type === 'RestElement' ? 'argument' : 'left');
  if (inner !== null) declarePattern(inner, scope, null);
  for (const element of nodesOf(pattern, 'elements')) declarePattern(element, scope, null);
  for (const property of nodesOf(pattern, 'properties')) {
    if (property.type !== 'Property') declarePattern(property, scope, null);
    else {
      const key = keyOf(property, 'key');
      const known = key !== null && member === null ? value : null;
      declarePattern(nodeOf(property, 'value'), scope, known, known === null ? null : key);
    }
  }
}

function declareImports(node: SyntaxNode, scope: Scope): void {
  const source = stringOf(nodeOf(node, 'source'));
  for (const specifier of nodesOf(node, 'specifiers')) {
    const local = identifierOf(nodeOf(specifier, 'local'));
    if (local === null || source === null) continue;
    const imported = nodeOf(specifier, 'imported');
    const name = identifierOf(imported) ?? stringOf(imported) ?? DEFAULTS[specifier.type] ?? '*';
    const before = scope.names.has(local);
    scope.names.set(local, {
      value: null,
      member: null,
      scope,
      imported: before ? null : { source, name },
    });
  }
}

const DEFAULTS: Readonly<Record<string, string>> = { ImportDefaultSpecifier: 'default' };

/** A name that is declared twice may be either. */
function add(
  scope: Scope,
  name: string,
  value: SyntaxNode | null,
  member: string | null = null,
): void {
  const known = scope.names.has(name) ? null : value;
  scope.names.set(name, { value: known, member, scope, imported: null });
}
