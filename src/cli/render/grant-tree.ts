import type { GrantInfo } from '../../wire/doors.ts';
import { painter } from './colour.ts';
import { grantSummary, stateOf } from './grant-lines.ts';
import { shorten, visible } from './text.ts';

/** What one line says of a grant's narrowing before it is cut; `--json` has all of it. */
const SUMMARY_CHARS_MAX = 160;

/**
 * Who gave whom what: each grant hangs on the one that it narrows. A grant whose parent is not
 * among them stands at the left.
 */
export function grantTree(grants: readonly GrantInfo[], colour: boolean): readonly string[] {
  const known = new Set(grants.map(({ id }) => id));
  const children = new Map<string | null, GrantInfo[]>();
  for (const grant of grants) {
    const parent = grant.parent !== null && known.has(grant.parent) ? grant.parent : null;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [grant]);
    else siblings.push(grant);
  }
  const lines: string[] = [];
  // A stack of its own: a chain may be deeper than is good for the program's.
  const waiting = (children.get(null) ?? []).map((grant) => ({ grant, head: '', tail: '' }));
  waiting.reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    lines.push(`${next.head}${treeLine(next.grant, colour)}`);
    const below = children.get(next.grant.id) ?? [];
    for (const [index, grant] of [...below.entries()].reverse()) {
      const last = index === below.length - 1;
      waiting.push({
        grant,
        head: `${next.tail}${last ? '└─ ' : '├─ '}`,
        tail: `${next.tail}${last ? '   ' : '│  '}`,
      });
    }
  }
  return lines;
}

function treeLine(grant: GrantInfo, colour: boolean): string {
  const paint = painter(colour);
  const names = grant.names.length === 0 ? '' : ` as ${grant.names.join(', ')}`;
  const summary = shorten(visible(grantSummary(grant)), SUMMARY_CHARS_MAX);
  return [
    paint('dim', grant.id),
    `${paint('bold', visible(grant.to))}${visible(names)}`,
    grant.parent === null ? visible(`${grant.kind} ${grant.text}`) : '',
    summary,
    stateOf(grant.valid, paint),
  ]
    .filter((part) => part !== '')
    .join('  ');
}
