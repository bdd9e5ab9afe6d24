import { refused } from './dialect.ts';
import type { WriteExpression } from './expression-forms.ts';
import type { Scope } from './scope.ts';
import { listOf, onlyFields, tagged, textOf } from './syntax.ts';

const DIRECTIONS: Readonly<Record<string, string>> = {
  SORTBY_DEFAULT: '',
  SORTBY_ASC: ' ASC',
  SORTBY_DESC: ' DESC',
};

const NULLS: Readonly<Record<string, string>> = {
  SORTBY_NULLS_DEFAULT: '',
  SORTBY_NULLS_FIRST: ' NULLS FIRST',
  SORTBY_NULLS_LAST: ' NULLS LAST',
};

/** ` ORDER BY …`, with the space before it. */
export function orderSql(nodes: unknown, scope: Scope, write: WriteExpression): string {
  const parts = listOf(nodes).map((item) => {
    const { tag, fields } = tagged(item);
    if (tag !== 'SortBy') throw refused('it has an order of no known form');
    onlyFields('an order', fields, ['node', 'sortby_dir', 'sortby_nulls']);
    const direction = DIRECTIONS[textOf(fields.sortby_dir)];
    const nulls = NULLS[textOf(fields.sortby_nulls)];
    if (direction === undefined || nulls === undefined) {
      throw refused('it has an order that this power does not allow');
    }
    return `${write(fields.node, scope)}${direction}${nulls}`;
  });
  return parts.length === 0 ? '' : ` ORDER BY ${parts.join(', ')}`;
}
