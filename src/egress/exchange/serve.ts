import { type Connection, targetOf } from '../connection.ts';
import { guide, isGuide } from '../guide.ts';
import { SHARE_OF_REQUEST } from '../limits.ts';
import type { Refusal } from '../refusal.ts';
import { refuseConnection } from '../refuse-connection.ts';
import { displayOrigin, type Target } from '../target.ts';
import { useHttp } from '../use.ts';
import { type Caller, goneSignal } from './caller.ts';
import { forward } from './exchange.ts';
import { explainFailure } from './failure.ts';
import { makeBodyReader } from './read-body.ts';
import type { HeadResult, RequestHead } from './request-head.ts';

/**
 * One request of a box, from its checked head to the last byte of its answer, in whatever protocol
 * it came. Never rejects: what goes wrong is a refusal.
 */
export async function serve(
  connection: Connection,
  read: HeadResult,
  caller: Caller,
): Promise<void> {
  const { box } = connection;
  try {
    const admitted = admit(connection, read, (refusal) => caller.refuse(refusal, null));
    if (admitted === null) return;
    const { head, target } = admitted;
    if (isGuide(target)) {
      caller.goOn();
      await guide(box, target, head, caller);
      return;
    }
    await new Promise<void>((done) => box.share.when(SHARE_OF_REQUEST, done));
    const reader = makeBodyReader(box, caller);
    const result = await useHttp(box, target, head, reader, () => goneSignal(caller));
    if (!result.ok) {
      caller.refuse(result, askFor(result, head, target));
      return;
    }
    caller.goOn();
    forward(box, target, result.use, caller);
  } catch (error) {
    caller.refuse(explainFailure(error), null);
  }
}

/** The head of a request and its one target; null when it has none, and was refused. */
export function admit(
  connection: Connection,
  read: HeadResult,
  refuse: (refusal: Refusal) => void,
): { readonly head: RequestHead; readonly target: Target } | null {
  if (!read.ok) {
    refuseConnection(connection, read, () => refuse(read));
    return null;
  }
  const frozen = targetOf(connection, read.head);
  if (!frozen.ok) {
    refuseConnection(connection, frozen, () => refuse(frozen));
    return null;
  }
  return { head: read.head, target: frozen.target };
}

/** The exact rule that would have allowed the request, for the sentence that says how to ask. */
export function askFor(refusal: Refusal, head: RequestHead, target: Target): string | null {
  switch (refusal.code) {
    case 'not-granted':
    case 'method-not-granted':
    case 'path-not-granted':
    case 'grant-revoked':
    case 'grant-expired':
    case 'budget-spent':
      return `${head.method} ${displayOrigin(target)}${head.path.path}`;
    default:
      return null;
  }
}
