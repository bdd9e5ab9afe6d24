import type { AnyNode, Program } from 'acorn';
import { lineStarts, type Place, placeAt } from './lines.ts';
import { QuickParser } from './parser.ts';
import { eachNode } from './syntax.ts';

/** Why a text may not be evaluated, and where in it. */
export interface TextFault {
  readonly place: Place | null;
  readonly why: string;
}

/** What SES itself refuses; see `transforms.js` there. */
const REFUSED: readonly (readonly [word: string, pattern: RegExp, why: string])[] = [
  ['<!--', /<!--/, 'an HTML comment could stand here'],
  ['-->', /-->/, 'an HTML comment could stand here'],
  ['import', /(^|[^.]|\.\.\.)\bimport(\s*(?:\(|\/[/*]))/, 'an import could stand here'],
  ['eval', /(^|[^.])\beval(\s*\()/, 'a direct eval could stand here'],
];

/**
 * Reads prepared text once more, as if someone else had made it: nothing in it reaches the host by
 * syntax, and where that takes a parser to see, it is one generator function. Null when all is well.
 */
export function verifyText(text: string): TextFault | null {
  for (const [word, pattern, why] of REFUSED) {
    // A plain word is found far faster than a pattern.
    if (!text.includes(word)) continue;
    const index = text.search(pattern);
    if (index >= 0) return { place: placeAt(lineStarts(text), index), why };
  }
  // Without these words, and without a way to spell them, there is nothing to find; most are so.
  if (!/import|eval|\\u/.test(text)) return null;
  try {
    const program = QuickParser.parse(text, { ecmaVersion: 'latest', sourceType: 'module' });
    if (!isOneFunction(program, text)) return { place: null, why: 'it ends before its end' };
    let found: AnyNode | null = null;
    eachNode(program, (node) => {
      if (found === null && reachesHost(node)) found = node;
    });
    if (found === null) return null;
    const { start, type } = found as AnyNode;
    return { place: placeAt(lineStarts(text), start), why: `${type} is not allowed here` };
  } catch (error) {
    const { pos } = error as { pos?: unknown };
    const place = typeof pos === 'number' ? placeAt(lineStarts(text), pos) : null;
    return { place, why: error instanceof SyntaxError ? error.message : 'it cannot be read again' };
  }
}

function isOneFunction({ body }: Program, text: string): boolean {
  const [statement] = body;
  if (body.length !== 1 || statement?.type !== 'ExpressionStatement') return false;
  const { type, start, end } = statement.expression;
  return type === 'FunctionExpression' && start === 1 && end === text.length - 1;
}

function reachesHost(node: AnyNode): boolean {
  switch (node.type) {
    case 'ImportExpression':
    case 'ImportDeclaration':
    case 'WithStatement':
      return true;
    case 'MetaProperty':
      return node.meta.name === 'import';
    case 'CallExpression':
      return node.callee.type === 'Identifier' && node.callee.name === 'eval';
    default:
      return node.type.startsWith('Export');
  }
}
