import type { AnyNode, Node } from 'acorn';

/** Where the children of each kind of node are, in the order of the source. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  ArrayExpression: ['elements'],
  ArrayPattern: ['elements'],
  ArrowFunctionExpression: ['params', 'body'],
  AssignmentExpression: ['left', 'right'],
  AssignmentPattern: ['left', 'right'],
  AwaitExpression: ['argument'],
  BinaryExpression: ['left', 'right'],
  BlockStatement: ['body'],
  BreakStatement: ['label'],
  CallExpression: ['callee', 'arguments'],
  CatchClause: ['param', 'body'],
  ChainExpression: ['expression'],
  ClassBody: ['body'],
  ClassDeclaration: ['id', 'superClass', 'body'],
  ClassExpression: ['id', 'superClass', 'body'],
  ConditionalExpression: ['test', 'consequent', 'alternate'],
  ContinueStatement: ['label'],
  DebuggerStatement: [],
  DoWhileStatement: ['body', 'test'],
  EmptyStatement: [],
  ExportAllDeclaration: ['exported', 'source', 'attributes'],
  ExportDefaultDeclaration: ['declaration'],
  ExportNamedDeclaration: ['declaration', 'specifiers', 'source', 'attributes'],
  ExportSpecifier: ['local', 'exported'],
  ExpressionStatement: ['expression'],
  ForInStatement: ['left', 'right', 'body'],
  ForOfStatement: ['left', 'right', 'body'],
  ForStatement: ['init', 'test', 'update', 'body'],
  FunctionDeclaration: ['id', 'params', 'body'],
  FunctionExpression: ['id', 'params', 'body'],
  Identifier: [],
  IfStatement: ['test', 'consequent', 'alternate'],
  ImportAttribute: ['key', 'value'],
  ImportDeclaration: ['specifiers', 'source', 'attributes'],
  ImportDefaultSpecifier: ['local'],
  ImportExpression: ['source', 'options'],
  ImportNamespaceSpecifier: ['local'],
  ImportSpecifier: ['imported', 'local'],
  LabeledStatement: ['label', 'body'],
  Literal: [],
  LogicalExpression: ['left', 'right'],
  MemberExpression: ['object', 'property'],
  MetaProperty: [],
  MethodDefinition: ['key', 'value'],
  NewExpression: ['callee', 'arguments'],
  ObjectExpression: ['properties'],
  ObjectPattern: ['properties'],
  PrivateIdentifier: [],
  Program: ['body'],
  Property: ['key', 'value'],
  PropertyDefinition: ['key', 'value'],
  RestElement: ['argument'],
  ReturnStatement: ['argument'],
  SequenceExpression: ['expressions'],
  SpreadElement: ['argument'],
  StaticBlock: ['body'],
  Super: [],
  SwitchCase: ['test', 'consequent'],
  SwitchStatement: ['discriminant', 'cases'],
  TaggedTemplateExpression: ['tag', 'quasi'],
  TemplateElement: [],
  TemplateLiteral: ['quasis', 'expressions'],
  ThisExpression: [],
  ThrowStatement: ['argument'],
  TryStatement: ['block', 'handler', 'finalizer'],
  UnaryExpression: ['argument'],
  UpdateExpression: ['argument'],
  VariableDeclaration: ['declarations'],
  VariableDeclarator: ['id', 'init'],
  WhileStatement: ['test', 'body'],
  YieldExpression: ['argument'],
};

const CHILDREN: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(FIELDS));

/** A node that is not gone into. */
export class RefusedSyntax extends Error {
  readonly node: Node;

  constructor(node: Node, why: string) {
    super(why);
    this.node = node;
  }
}

export function childrenOf(node: Node): readonly AnyNode[] {
  const found: AnyNode[] = [];
  pushChildren(node, found);
  return found.reverse();
}

/** The last child comes first. */
function pushChildren(node: Node, onto: AnyNode[]): void {
  const fields = CHILDREN.get(node.type);
  // What stands in a node of an unknown kind is unknown too, so it is never passed over.
  if (fields === undefined) throw new RefusedSyntax(node, `${node.type} is not understood`);
  for (let at = fields.length - 1; at >= 0; at--) {
    const value = (node as unknown as Record<string, unknown>)[fields[at] as string];
    if (Array.isArray(value)) {
      for (let item = value.length - 1; item >= 0; item--) {
        if (value[item]) onto.push(value[item]);
      }
    } else if (value) onto.push(value as AnyNode);
  }
}

/** Sees every node without recursion, so that no depth of the tree ends the stack. */
export function eachNode(root: Node, see: (node: AnyNode) => void): void {
  const nodes: AnyNode[] = [root as AnyNode];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    see(node);
    pushChildren(node, nodes);
  }
}

/** A node that lies deeper than `max`, or null. */
export function deeperThan(root: Node, max: number): AnyNode | null {
  let nodes: AnyNode[] = [root as AnyNode];
  for (let depth = 0; nodes.length > 0; depth++) {
    if (depth > max) return nodes[0] as AnyNode;
    const next: AnyNode[] = [];
    for (const node of nodes) pushChildren(node, next);
    nodes = next;
  }
  return null;
}
