import type { Socket as UdpSocket } from 'node:dgram';
import type { Socket } from 'node:net';
import { answerQuery } from './dns/answer.ts';
import { frameMessage, makeFrameReader } from './dns/stream-frames.ts';
import type { VirtualNames } from './dns/virtual-names.ts';
import { DNS_QUERIES_PER_STREAM_MAX, FIRST_BYTES_MS_MAX } from './limits.ts';

/**
 * Answers the box's own resolver. Every name has a virtual address, whether or not it may be
 * reached: a refusal explains itself better than a name that does not exist. No query leaves.
 */
export function serveDnsSocket(socket: UdpSocket, names: VirtualNames): void {
  let closed = false;
  socket.once('close', () => {
    closed = true;
  });
  socket.on('error', () => {});
  socket.on('message', (query, from) => {
    const answer = answerQuery(query, names);
    if (answer === null) return;
    names.whenKept(() => {
      // The box may have ended meanwhile.
      if (!closed) socket.send(answer, from.port, from.address, () => {});
    });
  });
}

/** The same over TCP (RFC 7766), for a bounded number of questions. */
export function serveDnsStream(socket: Socket, names: VirtualNames): void {
  const reader = makeFrameReader();
  let left = DNS_QUERIES_PER_STREAM_MAX;
  socket.setTimeout(FIRST_BYTES_MS_MAX, () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    for (const query of reader.push(chunk)) {
      const answer = left > 0 ? answerQuery(query, names) : null;
      left -= 1;
      if (answer === null) {
        socket.destroy();
        return;
      }
      names.whenKept(() => {
        if (!socket.destroyed) socket.write(frameMessage(answer));
      });
    }
  });
}
