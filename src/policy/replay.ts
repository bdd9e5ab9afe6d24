import type { Answer, PowerJudge, RuleJudge } from './check-needs.ts';
import { type CompartmentPolicy, compartmentOf } from './compartment.ts';
import type { Policy } from './policy.ts';
import { OWN_PAGES, type Recorded, type RecordedRow, recordedCalls } from './recorded.ts';

export interface ReplayParts {
  readonly power: PowerJudge;
  readonly rules: RuleJudge;
  nameOf(guest: string): string;
  /** The name of the compartment that a guest is judged by. */
  compartmentOf(guest: string): string;
}

/** One call, as often as it was made. */
export interface ReplayLine {
  /** The guest, or the box where it was nobody's. */
  readonly who: string;
  readonly call: string;
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly last: number;
}

export interface Replay {
  /** Was allowed, and would not be. */
  readonly refused: readonly ReplayLine[];
  /** Was refused for want of a rule, and would not be. */
  readonly allowed: readonly ReplayLine[];
  /** What the record does not tell decides. */
  readonly undecided: readonly ReplayLine[];
  /** Calls whose outcome stays. */
  readonly same: number;
  /** Calls of guests that the policy has no compartment for. */
  readonly others: number;
}

/** Refusals that another policy could turn. */
const OF_POLICY: ReadonlySet<string> = new Set([
  ...['not-granted', 'method-not-granted', 'path-not-granted', 'path-ambiguous'],
  ...['narrowing-refused', 'model-refused'],
]);

/**
 * Judges recorded calls again by another policy. A request of a box is judged by the rules of the
 * file, a use of a guest by the compartment of its name.
 */
export function replayRecord(
  rows: readonly RecordedRow[],
  policy: Policy,
  parts: ReplayParts,
): Replay {
  const groups = { refused: new Lines(), allowed: new Lines(), undecided: new Lines() };
  let same = 0;
  let others = 0;
  for (const row of rows) {
    if (row.kind === 'request' && row.rule === OWN_PAGES) continue;
    const guest = row.guest === undefined ? null : parts.nameOf(row.guest);
    const compartment =
      row.guest === undefined
        ? null
        : compartmentOf(policy.compartments, parts.compartmentOf(row.guest));
    const who = guest ?? (row.kind === 'request' ? row.box : '');
    for (const recorded of recordedCalls(row)) {
      if (compartment === null && row.kind === 'use') others += 1;
      else {
        const change = changeOf(recorded, policy, compartment, parts);
        if (change === null) same += 1;
        else groups[change].add(who, recorded);
      }
    }
  }
  const { refused, allowed, undecided } = groups;
  return {
    refused: refused.list(),
    allowed: allowed.list(),
    undecided: undecided.list(),
    same,
    others,
  };
}

function changeOf(
  { row, call }: Recorded,
  policy: Policy,
  compartment: CompartmentPolicy | null,
  parts: ReplayParts,
): 'refused' | 'allowed' | 'undecided' | null {
  // What was refused for another reason would be again.
  if (row.verdict === 'deny' && !OF_POLICY.has(row.code ?? '')) return null;
  if (call === null) return row.verdict === 'allow' ? 'undecided' : null;
  const answer =
    compartment === null
      ? parts.rules(policy, call)
        ? 'allow'
        : 'refuse'
      : best(Object.values(compartment.powers).map((power) => parts.power(power, call)));
  if (answer === 'unknown') return 'undecided';
  if (row.verdict === 'allow') return answer === 'refuse' ? 'refused' : null;
  return answer === 'allow' ? 'allowed' : null;
}

function best(answers: readonly Answer[]): Answer {
  if (answers.includes('allow')) return 'allow';
  return answers.includes('unknown') ? 'unknown' : 'refuse';
}

class Lines {
  readonly #lines = new Map<string, ReplayLine>();

  add(who: string, { row, text }: Recorded): void {
    const key = JSON.stringify([who, text]);
    const known = this.#lines.get(key) ?? { who, call: text, count: 0, last: 0 };
    const last = Math.max(known.last, row.time);
    this.#lines.set(key, { ...known, count: known.count + 1, last });
  }

  /** The most frequent first. */
  list(): readonly ReplayLine[] {
    return [...this.#lines.values()].sort(
      (a, b) =>
        b.count - a.count ||
        (a.who + a.call < b.who + b.call ? -1 : a.who + a.call > b.who + b.call ? 1 : 0),
    );
  }
}
