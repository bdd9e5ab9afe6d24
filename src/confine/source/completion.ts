import type { AnyNode, ExpressionStatement, Program } from 'acorn';
import { childrenOf } from './syntax.ts';

/**
 * The expression statements whose value can be that of a program: of the last statement that is no
 * declaration, the statement itself or all that run in it. The last of them that was evaluated
 * gives the value; a `finally` gives none.
 */
export function completionsOf(program: Program): readonly ExpressionStatement[] {
  const last = program.body.findLast(({ type }) => !HAS_NO_VALUE.has(type));
  const found: ExpressionStatement[] = [];
  const nodes: AnyNode[] = last === undefined ? [] : [last];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (node.type === 'ExpressionStatement') found.push(node);
    else if (node.type === 'TryStatement') {
      nodes.push(node.block);
      if (node.handler) nodes.push(node.handler.body);
    } else if (HOLDS_STATEMENTS.has(node.type)) {
      for (const child of childrenOf(node)) nodes.push(child);
    }
  }
  return found;
}

const HAS_NO_VALUE: ReadonlySet<string> = new Set([
  ...['ClassDeclaration', 'EmptyStatement', 'FunctionDeclaration', 'VariableDeclaration'],
  ...['ExportAllDeclaration', 'ExportDefaultDeclaration', 'ExportNamedDeclaration'],
  ...['DebuggerStatement', 'ImportDeclaration'],
]);

const HOLDS_STATEMENTS: ReadonlySet<string> = new Set([
  ...['BlockStatement', 'DoWhileStatement', 'ForInStatement', 'ForOfStatement', 'ForStatement'],
  ...['IfStatement', 'LabeledStatement', 'SwitchCase', 'SwitchStatement', 'WhileStatement'],
]);
