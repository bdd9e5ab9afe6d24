import type { FetchJob } from '../egress/fetch/protocol.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { LinkSecret } from '../wire/link.ts';
import type { Pending } from './fetch-answer.ts';

/** The answers that are on their way, and what their requests brought. */
export interface GoingFetches {
  begin(id: number, pending: Pending, credential: FetchJob['credential']): void;
  of(id: number): Pending | undefined;
  over(id: number): void;
  failAll(error: PowerboxError): void;
  /** Names of the secrets that they brought. */
  names(): ReadonlySet<string>;
  /**
   * Ends those that brought another value of this secret. An answer is searched for the value that
   * its request brought; a server can keep the next one, which other requests bring, and tell it in
   * an answer that still goes on.
   */
  cutFormer(secret: LinkSecret): void;
}

/** `cut` tells the fetching process that the rest of an answer is not wanted. */
export function makeGoingFetches(cut: (id: number) => void): GoingFetches {
  const going = new Map<number, { pending: Pending; credential: FetchJob['credential'] }>();
  return {
    begin: (id, pending, credential) => void going.set(id, { pending, credential }),
    of: (id) => going.get(id)?.pending,
    over: (id) => void going.delete(id),
    failAll(error) {
      for (const { pending } of [...going.values()]) pending.fail(error);
    },
    names: () => new Set([...going.values()].flatMap(({ credential }) => credential?.name ?? [])),
    cutFormer({ name, value }) {
      for (const [id, { pending, credential }] of [...going]) {
        if (credential?.name !== name || credential.value === value) continue;
        const reason = `The answer was cut: ${name} has another value since it began.`;
        pending.fail(new PowerboxError('response-unscrubbable', reason));
        cut(id);
      }
    },
  };
}
