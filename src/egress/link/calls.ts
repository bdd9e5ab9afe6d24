import { PowerboxError } from '../../wire/errors.ts';
import { CALL_MS_MAX, CALLS_WAITING_MAX } from './limits.ts';

/** Calls that wait for their answers. */
export interface Calls {
  /** `send` is given the number of the call. */
  begin(send: (call: number) => void, signal?: AbortSignal): Promise<unknown>;
  done(call: number, value: unknown): void;
  fail(call: number, error: PowerboxError): void;
  failAll(error: PowerboxError): void;
}

interface Waiting {
  done(value: unknown): void;
  fail(error: PowerboxError): void;
}

export function makeCalls(): Calls {
  const waiting = new Map<number, Waiting>();
  let calls = 0;

  function take(call: number): Waiting | undefined {
    const found = waiting.get(call);
    waiting.delete(call);
    return found;
  }

  return {
    begin(send, signal) {
      if (waiting.size >= CALLS_WAITING_MAX) {
        const reason = 'Too many requests of the box wait for the daemon.';
        return Promise.reject(new PowerboxError('limit-exceeded', reason));
      }
      const call = calls++;
      send(call);
      return new Promise((done, fail) => {
        const give = (reason: string) =>
          take(call)?.fail(new PowerboxError('daemon-unreachable', reason));
        const late = setTimeout(() => give('The daemon did not answer in time.'), CALL_MS_MAX);
        const gone = () => give('The program in the box did not wait.');
        signal?.addEventListener('abort', gone, { once: true });
        const over = () => {
          clearTimeout(late);
          signal?.removeEventListener('abort', gone);
        };
        waiting.set(call, {
          done(value) {
            over();
            done(value);
          },
          fail(error) {
            over();
            fail(error);
          },
        });
        if (signal?.aborted === true) gone();
      });
    },
    done: (call, value) => take(call)?.done(value),
    fail: (call, error) => take(call)?.fail(error),
    failAll(error) {
      for (const call of [...waiting.keys()]) take(call)?.fail(error);
    },
  };
}
