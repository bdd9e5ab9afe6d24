import { parseAst } from 'vitest/node';

/** Rules of a TypeScript file that need its syntax tree. Each gives sentences, one for each fault. */

const FUNCTION_LINES_MAX = 70;

/** An import goes only to an earlier layer, or to its own. */
const LAYERS = [
  'wire',
  'ocap',
  'confine',
  'policy',
  'powers',
  'store',
  'journal',
  'vault',
  'kernel',
  'egress',
  'boxes',
  'kits',
  'host',
  'gateway',
  'agent',
  'daemon',
  'sdk',
  'cli',
  'quickstart',
] as const;

/** These see neither Node nor a machine. */
const PURE: readonly string[] = ['wire', 'ocap', 'confine', 'policy'];

/** Packages that a layer may import. Ask of each: would I let it see the vault? */
const PACKAGES: Readonly<Record<(typeof LAYERS)[number], readonly string[]>> = {
  wire: [],
  ocap: ['zod'],
  confine: ['@swc/wasm-typescript', 'acorn', 'ses'],
  policy: ['tldts', 'zod'],
  powers: ['better-sqlite3', 'graphql', 'libpg-query', 'pg', 'tldts', 'zod'],
  store: ['better-sqlite3'],
  journal: [],
  vault: ['zod'],
  kernel: [],
  egress: ['undici'],
  boxes: ['capnweb'],
  kits: ['zod'],
  host: ['zod'],
  gateway: ['capnweb', 'ws', 'zod'],
  agent: ['@ai-sdk/anthropic', '@ai-sdk/openai', 'ai', 'capnweb', 'ollama-ai-provider-v2', 'zod'],
  daemon: [],
  sdk: ['capnweb'],
  quickstart: [],
  cli: ['capnweb', 'commander', 'zod'],
};

/** Later layers of which a layer may import types, and nothing that runs. */
const TYPES_FROM: Readonly<Record<string, readonly string[]>> = {
  wire: ['ocap'],
  policy: ['powers'],
};

