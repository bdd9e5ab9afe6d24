import { sourceInvalid } from './faults.ts';
import { placeAt } from './lines.ts';
import type { Module } from './module.ts';
import type { ImportedName, ModuleRequest } from './record.ts';

/** The export behind a name; null for none, `many` where several `export *` have it. */
type Resolution = Found | null | 'many';

interface Found {
  readonly module: Module;
  readonly read: () => unknown;
  /** Within its module: how it is read, or `*` for the module's namespace. */
  readonly id: unknown;
}

function resolveExport(module: Module, name: string, seen: Set<string> = new Set()): Resolution {
  const mark = `${name}\n${module.key}`;
  if (seen.has(mark)) return null;
  seen.add(mark);
  const own = module.exports.get(name);
  if (own !== undefined) return { module, read: own, id: own };
  const { record } = module.source ?? {};
  const indirect = record?.indirect.get(name);
  if (indirect !== undefined) {
    const target = targetOf(module, indirect.request);
    if (indirect.name === '*') return { module: target, read: () => namespaceOf(target), id: '*' };
    return resolveExport(target, indirect.name, seen);
  }
  if (name === 'default') return null;
  let found: Resolution = null;
  for (const star of record?.stars ?? []) {
    const next = resolveExport(targetOf(module, star), name, seen);
    if (next === 'many') return next;
    if (next === null || (found !== null && isSame(found, next))) continue;
    if (found !== null) return 'many';
    found = next;
  }
  return found;
}

function isSame(one: Resolution, other: Resolution): boolean {
  if (one === null || other === null || one === 'many' || other === 'many') return one === other;
  return one.module === other.module && one.id === other.id;
}

function targetOf(module: Module, request: ModuleRequest): Module {
  const target = module.requested.get(request);
  if (target === undefined) throw new Error('It is not linked.');
  return target;
}

/** Every name that a module exports, those of `export *` too. */
function exportedNames(root: Module): ReadonlySet<string> {
  const names = new Set<string>();
  const seen = new Set<Module>();
  const modules = [root];
  for (let module = modules.pop(); module !== undefined; module = modules.pop()) {
    if (seen.has(module)) continue;
    seen.add(module);
    const { record } = module.source ?? {};
    for (const name of [...module.exports.keys(), ...(record?.indirect.keys() ?? [])]) {
      if (module === root || name !== 'default') names.add(name);
    }
    for (const star of record?.stars ?? []) modules.push(targetOf(module, star));
  }
  return names;
}

/** Throws for an import of a name that is not exported, before anything runs. */
export function requireImports(module: Module): void {
  const { source, file } = module;
  if (source === null) return;
  const check = ({ request, name, start }: ImportedName): void => {
    if (name === '*') return;
    const found = resolveExport(targetOf(module, request), name);
    if (found !== null && found !== 'many') return;
    const what = found === null ? 'has no export named' : 'has more than one export named';
    throw sourceInvalid(
      file,
      placeAt(source.starts, start),
      `${request.specifier} ${what} ${name}`,
    );
  };
  for (const imported of source.record.imports.values()) check(imported);
  for (const imported of source.record.indirect.values()) check(imported);
}

/** What `import * as` gives: every export, read anew each time, and none that can be set. */
export function namespaceOf(module: Module): Readonly<Record<string, unknown>> {
  if (module.namespace !== null) return module.namespace;
  const made = Object.create(null) as Record<string, unknown>;
  module.namespace = made;
  for (const name of [...exportedNames(module)].sort()) {
    const found = resolveExport(module, name);
    if (found === null || found === 'many') continue;
    Object.defineProperty(made, name, { get: found.read, enumerable: true });
  }
  Object.defineProperty(made, Symbol.toStringTag, { value: 'Module' });
  return Object.freeze(made);
}

/** The exports as they are now. */
export function exportsOf(module: Module): Readonly<Record<string, unknown>> {
  return Object.freeze({ __proto__: null, ...namespaceOf(module) }) as Record<string, unknown>;
}
