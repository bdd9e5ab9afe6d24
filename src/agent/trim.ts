import type { AgentMessage } from '../wire/runner.ts';
import { CONVERSATION_CHARS_MAX } from './limits.ts';

/**
 * The conversation without its oldest messages, when it is too long: whole steps only, so that no
 * result is left without its call, and never the last task.
 */
export function trimmed(
  messages: readonly AgentMessage[],
  charsMax: number = CONVERSATION_CHARS_MAX,
): readonly AgentMessage[] {
  const sizes = messages.map((message) => JSON.stringify(message).length);
  let size = sizes.reduce((sum, one) => sum + one, 0);
  if (size <= charsMax) return messages;
  const lastTask = messages.findLastIndex(({ role }) => role === 'user');
  const gone = new Set<number>();
  for (let index = 0; index < messages.length && size > charsMax; index += 1) {
    if (index === lastTask) continue;
    gone.add(index);
    size -= sizes[index] as number;
    // A call goes with its results.
    while (messages[index + 1]?.role === 'tool') {
      index += 1;
      gone.add(index);
      size -= sizes[index] as number;
    }
  }
  return messages.filter((_, index) => !gone.has(index));
}
