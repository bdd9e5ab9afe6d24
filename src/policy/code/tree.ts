/** The syntax tree of ESTree, as a parser gives it. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export function isNode(value: unknown): value is SyntaxNode {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string'
  );
}

/** The nodes right below, in the order of their fields. */
export function childrenOf(node: SyntaxNode): readonly SyntaxNode[] {
  return Object.values(node).flatMap((value) => {
    if (Array.isArray(value)) return value.filter(isNode);
    return isNode(value) ? [value] : [];
  });
}

export function nodeOf(node: SyntaxNode, field: string): SyntaxNode | null {
  const value = node[field];
  return isNode(value) ? value : null;
}

export function nodesOf(node: SyntaxNode, field: string): readonly SyntaxNode[] {
  const value = node[field];
  return Array.isArray(value) ? value.filter(isNode) : [];
}

export function stringOf(node: SyntaxNode | null): string | null {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : null;
}

export function identifierOf(node: SyntaxNode | null): string | null {
  return node?.type === 'Identifier' && typeof node.name === 'string' ? node.name : null;
}

/** The name of a member or a property, when it does not have to be computed. */
export function keyOf(node: SyntaxNode, field: 'property' | 'key'): string | null {
  const key = nodeOf(node, field);
  return node.computed === true ? stringOf(key) : (identifierOf(key) ?? stringOf(key));
}

/** Lines of the offsets of a text, from 1. */
export function linesOf(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
