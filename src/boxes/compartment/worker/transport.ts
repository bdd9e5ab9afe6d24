import { MESSAGE_BYTES_MAX } from './limits.ts';

const NEWLINE = 0x0a;

export interface Transport {
  send(text: string): void;
  receive(): Promise<string>;
  abort(): void;
}

/** As much of a socket as it needs. */
export interface Channel {
  on(event: 'data', work: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'error' | 'close', work: () => void): unknown;
  cork(): void;
  uncork(): void;
  write(text: string): unknown;
}

/**
 * Messages of capnweb over the channel: each one line of JSON. When the channel ends, `over` is
 * called: there is nobody left to work for.
 */
export function lineTransport(channel: Channel, over: () => void): Transport {
  const messages: string[] = [];
  let taker: ((message: string) => void) | undefined;
  let parts: Buffer[] = [];
  let held = 0;
  const take = (message: string): void => {
    if (message === '') return;
    if (taker === undefined) messages.push(message);
    else taker(message);
    taker = undefined;
  };
  const keep = (part: Buffer): void => {
    held += part.length;
    if (held > MESSAGE_BYTES_MAX) over();
    parts.push(part);
  };
  channel.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
      const tail = chunk.subarray(from, at);
      const line = parts.length === 0 ? tail : Buffer.concat([...parts, tail]);
      parts = [];
      held = 0;
      from = at + 1;
      take(line.toString('utf8'));
    }
    if (from < chunk.length) keep(chunk.subarray(from));
  });
  for (const event of ['end', 'error', 'close'] as const) channel.on(event, over);
  return {
    send: corked(channel),
    receive() {
      const message = messages.shift();
      if (message !== undefined) return Promise.resolve(message);
      return new Promise((resolve) => {
        taker = resolve;
      });
    },
    abort: over,
  };
}

/** What is said in one turn leaves in one write: most of the cost of a message is the write. */
function corked(channel: Channel): (text: string) => void {
  let isCorked = false;
  return (text) => {
    if (!isCorked) {
      isCorked = true;
      channel.cork();
      process.nextTick(() => {
        isCorked = false;
        channel.uncork();
      });
    }
    channel.write(`${text}\n`);
  };
}
