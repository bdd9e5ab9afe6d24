import { judgeTime } from '../ocap/judge.ts';
import { ALLOWED, type Refused, refuse, type Verdict } from '../ocap/verdict.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Node } from './graph.ts';

/** Is the grant reachable from the host, and is this its time? */
export function validity(node: Node, now: number): Verdict {
  if (node.death !== null) return refuseDead(node);
  if (node.expires === null && node.notBefore === null) return ALLOWED;
  return judgeTime({ notBefore: node.notBefore, expires: node.expires, text: textOf(node) }, now);
}

/** The words that a grant is known by, wherever it is named. */
export function textOf(node: Node): string {
  const { definition } = node.kind ?? {};
  if (definition === undefined) return node.power.text;
  const only = node.narrowings.flatMap((narrowing) => definition.describeNarrowing(narrowing));
  return only.length === 0 ? node.power.text : `${node.power.text} (${only.join('; ')})`;
}

function refuseDead(node: Node): Refused {
  const { ended, grant } = node.death as NonNullable<Node['death']>;
  const what = grant === node.grant.id ? 'it' : `the grant ${grant} that it hangs on`;
  const why = ended.reason === '' ? '' : ` (${ended.reason})`;
  const at = new Date(ended.time).toISOString();
  return refuse(
    'grant-revoked',
    `The grant "${textOf(node)}" works no more: ${what} was ended at ${at}${why}.`,
  );
}

/** The refusal as what a caller catches. */
export function errorOf({ code, reason }: Refused): PowerboxError {
  return new PowerboxError(code, reason);
}
