/**
 * The fetching process: sends what the daemon's http powers were asked for, so that no answer of a
 * server is parsed where grants, the vault and the journal are. It is told the one secret that a
 * request needs, with the request, over the IPC pipe, and dies with its parent.
 */
import { withholdMemory } from '../../store/withhold-memory.ts';
import { makeUpstreams } from '../upstream/pools.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import type { FromFetcher, ToFetcher } from './protocol.ts';

function main(): void {
  withholdMemory();
  const upstreams = makeUpstreams();
  const going = new Map<number, Exchange>();
  const tell = (message: FromFetcher): void => {
    process.send?.(message, undefined, undefined, () => {});
  };
  process.on('message', (message: ToFetcher) => {
    const { id } = message;
    switch (message.type) {
      case 'fetch': {
        let isOver = false;
        const exchange = beginExchange(id, message.job, upstreams, tell, () => {
          isOver = true;
          going.delete(id);
        });
        if (!isOver) going.set(id, exchange);
        break;
      }
      case 'taken':
        going.get(id)?.taken(message.bytes);
        break;
      case 'cancel':
        going.get(id)?.cancel();
        break;
    }
  });
  process.on('disconnect', () => process.exit(0));
}

main();
