import type {
  AnyNode,
  CatchClause,
  Class,
  Function as FunctionNode,
  Identifier,
  ImportExpression,
  Pattern,
  Program,
  VariableDeclaration,
} from 'acorn';
import { childrenOf } from './syntax.ts';

/** How a name is used where it stands. */
export type Use = 'read' | 'write' | 'typeof' | 'call';

/** A name that no scope below the module's own declares. */
export interface Reference {
  readonly name: string;
  readonly node: Identifier;
  readonly use: Use;
  /** In `{ name }` the name is also the key, which has to stay. */
  readonly shorthand: boolean;
}

export interface Names {
  /** Declared at the top level, without imports. */
  readonly declared: ReadonlySet<string>;
  /** Uses of names of the top level, of imports, and of the room around. */
  readonly references: readonly Reference[];
  /** Every name that stands anywhere, so that a new one can be chosen. */
  readonly all: ReadonlySet<string>;
  /** Every `import()`. */
  readonly imports: readonly ImportExpression[];
  /** The module waits at its top level. */
  readonly awaits: boolean;
}

interface Scope {
  readonly names: Set<string>;
  readonly parent: Scope | null;
  /** `var` goes up to here. */
  readonly isBody: boolean;
}

interface Pending extends Reference {
  readonly scope: Scope;
}

/** Which names a module uses that are not its own, by the scopes of strict code. */
export function namesOf(program: Program): Names {
  const reader = new ScopeReader();
  const top = reader.open(null, true);
  reader.declareLexical(program.body as AnyNode[], top);
  reader.visitAll(program.body as AnyNode[], top);
  const references = reader.pending.filter((pending) => reachesTop(pending, top));
  const { all, imports, awaits } = reader;
  return { declared: top.names, references, all, imports, awaits };
}

function reachesTop({ name, scope }: Pending, top: Scope): boolean {
  for (let at: Scope | null = scope; at !== null && at !== top; at = at.parent) {
    if (at.names.has(name)) return false;
  }
  return true;
}

class ScopeReader {
  readonly pending: Pending[] = [];
  readonly all: Set<string> = new Set();
  readonly imports: ImportExpression[] = [];
  awaits = false;
  #functions = 0;

  open(parent: Scope | null, isBody: boolean): Scope {
    return { names: new Set(), parent, isBody };
  }

  visitAll(nodes: readonly AnyNode[], scope: Scope): void {
    for (const node of nodes) this.visit(node, scope);
  }

