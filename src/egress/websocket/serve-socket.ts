import type { Connection } from '../connection.ts';
import { goneSignal } from '../exchange/caller.ts';
import { explainFailure } from '../exchange/failure.ts';
import { type HeadResult, malformed } from '../exchange/request-head.ts';
import { admit, askFor } from '../exchange/serve.ts';
import { useHttp } from '../use.ts';
import { forwardSocket } from './exchange.ts';
import { faultOfHandshake } from './handshake.ts';
import type { SocketCaller } from './socket-caller.ts';

/**
 * One WebSocket of a box, from its checked head to its end, in whatever protocol it came. Never
 * rejects: what goes wrong is a refusal.
 */
export async function serveSocket(
  connection: Connection,
  read: HeadResult,
  caller: SocketCaller,
): Promise<void> {
  const { box } = connection;
  try {
    const admitted = admit(connection, checked(read, caller), (refusal) =>
      caller.refuse(refusal, null),
    );
    if (admitted === null) return;
    const { head, target } = admitted;
    const result = await useHttp(box, target, head, null, () => goneSignal(caller));
    if (result.ok) forwardSocket(box, target, result.use, caller);
    else caller.refuse(result, askFor(result, head, target));
  } catch (error) {
    caller.refuse(explainFailure(error), null);
  }
}

function checked(read: HeadResult, { protocol }: SocketCaller): HeadResult {
  if (!read.ok) return read;
  const fault = faultOfHandshake(read.head.headers, protocol);
  return fault === null ? read : malformed(fault);
}
