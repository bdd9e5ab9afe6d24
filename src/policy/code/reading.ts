import type { Found, Need, Note } from '../needs.ts';
import type { Expression } from './texts.ts';
import { nodesOf, type SyntaxNode } from './tree.ts';

/** What is gathered while a file is read. */
export interface Reading {
  need(need: Need, node: SyntaxNode): void;
  note(text: string, node: SyntaxNode): void;
  /** A free name whose use was understood. */
  understood(name: string): void;
}

export interface Gathered extends Reading {
  readonly found: Found[];
  readonly notes: Note[];
  readonly known: ReadonlySet<string>;
}

export function makeReading(file: string, lineOf: (offset: number) => number): Gathered {
  const found: Found[] = [];
  const notes: Note[] = [];
  const known = new Set<string>();
  const at = (node: SyntaxNode) => ({ file, line: lineOf(node.start) });
  return {
    found,
    notes,
    known,
    need: (need, node) => void found.push({ need, at: at(node) }),
    note: (text, node) => void notes.push({ text, at: at(node) }),
    understood: (name) => void known.add(name),
  };
}

/** The arguments of a call; none after one that is spread, as nobody can count them. */
export function argumentsOf({ node, scope }: Expression): readonly Expression[] {
  const all = nodesOf(node, 'arguments');
  const spread = all.findIndex(({ type }) => type === 'SpreadElement');
  return (spread === -1 ? all : all.slice(0, spread)).map((one) => ({ node: one, scope }));
}
