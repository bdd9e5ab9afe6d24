import { Kind, parse, visit } from 'graphql';
import { measureOperations } from '../src/powers/http/graphql-document.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

/**
 * A document. Every operation that the whole library finds is measured, no top-level field is
 * overlooked, and nothing that it cannot read is let through.
 */
export const graphqlTarget: FuzzTarget = {
  name: 'graphql',
  seeds: [
    '{ viewer { login } }',
    'query Q($a: Int = 5) @d { a: viewer(x: $a) { ...F ... on U { id } } } fragment F on U { name }',
    'mutation M { addStar(input: {id: "x", list: [1, 2]}) { ok } } subscription { events }',
    '{ ...F } fragment F on Query { ...G } fragment G on Query { organization { id } }',
    '# c\n{ a(text: """block "quote" """) @include(if: true) }',
    'type Query { a: Int } extend schema @x',
  ],
  words: [
    ...[
      '{',
      '}',
      '(',
      ')',
      '...',
      '... on Query',
      '@skip(if: true)',
      'query',
      'mutation',
      '"""',
      '"',
    ],
    ...[
      'fragment F on Query',
      '...F',
      'subscription',
      'viewer',
      'a: b',
      '$x',
      '#',
      ',',
      '\ufeff',
      '\r',
    ],
  ],
  check(input) {
    const text = textOf(input);
    const measured = measureOperations(text);
    if (!measured.ok) return measured.reason;
    const tree = parse(text);
    const types: string[] = [];
    const direct = new Set<string>();
    visit(tree, {
      OperationDefinition: (node) => {
        types.push(node.operation);
        for (const selection of node.selectionSet.selections) {
          if (selection.kind === Kind.FIELD) direct.add(selection.name.value);
        }
      },
    });
    const { operations } = measured;
    holds(types.join() === operations.map(({ type }) => type).join(), 'each operation is there');
    const fields = new Set(operations.flatMap((operation) => operation.fields));
    holds(
      [...direct].every((name) => fields.has(name)),
      'each top-level field is there',
    );
    holds(
      operations.every(({ depth }) => depth >= 1),
      'each operation has a depth',
    );
    return operations
      .map(({ type, depth, aliases }) => `${type}${depth}-${Math.min(aliases, 5)}`)
      .join();
  },
};
