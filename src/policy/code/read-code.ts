import type { Found, Note } from '../needs.ts';
import { readHttpCall } from './http-calls.ts';
import { BUILTINS, PLAIN_NAMES, PLATFORM_NAMES } from './known-names.ts';
import { readModelCall } from './model-calls.ts';
import { readPowerCall } from './power-calls.ts';
import { argumentsOf, makeReading, type Reading } from './reading.ts';
import { type Root, rootOf } from './roots.ts';
import { lookUp, type Outside, type Scope, type Scopes, scopesOf } from './scopes.ts';
import { constantOf, type Expression, textsOf, wholeText } from './texts.ts';
import {
  childrenOf,
  identifierOf,
  keyOf,
  linesOf,
  nodeOf,
  nodesOf,
  type SyntaxNode,
  stringOf,
} from './tree.ts';

/** What one file asks of its world. */
export interface CodeNeeds {
  readonly found: readonly Found[];
  readonly notes: readonly Note[];
  /** Relative specifiers, as written. */
  readonly follows: readonly string[];
}

/**
 * Reads a program for what it uses: requests with their hosts, paths and methods, powers by their
 * names and methods, globals, packages, modules of the platform, variables of the environment and
 * models. Only what literals and constants say is a need; all else becomes a note. `outside` knows
 * the constants of the files that it imports.
 */
export function readCode(
  program: SyntaxNode,
  text: string,
  file: string,
  outside: Outside | null = null,
): CodeNeeds {
  const scopes = scopesOf(program, outside);
  const reading = makeReading(file, linesOf(text));
  const follows = new Set<string>();
  const free = new Map<string, SyntaxNode>();
  const visitor = { scopes, reading, follows, free, named: new Set<SyntaxNode>() };
  const waiting: [SyntaxNode, Scope][] = [[program, scopes.root]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, outer] = next;
    const scope = scopes.within(node, outer);
    visit({ node, scope }, visitor);
    for (const child of referring(node).reverse()) waiting.push([child, scope]);
  }
  if (scopes.root.work.left <= 0) {
    reading.note('has more constants than are followed; what they say may be missing', program);
  }
  for (const [name, node] of free) tellFree(name, node, reading, reading.known);
  const byLine = <T extends { readonly at: { readonly line: number } | null }>(a: T, b: T) =>
    (a.at?.line ?? 0) - (b.at?.line ?? 0);
  return {
    found: reading.found.sort(byLine),
    notes: reading.notes.sort(byLine),
    follows: [...follows].sort(),
  };
}

interface Visitor {
  readonly scopes: Scopes;
  readonly reading: Reading;
  readonly follows: Set<string>;
  /** The first place of each name that the program does not declare. */
  readonly free: Map<string, SyntaxNode>;
  /** Where `globalThis` stands for names that are written beside it. */
  readonly named: Set<SyntaxNode>;
}

/** Children without the names that refer to nothing: keys, labels, names of other modules. */
function referring(node: SyntaxNode): SyntaxNode[] {
  const skipped = new Set<unknown>();
  if (node.computed !== true) {
    if (node.type === 'MemberExpression') skipped.add(node.property);
    if (/^(?:Property|MethodDefinition|PropertyDefinition)$/.test(node.type)) skipped.add(node.key);
  }
  if (node.shorthand === true) skipped.add(node.key);
  if (/^(?:LabeledStatement|BreakStatement|ContinueStatement)$/.test(node.type)) {
    skipped.add(node.label);
  }
  if (/^(?:Import.*Specifier|MetaProperty|ImportAttribute)$/.test(node.type)) return [];
  if (node.type === 'ExportSpecifier') skipped.add(node.exported);
  if (node.type === 'ExportNamedDeclaration' && nodeOf(node, 'source') !== null) return [];
  if (node.type === 'ExportAllDeclaration') return [];
  // `{ name }` has the same node twice, and its value is the one that refers.
  return childrenOf(node).filter((child) => !skipped.has(child) || child === node.value);
}

function visit(at: Expression, visitor: Visitor): void {
  const { node, scope } = at;
  const { reading, free } = visitor;
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      importOf(nodeOf(node, 'source'), node, visitor);
      return;
    case 'ImportExpression':
      dynamicImport(nodeOf(node, 'source'), node, visitor);
      return;
    case 'Identifier': {
      const name = identifierOf(node) as string;
      if (lookUp(scope, name) !== null) return;
      if (!free.has(name)) free.set(name, node);
      if (name === 'globalThis' && !visitor.named.has(node)) {
        reading.note('uses globalThis, and what it needs of it cannot be told', node);
      }
      return;
    }
    case 'MemberExpression':
      environment(at, reading);
      nameOfAll(nodeOf(node, 'object'), [keyOf(node, 'property')], visitor);
      return;
    case 'VariableDeclarator':
      environmentPattern(at, reading);
      namesOfAll(node, visitor);
      return;
    case 'CallExpression':
    case 'NewExpression':
      readCall(at, visitor);
      return;
    default:
  }
}

