import type { FromFetcher } from '../egress/fetch/protocol.ts';
import type { EndSignal } from '../ocap/live.ts';
import type { FetchAnswer } from '../powers/http/fetcher.ts';
import { PowerboxError } from '../wire/errors.ts';

/** A request whose answer is on its way. */
export interface Pending {
  readonly head: Promise<FetchAnswer>;
  receive(message: FromFetcher): void;
  fail(error: unknown): void;
}

export interface PendingOptions {
  readonly signal: EndSignal;
  /** Told of bytes that the reader took, so that more may come. */
  taken(bytes: number): void;
  /** Called once; `isWhole` is false when the rest of the answer is not wanted any more. */
  over(isWhole: boolean): void;
}

/** Joins the messages of one answer to what a reader takes piece by piece. */
export function pendingAnswer({ signal, taken, over }: PendingOptions): Pending {
  const chunks: Uint8Array[] = [];
  let state: 'going' | 'whole' | 'failed' = 'going';
  let failure: unknown;
  let wake: (() => void) | null = null;
  let settle: { done(answer: FetchAnswer): void; fail(error: unknown): void } | null = null;
  const head = new Promise<FetchAnswer>((done, fail) => {
    settle = { done, fail };
  });
  head.catch(() => {});
  const aborted = (): void => end('failed', false, signal.reason);
  signal.addEventListener('abort', aborted, { once: true });

  function end(next: 'whole' | 'failed', isWhole: boolean, error?: unknown): void {
    if (state !== 'going') return;
    state = next;
    failure = error;
    signal.removeEventListener('abort', aborted);
    settle?.fail(error);
    over(isWhole);
    wake?.();
  }

  async function* body(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined && state !== 'failed') {
        taken(chunk.length);
        yield chunk;
      } else if (state === 'failed') {
        throw failure;
      } else if (state === 'whole') {
        return;
      } else {
        await new Promise<void>((next) => {
          wake = next;
        });
        wake = null;
      }
    }
  }

  const cancel = (): void =>
    end('failed', false, new PowerboxError('reference-closed', 'The answer is closed.'));

  return {
    head,
    receive(message) {
      if (state !== 'going') return;
      switch (message.type) {
        case 'head': {
          const { status, headers } = message;
          settle?.done({ status, headers, body: body(), cancel });
          break;
        }
        case 'chunk':
          chunks.push(message.bytes);
          wake?.();
          break;
        case 'end':
          end('whole', true);
          break;
        case 'failed':
          end('failed', true, new PowerboxError(message.code, message.reason));
          break;
      }
    },
    fail: (error) => end('failed', true, error),
  };
}