export interface SourceImport {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

interface Visited {
  readonly node: SyntaxNode;
  readonly parent: SyntaxNode | undefined;
}

export function parse(file: string, text: string): readonly Visited[] {
  const found: Visited[] = [];
  visit(treeOf(file, text), undefined, found);
  return found;
}

function treeOf(file: string, text: string): unknown {
  try {
    return parseAst(text, { lang: 'ts' }, file);
  } catch (cause) {
    throw new Error(`Cannot parse ${file}.`, { cause });
  }
}

function visit(value: unknown, parent: SyntaxNode | undefined, found: Visited[]): void {
  if (Array.isArray(value)) {
    for (const item of value) visit(item, parent, found);
  } else if (typeof value === 'object' && value !== null) {
    const isNode = 'type' in value && typeof value.type === 'string';
    const node = isNode ? (value as SyntaxNode) : undefined;
    if (node) found.push({ node, parent });
    for (const child of Object.values(value)) visit(child, node ?? parent, found);
  }
}

/** Every module that a file names, also by `import()` and `new URL(…, import.meta.url)`. */
export function importsOf(nodes: readonly Visited[]): readonly SourceImport[] {
  return nodes.flatMap(({ node }) => {
    if (node.type === 'NewExpression') return urlImport(node);
    if (!/^(Import|Export(All|Named))Declaration$|^(Import|TSImportType)/.test(node.type))
      return [];
    const specifier = literal(node.source);
    if (specifier === undefined) return [];
    const typeOnly =
      node.type === 'TSImportType' || node.importKind === 'type' || node.exportKind === 'type';
    return [{ specifier, typeOnly }];
  });
}

function urlImport(node: SyntaxNode): readonly SourceImport[] {
  const callee = node.callee as SyntaxNode;
  const [first, second] = node.arguments as readonly SyntaxNode[];
  const specifier = literal(first);
  const isUrl = callee.type === 'Identifier' && callee.name === 'URL' && second !== undefined;
  return isUrl && specifier?.startsWith('.') ? [{ specifier, typeOnly: false }] : [];
}

function literal(value: unknown): string | undefined {
  const node = value as SyntaxNode | null | undefined;
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

export function longFunctions(text: string, nodes: readonly Visited[]): readonly string[] {
  return nodes.flatMap(({ node, parent }) => {
    if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
      return [];
    }
    const lines = text.slice(node.start, node.end).split('\n').length;
    if (lines <= FUNCTION_LINES_MAX || isSuite(parent)) return [];
    return [`line ${lineAt(text, node.start)}: a function of ${lines} lines`];
  });
}

/** The body of `describe` is a list of tests, each with its own length. */
function isSuite(parent: SyntaxNode | undefined): boolean {
  let callee = parent?.callee as SyntaxNode | undefined;
  // describe.each(cases)('title', suite)
  if (callee?.type === 'CallExpression') callee = callee.callee as SyntaxNode;
  if (callee?.type === 'MemberExpression') callee = callee.object as SyntaxNode;
  return callee?.type === 'Identifier' && callee.name === 'describe';
}

export function bannedSyntax(text: string, nodes: readonly Visited[]): readonly string[] {
  return nodes.flatMap(({ node }) => {
    const fault = syntaxFault(node);
    return fault === undefined ? [] : [`line ${lineAt(text, node.start)}: ${fault}`];
  });
}

function syntaxFault(node: SyntaxNode): string | undefined {
  if (node.type === 'TSAnyKeyword') return 'the type any';
  if (node.type === 'ExportDefaultDeclaration') return 'a default export';
  if (node.type === 'ExportSpecifier' && (node.exported as SyntaxNode).name === 'default') {
    return 'a default export';
  }
  if (node.type === 'ExportAllDeclaration') return 'a barrel (export *)';
  if (node.type !== 'MemberExpression') return undefined;
  const object = node.object as SyntaxNode;
  const property = node.property as SyntaxNode;
  const isTest = /^(it|test|describe)$/.test(String(object.name));
  return isTest && /^(skip|only|todo|skipIf|runIf|fails)$/.test(String(property.name))
    ? `a test that may not run (${object.name}.${property.name})`
    : undefined;
}

/**
 * `file` and what it imports, against the order of the layers and their packages. A test is bound
 * by neither: it may bring a later layer to try its own with.
 */
export function layerFaults(file: string, imports: readonly SourceImport[]): readonly string[] {
  const layer = file.split('/')[1] ?? '';
  const rank = LAYERS.indexOf(layer as (typeof LAYERS)[number]);
  if (rank < 0) return [`the folder src/${layer} is no layer`];
  if (file.endsWith('.test.ts')) return [];
  return imports.flatMap(({ specifier, typeOnly }) => {
    if (specifier.startsWith('node:')) {
      return PURE.includes(layer) ? [`${layer} is pure and imports ${specifier}`] : [];
    }
    if (!specifier.startsWith('.')) return packageFault(layer, specifier);
    const target = resolveImport(file, specifier).split('/');
    if (target.join('/') === 'package.json' && /^(?:cli|daemon)$/.test(layer)) return [];
    if (target[0] !== 'src') return [`imports ${specifier} from outside src`];
    const to = LAYERS.indexOf(target[1] as (typeof LAYERS)[number]);
    if (to <= rank || (typeOnly && TYPES_FROM[layer]?.includes(target[1] ?? ''))) return [];
    return [`${layer} imports ${specifier} of the later layer ${target[1]}`];
  });
}

function packageFault(layer: string, specifier: string): readonly string[] {
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
  const allowed = PACKAGES[layer as (typeof LAYERS)[number]];
  if (allowed.includes(name)) return [];
  return [`${layer} imports the package ${name}`];
}

/** Packages that any layer may import; for the check that each is a dependency. */
export function layerPackages(): readonly string[] {
  return [...new Set(Object.values(PACKAGES).flat())];
}

/** Path from the root; a compiled `.js` name stands for its source. */
function resolveImport(file: string, specifier: string): string {
  const parts = file.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/^(src\/.*)\.c?js$/, '$1.ts');
}

/** Sources that no entry leads to. `imports` gives what each file names. */
export function deadFiles(
  entries: readonly string[],
  imports: ReadonlyMap<string, readonly SourceImport[]>,
): readonly string[] {
  const alive = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (alive.has(file)) continue;
    alive.add(file);
    for (const { specifier } of imports.get(file) ?? []) {
      if (specifier.startsWith('.')) waiting.push(resolveImport(file, specifier));
    }
  }
  return [...imports.keys()].filter((file) => !alive.has(file));
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
