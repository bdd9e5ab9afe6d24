import type { UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpHeader } from './call.ts';
import type { FetchAnswer } from './fetcher.ts';
import { READ_BYTES_MAX } from './limits.ts';

type Use = Pick<UseContext, 'signal' | 'spend'>;

/**
 * An answer as its holder reads it: bytes are spent before they are given, the grant's limit is
 * kept, and the upstream waits while nobody reads.
 */
export class AnswerReader {
  readonly #answer: FetchAnswer;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number | null;
  readonly #closed: () => void;
  #left: Uint8Array = new Uint8Array();
  #bytes = 0;
  #reading = false;
  #over: 'no' | 'read' | 'closed' = 'no';

  constructor(answer: FetchAnswer, bytesMax: number | null, closed: () => void) {
    this.#answer = answer;
    this.#iterator = answer.body[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
    this.#closed = closed;
  }

  get head(): { readonly status: number; readonly headers: readonly HttpHeader[] } {
    const { status, headers } = this.#answer;
    return { status, headers };
  }

  /** The next bytes, at least one; null at the end. */
  async next(maxBytes: number | undefined, use: Use): Promise<Uint8Array | null> {
    return await this.#alone(use, () => this.#next(maxBytes ?? READ_BYTES_MAX, use));
  }

  /** All that is left. Throws `limit-exceeded` when that is more than `bytesMax`. */
  async rest(bytesMax: number, use: Use): Promise<Uint8Array> {
    return await this.#alone(use, async () => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      for (;;) {
        const chunk = await this.#next(READ_BYTES_MAX, use);
        if (chunk === null) return joined(chunks, length);
        chunks.push(chunk);
        length += chunk.length;
        if (length > bytesMax) {
          throw new PowerboxError(
            'limit-exceeded',
            `The answer has more than ${bytesMax} bytes, too many to be given at once.`,
            { hint: 'Call open, and read the answer in pieces.' },
          );
        }
      }
    });
  }

  close(): void {
    if (this.#over !== 'closed') {
      this.#over = 'closed';
      this.#left = new Uint8Array();
      this.#answer.cancel();
    }
    this.#closed();
  }

  async #next(maxBytes: number, use: Use): Promise<Uint8Array | null> {
    while (this.#left.length === 0) {
      if (this.#over !== 'no') return null;
      const step = await this.#iterator.next();
      if (step.done === true) {
        this.#over = 'read';
        this.#closed();
        return null;
      }
      this.#bytes += step.value.length;
      if (this.#bytesMax !== null && this.#bytes > this.#bytesMax) {
        throw new PowerboxError(
          'narrowing-refused',
          `The answer was cut: the grant allows ${this.#bytesMax} bytes.`,
        );
      }
      use.spend({ bytes: step.value.length });
      this.#left = step.value;
    }
    const given = this.#left.slice(0, maxBytes);
    this.#left = this.#left.subarray(given.length);
    return given;
  }

  /** One read at a time; a read that fails or is cut ends the answer. */
  async #alone<T>(use: Use, read: () => Promise<T>): Promise<T> {
    if (this.#over === 'closed') {
      throw new PowerboxError('reference-closed', 'The answer is closed.');
    }
    if (this.#reading) throw new PowerboxError('call-invalid', 'The answer is being read already.');
    const cut = (): void => this.close();
    this.#reading = true;
    use.signal.addEventListener('abort', cut, { once: true });
    try {
      if (use.signal.aborted) throw use.signal.reason;
      return await read();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      this.#reading = false;
      use.signal.removeEventListener('abort', cut);
    }
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
