import { createRequire } from 'node:module';
import type {
  DefinitionNode,
  DocumentNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionSetNode,
} from 'graphql';
import type { parse } from 'graphql/language/parser.js';
import { GRAPHQL_TOKENS_MAX } from './limits.ts';

export type OperationType = 'query' | 'mutation' | 'subscription';

/** What of an operation the rules look at, with every fragment put where it is spread. */
export interface MeasuredOperation {
  readonly type: OperationType;
  /** Names, not aliases, of its top-level fields; conditions (`@skip`) are taken to be met. */
  readonly fields: readonly string[];
  readonly depth: number;
  readonly aliases: number;
}

export type MeasuredDocument =
  | { readonly ok: true; readonly operations: readonly MeasuredOperation[] }
  | { readonly ok: false; readonly reason: string };

/** What selections come to. */
interface Measure {
  readonly fields: ReadonlySet<string>;
  readonly depth: number;
  readonly aliases: number;
}

interface Reading {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Null while a fragment is being measured: one that is met again spreads itself. */
  readonly measures: Map<string, Measure | null>;
}

/** Caught in this file only. */
class Unreadable extends Error {}

let parser: typeof parse | null = null;

/**
 * The parser alone, and only once a document is judged: the egress, whose start a person waits
 * for, has a GraphQL rule in few boxes.
 */
function parserOf(): typeof parse {
  parser ??= (
    createRequire(import.meta.url)('graphql/language/parser.js') as { parse: typeof parse }
  ).parse;
  return parser;
}

/** Reads a document for execution (GraphQL specification §2); never throws. */
export function measureOperations(document: string): MeasuredDocument {
  try {
    const tree = parserOf()(document, { noLocation: true, maxTokens: GRAPHQL_TOKENS_MAX });
    return { ok: true, operations: measureAll(tree) };
  } catch (error) {
    const own = error instanceof Unreadable;
    return { ok: false, reason: own ? error.message : 'it is no GraphQL, too long or too deep' };
  }
}

function measureAll({ definitions }: DocumentNode): readonly MeasuredOperation[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  const operations: OperationDefinitionNode[] = [];
  for (const definition of definitions) sort(definition, fragments, operations);
  if (operations.length === 0) throw new Unreadable('it has no operation');
  const names = operations.map(({ name }) => name?.value ?? '');
  if (new Set(names).size < names.length) throw new Unreadable('two operations have one name');
  const reading: Reading = { fragments, measures: new Map() };
  // A fragment that nothing spreads is read too: servers differ in what they do with it.
  for (const { name } of fragments.values()) measureFragment(name.value, reading);
  return operations.map(({ operation, selectionSet }) => {
    const fields = new Set<string>();
    const { depth, aliases } = measureSelections(selectionSet, reading, fields);
    return { type: operation, fields: [...fields], depth, aliases };
  });
}

function sort(
  definition: DefinitionNode,
  fragments: Map<string, FragmentDefinitionNode>,
  operations: OperationDefinitionNode[],
): void {
  if (definition.kind === 'OperationDefinition') {
    operations.push(definition);
  } else if (definition.kind === 'FragmentDefinition') {
    const name = definition.name.value;
    if (fragments.has(name)) throw new Unreadable('two fragments have one name');
    fragments.set(name, definition);
  } else {
    throw new Unreadable('it has a definition that is neither operation nor fragment');
  }
}

/** `fields` gathers the names at this level; null further down, where nobody asks for them. */
function measureSelections(
  { selections }: SelectionSetNode,
  reading: Reading,
  fields: Set<string> | null,
): Omit<Measure, 'fields'> {
  const spreads = new Set<string>();
  let depth = 0;
  let aliases = 0;
  for (const selection of selections) {
    let below: Omit<Measure, 'fields'> = { depth: 0, aliases: 0 };
    if (selection.kind === 'Field') {
      fields?.add(selection.name.value);
      if (selection.alias !== undefined) aliases += 1;
      if (selection.selectionSet !== undefined) {
        below = measureSelections(selection.selectionSet, reading, null);
      }
      below = { depth: below.depth + 1, aliases: below.aliases };
    } else if (selection.kind === 'InlineFragment') {
      below = measureSelections(selection.selectionSet, reading, fields);
    } else {
      const name = selection.name.value;
      const measure = measureFragment(name, reading);
      below = measure;
      if (fields !== null && !spreads.has(name)) for (const one of measure.fields) fields.add(one);
      spreads.add(name);
    }
    depth = Math.max(depth, below.depth);
    aliases += below.aliases;
  }
  return { depth, aliases };
}

/** Measured once, however often it is spread: spreads can multiply without end. */
function measureFragment(name: string, reading: Reading): Measure {
  const known = reading.measures.get(name);
  if (known === null) throw new Unreadable('a fragment spreads itself');
  if (known !== undefined) return known;
  const fragment = reading.fragments.get(name);
  if (fragment === undefined) throw new Unreadable('it spreads a fragment that it does not have');
  reading.measures.set(name, null);
  const fields = new Set<string>();
  const measure = { fields, ...measureSelections(fragment.selectionSet, reading, fields) };
  reading.measures.set(name, measure);
  return measure;
}