  visit(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.#use(node, scope, 'read');
        break;
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#function(node, scope);
        break;
      case 'ClassDeclaration':
      case 'ClassExpression':
        this.#class(node, scope);
        break;
      case 'BlockStatement':
        this.#block(node.body, this.open(scope, false));
        break;
      case 'StaticBlock':
        this.#inFunction(() => this.#block(node.body, this.open(scope, true)));
        break;
      case 'SwitchStatement':
        this.visit(node.discriminant, scope);
        this.#block(node.cases, this.open(scope, false));
        break;
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#loop(node, this.open(scope, false));
        break;
      case 'CatchClause':
        this.#catch(node, this.open(scope, false));
        break;
      case 'VariableDeclaration':
        this.#variables(node, scope);
        break;
      case 'LabeledStatement':
        this.all.add(node.label.name);
        this.visit(node.body, scope);
        break;
      case 'BreakStatement':
      case 'ContinueStatement':
      case 'MetaProperty':
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        if (node.declaration) this.visit(node.declaration, scope);
        return;
      default:
        this.#expression(node, scope);
        break;
    }
  }

  #expression(node: AnyNode, scope: Scope): void {
    switch (node.type) {
      case 'MemberExpression':
        this.visit(node.object, scope);
        if (node.computed) this.visit(node.property, scope);
        return;
      case 'Property':
        this.#property(node, scope, 'read');
        break;
      case 'MethodDefinition':
        if (node.computed) this.visit(node.key, scope);
        this.visit(node.value, scope);
        break;
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key, scope);
        if (node.value) {
          const { value } = node;
          this.#inFunction(() => this.visit(value, this.open(scope, true)));
        }
        return;
      case 'CallExpression':
        this.#callee(node.callee, scope);
        this.visitAll(node.arguments, scope);
        break;
      case 'TaggedTemplateExpression':
        this.#callee(node.tag, scope);
        this.visit(node.quasi, scope);
        break;
      case 'UnaryExpression':
        if (node.argument.type === 'Identifier' && node.operator === 'typeof') {
          this.#use(node.argument, scope, 'typeof');
          break;
        }
        this.visit(node.argument, scope);
        break;
      case 'AssignmentExpression':
        this.#target(node.left, scope, node.operator === '=' ? 'write' : 'read');
        this.visit(node.right, scope);
        break;
      case 'AwaitExpression':
        if (this.#functions === 0) this.awaits = true;
        this.visit(node.argument, scope);
        break;
      case 'ImportExpression':
        this.imports.push(node);
        this.visitAll(childrenOf(node), scope);
        break;
      case 'Literal':
      case 'TemplateElement':
      case 'ThisExpression':
        return;
      default:
        this.visitAll(childrenOf(node), scope);
        break;
    }
  }

  #use(node: Identifier, scope: Scope, use: Use, shorthand = false): void {
    this.all.add(node.name);
    this.pending.push({ name: node.name, node, use, shorthand, scope });
  }

  #callee(node: AnyNode, scope: Scope): void {
    if (node.type === 'Identifier') this.#use(node, scope, 'call');
    else this.visit(node, scope);
  }

  #property(node: AnyNode & { type: 'Property' }, scope: Scope, use: Use): void {
    if (node.computed) this.visit(node.key, scope);
    const value = node.value as AnyNode;
    if (node.shorthand && value.type === 'Identifier') this.#use(value, scope, use, true);
    else if (node.shorthand && value.type === 'AssignmentPattern') {
      this.#use(value.left as Identifier, scope, use, true);
      this.visit(value.right, scope);
    } else if (use === 'write') this.#target(value, scope, use);
    else this.visit(value, scope);
  }

  /** What is assigned to: names are written, all else in it is read. */
  #target(node: AnyNode, scope: Scope, use: Use): void {
    switch (node.type) {
      case 'Identifier':
        this.#use(node, scope, use);
        break;
      case 'ObjectPattern':
        for (const property of node.properties) this.#target(property, scope, use);
        return;
      case 'Property':
        this.#property(node, scope, use);
        break;
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.#target(element, scope, use);
        return;
      case 'RestElement':
        this.#target(node.argument, scope, use);
        break;
      case 'AssignmentPattern':
        this.#target(node.left, scope, use);
        this.visit(node.right, scope);
        break;
      default:
        this.visit(node, scope);
        break;
    }
  }

  /** Keys and defaults of a pattern that declares names. */
  #pattern(node: Pattern, scope: Scope): void {
    switch (node.type) {
      case 'Identifier':
        this.all.add(node.name);
        return;
      case 'ObjectPattern':
        for (const property of node.properties) {
          if (property.type === 'RestElement') this.#pattern(property.argument, scope);
          else {
            if (property.computed) this.visit(property.key, scope);
            this.#pattern(property.value, scope);
          }
        }
        return;
      case 'ArrayPattern':
        for (const element of node.elements) if (element) this.#pattern(element, scope);
        return;
      case 'RestElement':
        this.#pattern(node.argument, scope);
        break;
      case 'AssignmentPattern':
        this.#pattern(node.left, scope);
        this.visit(node.right, scope);
        break;
      default:
        this.visit(node, scope);
        break;
    }
  }

  #variables(node: VariableDeclaration, scope: Scope): void {
    if (node.kind === 'await using' && this.#functions === 0) this.awaits = true;
    for (const { id, init } of node.declarations) {
      this.#pattern(id, scope);
      if (init) this.visit(init, scope);
    }
  }

  #block(nodes: readonly AnyNode[], scope: Scope): void {
    const statements = nodes.flatMap((node) =>
      node.type === 'SwitchCase' ? (node.consequent as AnyNode[]) : [node],
    );
    this.declareLexical(statements, scope);
    this.visitAll(nodes, scope);
  }

  #loop(
    node: AnyNode & { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' },
    scope: Scope,
  ): void {
    if (node.type === 'ForStatement') {
      if (node.init) this.declareLexical([node.init], scope);
      this.visitAll(childrenOf(node), scope);
      return;
    }
    if (node.type === 'ForOfStatement' && node.await && this.#functions === 0) this.awaits = true;
    this.declareLexical([node.left], scope);
    if (node.left.type === 'VariableDeclaration') this.visit(node.left, scope);
    else this.#target(node.left, scope, 'write');
    this.visit(node.right, scope);
    this.visit(node.body, scope);
  }

  #catch({ param, body }: CatchClause, scope: Scope): void {
    if (param) {
      for (const name of boundNames(param)) scope.names.add(name);
      this.#pattern(param, scope);
    }
    this.visit(body, scope);
  }

  #class(node: Class & { type: string }, scope: Scope): void {
    const inner = this.open(scope, false);
    if (node.id) {
      this.all.add(node.id.name);
      inner.names.add(node.id.name);
    }
    if (node.superClass) this.visit(node.superClass, inner);
    this.visitAll(node.body.body, inner);
  }

  #function(node: FunctionNode & { type: string }, scope: Scope): void {
    let outer = scope;
    if (node.id) {
      this.all.add(node.id.name);
      if (node.type === 'FunctionExpression') {
        outer = this.open(scope, false);
        outer.names.add(node.id.name);
      }
    }
    const params = this.open(outer, true);
    if (node.type !== 'ArrowFunctionExpression') params.names.add('arguments');
    for (const param of node.params) for (const name of boundNames(param)) params.names.add(name);
    this.#inFunction(() => {
      for (const param of node.params) this.#pattern(param, params);
      const { body } = node;
      // Names of the body are not seen by the defaults of the parameters.
      if (body.type === 'BlockStatement') this.#block(body.body, this.open(params, true));
      else this.visit(body, params);
    });
  }

  #inFunction(work: () => void): void {
    this.#functions += 1;
    work();
    this.#functions -= 1;
  }

  /** Names that a list of statements declares, before any of them is looked at. */
  declareLexical(nodes: readonly AnyNode[], scope: Scope): void {
    for (const node of nodes) {
      const inner = node.type.startsWith('Export')
        ? ((node as { declaration?: AnyNode | null }).declaration ?? node)
        : node;
      if (inner.type === 'VariableDeclaration' && inner.kind !== 'var') {
        for (const { id } of inner.declarations) {
          for (const name of boundNames(id)) scope.names.add(name);
        }
      } else if (inner.type === 'ClassDeclaration' || inner.type === 'FunctionDeclaration') {
        if (inner.id) scope.names.add(inner.id.name);
      }
    }
    if (scope.isBody) for (const name of hoistedNames(nodes)) scope.names.add(name);
  }
}

