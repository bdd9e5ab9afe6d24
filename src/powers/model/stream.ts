import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { Provider } from './config.ts';
import type { Usage } from './cost.ts';
import { textOfEvent } from './dialect.ts';
import { eventReader } from './events.ts';
import type { Asked } from './live.ts';
import { type ProviderUsage, usageCounter } from './usage.ts';

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
  const source = openSource(provider, answer.body);
  let through = spend;
  let settled = false;
  let last: Promise<unknown> = Promise.resolve();

  function finish(): Usage {
    settled = true;
    answer.cancel();
    closed();
    return settle(source.usage(), source.bytes(), through);
  }

  async function next(): Promise<Piece> {
    const event = settled ? null : await source.next().catch(brokeOff);
    if (event !== null) {
      return { done: false, text: textOfEvent(provider, event), event, usage: null };
    }
    if (settled) throw new PowerboxError('reference-closed', 'The answer has come to its end.');
    return { done: true, text: '', event: null, usage: finish() };
  }

  function brokeOff(): never {
    if (!settled) finish();
    throw new PowerboxError('power-failed', `The answer of ${call.origin} broke off.`);
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
      try {
        finish();
      } catch {
        // The budget is spent; that is for the next call to hear.
      }
    },
  });
}

/** The events of an answer, and what has been counted so far. */
interface Source {
  /** Null at the end. Rejects when the answer breaks off. */
  next(): Promise<unknown>;
  usage(): ProviderUsage;
  bytes(): number;
}

function openSource(provider: Provider, body: AsyncIterable<Uint8Array>): Source {
  const chunks = body[Symbol.asyncIterator]();
  const events = eventReader(provider);
  const counter = usageCounter(provider);
  const waiting: unknown[] = [];
  let bytes = 0;
  let ended = false;
  return {
    async next() {
      while (waiting.length === 0 && !ended) {
        const { done, value } = await chunks.next();
        ended = done === true;
        if (!ended) bytes += value.length;
        for (const event of ended ? events.end() : events.push(value)) {
          counter.take(event);
          if (event !== null) waiting.push(event);
        }
      }
      return waiting.shift() ?? null;
    },
    usage: counter.usage,
    bytes: () => bytes,
  };
}
