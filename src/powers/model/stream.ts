import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { Provider } from './config.ts';
import type { Usage } from './cost.ts';
import { textOfEvent } from './dialect.ts';
import { eventReader } from './events.ts';
import type { Asked } from './live.ts';
import { usageCounter } from './usage.ts';

/** One piece of an answer. */
interface Piece {
  readonly done: boolean;
  readonly text: string;
  /** As the provider sent it; null at the end. */
  readonly event: unknown;
  readonly usage: Usage | null;
}

/**
 * An answer as it arrives. Nothing is read ahead of the caller, so a slow one slows the provider.
 * Whatever ends it, what it used is spent once: closing early does not make it cheaper.
 */
export function openStream(
  provider: Provider,
  { call, answer, settle }: Asked,
  spend: UseContext['spend'],
  closed: () => void,
): Live {
  const source = answer.body[Symbol.asyncIterator]();
  const events = eventReader(provider);
  const counter = usageCounter(provider);
  const waiting: unknown[] = [];
  let through = spend;
  let bytes = 0;
  let ended = false;
  let settled = false;
  let last: Promise<unknown> = Promise.resolve();

  function finish(): Usage {
    settled = true;
    answer.cancel();
    closed();
    return settle(counter.usage(), bytes, through);
  }

  async function more(): Promise<void> {
    const { done, value } = await source.next();
    ended = done === true;
    if (!ended) bytes += value.length;
    const found = ended ? events.end() : events.push(value);
    for (const event of found) {
      counter.take(event);
      if (event !== null) waiting.push(event);
    }
  }

  async function next(): Promise<Piece> {
    while (waiting.length === 0 && !ended && !settled) {
      await more().catch(() => {
        ended = true;
        if (!settled) finish();
        throw new PowerboxError('power-failed', `The answer of ${call.origin} broke off.`);
      });
    }
    if (waiting.length > 0) {
      const event = waiting.shift();
      return { done: false, text: textOfEvent(provider, event), event, usage: null };
    }
    if (settled) throw new PowerboxError('reference-closed', 'The answer has come to its end.');
    return { done: true, text: '', event: null, usage: finish() };
  }

  const { body: _, ...at } = call;
  return live({
    facet: 'stream',
    at: { ...at, body: null },
    call(_method, _args, context) {
      through = context.spend;
      // One after the other, however many are asked for at once.
      const piece = last.then(next);
      last = piece.catch(() => undefined);
      return piece;
    },
    close() {
      if (settled) return;
      ended = true;
      waiting.length = 0;
      try {
        finish();
      } catch {
        // The budget is spent; that is for the next call to hear.
      }
    },
  });
}