/** Names that a pattern declares. */
export function boundNames(root: Pattern): readonly string[] {
  const found: string[] = [];
  const nodes: AnyNode[] = [root];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (node.type === 'Identifier') found.push(node.name);
    else if (node.type === 'AssignmentPattern') nodes.push(node.left);
    else if (node.type === 'RestElement') nodes.push(node.argument);
    else if (node.type === 'Property') nodes.push(node.value);
    else if (node.type === 'ObjectPattern') {
      for (const property of node.properties.toReversed()) nodes.push(property);
    } else if (node.type === 'ArrayPattern') {
      for (const element of node.elements.toReversed()) if (element) nodes.push(element);
    }
  }
  return found;
}

/** Names of every `var` that these statements have, outside functions and classes. */
function hoistedNames(roots: readonly AnyNode[]): readonly string[] {
  const found: string[] = [];
  const nodes = [...roots];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (node.type === 'VariableDeclaration') {
      if (node.kind !== 'var') continue;
      for (const { id } of node.declarations) for (const name of boundNames(id)) found.push(name);
    } else if (HOLDS_STATEMENTS.has(node.type)) {
      for (const child of childrenOf(node)) nodes.push(child);
    }
  }
  return found;
}

const HOLDS_STATEMENTS: ReadonlySet<string> = new Set([
  ...['BlockStatement', 'CatchClause', 'DoWhileStatement', 'ExportNamedDeclaration'],
  ...['ForInStatement', 'ForOfStatement', 'ForStatement', 'IfStatement', 'LabeledStatement'],
  ...['SwitchCase', 'SwitchStatement', 'TryStatement', 'WhileStatement'],
]);
