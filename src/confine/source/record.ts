import type { AnyNode, Identifier, Literal, Program } from 'acorn';
import { boundNames } from './scopes.ts';

/** What a module asks of others and gives to them, as its statements say it. */
export interface ModuleRecord {
  /** In the order of the source; one specifier may stand more than once. */
  readonly requests: readonly ModuleRequest[];
  /** By the local name. */
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** Exported names and the local names behind them; `null` stands for `export default EXPRESSION`. */
  readonly locals: ReadonlyMap<string, string | null>;
  /** Names that are exported straight from another module. */
  readonly indirect: ReadonlyMap<string, ImportedName>;
  /** Requests of `export * from`. */
  readonly stars: readonly ModuleRequest[];
}

export interface ModuleRequest {
  readonly specifier: string;
  /** Where the specifier stands. */
  readonly start: number;
  /** `with { type: 'json' }`; others are not known. */
  readonly type: string | null;
}

export interface ImportedName {
  readonly request: ModuleRequest;
  /** `*` is the whole namespace, which no name can be. */
  readonly name: string;
  readonly start: number;
}

type Declarations = Program['body'][number];

export function recordOf(program: Program): ModuleRecord {
  const requests: ModuleRequest[] = [];
  const imports = new Map<string, ImportedName>();
  const locals = new Map<string, string | null>();
  const indirect = new Map<string, ImportedName>();
  const stars: ModuleRequest[] = [];
  for (const node of program.body) {
    const request = requestOf(node);
    if (request !== null) requests.push(request);
    if (node.type === 'ImportDeclaration' && request !== null) {
      for (const item of node.specifiers) {
        const { start, local } = item;
        imports.set(local.name, { request, name: importedName(item), start });
      }
    } else if (node.type === 'ExportAllDeclaration' && request !== null) {
      if (!node.exported) stars.push(request);
      else indirect.set(nameOf(node.exported), { request, name: '*', start: node.start });
    } else if (node.type === 'ExportDefaultDeclaration') {
      locals.set('default', declaredId(node.declaration));
    } else if (node.type === 'ExportNamedDeclaration') {
      for (const name of declaredBy(node.declaration)) locals.set(name, name);
      for (const { exported, local, start } of node.specifiers) {
        const name = nameOf(local);
        if (request === null) locals.set(nameOf(exported), name);
        else indirect.set(nameOf(exported), { request, name, start });
      }
    }
  }
  // What is imported and then exported is the other module's name, not a copy of its value.
  for (const [exported, local] of locals) {
    const imported = local === null ? undefined : imports.get(local);
    if (imported === undefined) continue;
    locals.delete(exported);
    indirect.set(exported, imported);
  }
  return { requests, imports, locals, indirect, stars };
}

function requestOf(node: Declarations): ModuleRequest | null {
  if (!('source' in node) || !node.source) return null;
  const { value, start } = node.source;
  const attributes = 'attributes' in node ? node.attributes : [];
  let type: string | null = null;
  for (const { key, value: set } of attributes ?? []) {
    type = nameOf(key) === 'type' && type === null ? String(set.value) : 'unknown';
  }
  return { specifier: String(value), start, type };
}

function importedName(item: AnyNode): string {
  if (item.type === 'ImportSpecifier') return nameOf(item.imported);
  return item.type === 'ImportNamespaceSpecifier' ? '*' : 'default';
}

function nameOf(node: Identifier | Literal): string {
  return node.type === 'Identifier' ? node.name : String(node.value);
}

/** The name of a declaration that is exported as default; an expression has none. */
function declaredId(node: AnyNode): string | null {
  if (node.type !== 'FunctionDeclaration' && node.type !== 'ClassDeclaration') return null;
  return node.id?.name ?? null;
}

function declaredBy(node: AnyNode | null | undefined): readonly string[] {
  if (node?.type === 'VariableDeclaration')
    return node.declarations.flatMap(({ id }) => boundNames(id));
  const name = node ? declaredId(node) : null;
  return name === null ? [] : [name];
}