function importOf(source: SyntaxNode | null, node: SyntaxNode, visitor: Visitor): void {
  const specifier = stringOf(source);
  if (specifier === null) return;
  const { reading, follows } = visitor;
  if (/^\.{0,2}\//.test(specifier)) follows.add(specifier);
  else if (specifier.startsWith('node:') || BUILTINS.has(specifier.split('/')[0] as string)) {
    reading.need({ kind: 'builtin', name: specifier.replace(/^(?:node:)?/, 'node:') }, node);
  } else if (/^[a-z][a-z0-9+.-]*:/.test(specifier)) {
    reading.note('imports a module by a URL, which nothing can give', node);
  } else {
    const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
    reading.need({ kind: 'package', name }, node);
  }
}

function dynamicImport(source: SyntaxNode | null, node: SyntaxNode, visitor: Visitor): void {
  if (stringOf(source) !== null) importOf(source, node, visitor);
  else visitor.reading.note('imports a module whose name is known only when it runs', node);
}

function environment(at: Expression, reading: Reading): void {
  const object = nodeOf(at.node, 'object');
  const root = object === null ? null : rootOf({ node: object, scope: at.scope });
  if (!isEnvironment(root)) return;
  const name = keyOf(at.node, 'property');
  if (name !== null) reading.need({ kind: 'env', name }, at.node);
  else reading.note('reads a variable whose name is known only when it runs', at.node);
}

/** `globalThis.repo` is `repo`. */
function nameOfAll(
  object: SyntaxNode | null,
  names: readonly (string | null)[],
  { named, free }: Visitor,
): void {
  if (object === null || identifierOf(object) !== 'globalThis' || names.includes(null)) return;
  named.add(object);
  for (const name of names) {
    if (name !== null && !isOfPlatform(name) && !free.has(name)) free.set(name, object);
  }
}

/** `const { repo } = globalThis`. */
function namesOfAll(node: SyntaxNode, visitor: Visitor): void {
  const [id, init] = [nodeOf(node, 'id'), nodeOf(node, 'init')];
  if (id?.type !== 'ObjectPattern') return;
  const names = nodesOf(id, 'properties').map((property) =>
    property.type === 'Property' ? keyOf(property, 'key') : null,
  );
  nameOfAll(init, names, visitor);
}

/** `const { TOKEN } = process.env`. */
function environmentPattern({ node, scope }: Expression, reading: Reading): void {
  const [id, init] = [nodeOf(node, 'id'), nodeOf(node, 'init')];
  if (id?.type !== 'ObjectPattern' || init === null) return;
  if (!isEnvironment(rootOf({ node: init, scope }))) return;
  for (const property of nodesOf(id, 'properties')) {
    const name = property.type === 'Property' ? keyOf(property, 'key') : null;
    if (name !== null) reading.need({ kind: 'env', name }, node);
    else reading.note('reads variables whose names are known only when it runs', node);
  }
}

function isEnvironment(root: Root | null): boolean {
  if (root === null || root.path.length !== 1 || root.path[0] !== 'env') return false;
  return root.from === 'free' ? root.name === 'process' : /^(?:node:)?process$/.test(root.name);
}

function readCall(at: Expression, visitor: Visitor): void {
  const { node, scope } = at;
  const { reading } = visitor;
  const callee = nodeOf(node, 'callee');
  const root = callee === null ? null : rootOf({ node: callee, scope });
  if (root === null) return;
  const [first] = argumentsOf(at);
  const { from, name, path } = root;
  const [method, ...more] = path;
  if (from === 'free' && name === 'require' && method === undefined) {
    dynamicImport(first?.node ?? null, node, visitor);
  } else if (readHttpCall(root, at, reading) || readModelCall(root, at, reading)) {
    return;
  } else if (from === 'import') {
    if (/^(?:node:)?child_process$/.test(name)) tellProgram(at, reading);
  } else if (!usesClockOrChance(root, at, reading) && !isOfPlatform(name)) {
    if (method === undefined || more.length > 0) return;
    reading.understood(name);
    readPowerCall(name, method, at, reading);
  }
}

function isOfPlatform(name: string): boolean {
  return PLAIN_NAMES.has(name) || PLATFORM_NAMES.has(name);
}

function tellProgram(at: Expression, reading: Reading): void {
  const [program, list] = argumentsOf(at);
  const words = program === undefined ? [] : [program, ...elements(list)];
  const said = words.map((word) => wholeText(textsOf(word)[0] ?? [null]) ?? '…').join(' ');
  reading.note(
    `runs ${JSON.stringify(said).slice(0, 80)}, for which a compartment needs a command power`,
    at.node,
  );
}

function elements(list: Expression | undefined): readonly Expression[] {
  const value = list === undefined ? null : constantOf(list);
  if (value?.node.type !== 'ArrayExpression') return [];
  return nodesOf(value.node, 'elements').map((node) => ({ node, scope: value.scope }));
}

function usesClockOrChance({ name, path }: Root, { node }: Expression, reading: Reading): boolean {
  const way = [name, ...path].join('.');
  const given = nodesOf(node, 'arguments').length;
  if (way === 'Date.now' || (way === 'Date' && (given === 0 || node.type === 'CallExpression'))) {
    reading.need({ kind: 'global', name: 'clock' }, node);
    return true;
  }
  if (!/^(?:Math\.random|crypto\.(?:getRandomValues|randomUUID))$/.test(way)) return false;
  reading.need({ kind: 'global', name: 'random' }, node);
  return true;
}

/** A name that the program takes from around it. */
function tellFree(
  name: string,
  node: SyntaxNode,
  reading: Reading,
  understood: ReadonlySet<string>,
): void {
  if (PLATFORM_NAMES.has(name)) reading.need({ kind: 'global', name }, node);
  else if (!PLAIN_NAMES.has(name) && !understood.has(name)) {
    reading.note(`uses ${name}, and what it needs of it cannot be told`, node);
  }
}
