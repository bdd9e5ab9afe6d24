import type { SubAgentEnd, SubAgentWords } from '../../agent/powerbox-words.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { AGENT_DEPTH_MAX, SUB_AGENTS_MAX, SUB_AGENTS_PER_RUN_MAX } from './limits.ts';
import type { Run } from './run.ts';

export interface SubAgentParts {
  /** Of the agent that asks. */
  readonly run: Run;
  /** Makes the guest with its grants, and begins its run below `run`. */
  start(words: SubAgentWords): Promise<Run>;
  /** Its last words. */
  answerOf(run: Run): string;
  /** Ends the guest and all that it was given. */
  remove(run: Run): Promise<void>;
}

/**
 * Agents of an agent: guests to which it grants parts of what it holds, its model's budget among
 * them. Each lives as long as its task.
 */
export function subAgentMethod(
  parts: SubAgentParts,
): (words: SubAgentWords) => Promise<SubAgentEnd> {
  const { run } = parts;
  return async (words) => {
    check(run);
    // Counted before anything is waited for: many may be asked for at once.
    run.subs.made += 1;
    run.subs.going += 1;
    try {
      return await runSub(parts, words);
    } finally {
      run.subs.going -= 1;
    }
  };
}

async function runSub(
  { run, start, answerOf, remove }: SubAgentParts,
  words: SubAgentWords,
): Promise<SubAgentEnd> {
  const sub = await start(words);
  try {
    const { why, reason } = await sub.ended;
    return { text: answerOf(sub), why, reason };
  } finally {
    run.below.delete(sub);
    await remove(sub);
  }
}

function check({ spec, subs }: Run): void {
  if (spec.depth >= AGENT_DEPTH_MAX) {
    throw limit(`an agent may be ${AGENT_DEPTH_MAX} deep below the host's at most`);
  }
  if (subs.going >= SUB_AGENTS_MAX) throw limit(`${SUB_AGENTS_MAX} at once are the most`);
  if (subs.made >= SUB_AGENTS_PER_RUN_MAX) {
    throw limit(`${SUB_AGENTS_PER_RUN_MAX} in a run are the most`);
  }
}

function limit(why: string): PowerboxError {
  return new PowerboxError('limit-exceeded', `Cannot make another agent: ${why}.`);
}
