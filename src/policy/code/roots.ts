import { TEXT_STEPS_MAX } from '../limits.ts';
import { lookUp } from './scopes.ts';
import type { Expression } from './texts.ts';
import { identifierOf, keyOf, nodeOf, nodesOf, type SyntaxNode, stringOf } from './tree.ts';

/** Where an object comes from, and the way from there: `axios.post` is `post` of the package. */
export interface Root {
  /** `free` for a name that the program does not declare itself. */
  readonly from: 'free' | 'import';
  /** The name, or the specifier of the module. */
  readonly name: string;
  /** Members on the way; `()` stands for what a call gives, `new` for what is made. */
  readonly path: readonly string[];
}

/** Names for the global object itself. */
const SELVES: ReadonlySet<string> = new Set(['globalThis', 'window', 'self', 'global']);

/** Null for what nobody can say before it runs, and for what the program makes itself. */
export function rootOf(expression: Expression, steps = TEXT_STEPS_MAX): Root | null {
  const root = steps === 0 ? null : plainRoot(expression, steps);
  if (root?.from !== 'free' || !SELVES.has(root.name)) return root;
  const [name, ...path] = root.path;
  return name === undefined ? root : { from: 'free', name, path };
}

function plainRoot({ node, scope }: Expression, steps: number): Root | null {
  const name = identifierOf(node);
  if (name !== null) return rootOfName(name, { node, scope }, steps);
  const next = (field: string): Root | null => {
    const child = nodeOf(node, field);
    return child === null ? null : rootOf({ node: child, scope }, steps - 1);
  };
  switch (node.type) {
    case 'MemberExpression':
      return further(next('object'), keyOf(node, 'property'));
    case 'ChainExpression':
      return next('expression');
    case 'AwaitExpression':
      return next('argument');
    case 'ImportExpression':
      return moduleRoot(nodeOf(node, 'source'));
    case 'NewExpression':
      return further(next('callee'), 'new');
    case 'CallExpression':
      return rootOfCall({ node, scope }, steps);
    default:
      return null;
  }
}

function rootOfName(name: string, { scope }: Expression, steps: number): Root | null {
  const declared = lookUp(scope, name);
  if (declared === null) return { from: 'free', name, path: [] };
  if (declared.imported !== null) {
    const { source, name: imported } = declared.imported;
    const path = imported === '*' || imported === 'default' ? [] : [imported];
    return { from: 'import', name: source, path };
  }
  if (declared.value === null) return null;
  const root = rootOf({ node: declared.value, scope: declared.scope }, steps - 1);
  return declared.member === null ? root : further(root, declared.member);
}

function rootOfCall({ node, scope }: Expression, steps: number): Root | null {
  const callee = nodeOf(node, 'callee');
  const [first] = nodesOf(node, 'arguments');
  if (callee === null) return null;
  const root = rootOf({ node: callee, scope }, steps - 1);
  if (first !== undefined && isEventual(root)) return rootOf({ node: first, scope }, steps - 1);
  if (root?.from === 'free' && root.name === 'require' && root.path.length === 0) {
    return moduleRoot(first ?? null);
  }
  return further(root, '()');
}

/** `E(x).m()` is a use of `x`. */
function isEventual(root: Root | null): boolean {
  if (root === null) return false;
  const name = root.path.at(-1) ?? root.name;
  return name === 'E' && (root.from === 'free' || root.path.length === 1);
}

function moduleRoot(source: SyntaxNode | null): Root | null {
  const name = stringOf(source);
  return name === null ? null : { from: 'import', name, path: [] };
}

function further(root: Root | null, step: string | null): Root | null {
  if (root === null || step === null) return null;
  // A module that is imported whole has its default under that name.
  if (root.from === 'import' && root.path.length === 0 && step === 'default') return root;
  return { ...root, path: [...root.path, step] };
}
