import { WebSocket } from 'ws';
import type { GuestDoor } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { clientOf, type DoorClient } from './client.ts';
import { MESSAGE_BYTES_MAX } from './limits.ts';
import { socketWire } from './socket-wire.ts';

/** A guest's door over the port of a daemon. Throws `daemon-unreachable`, `session-refused`. */
export async function connectGuest(port: number, token: string): Promise<DoorClient<GuestDoor>> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, {
    headers: { authorization: `Bearer ${token}` },
    maxPayload: MESSAGE_BYTES_MAX,
    perMessageDeflate: false,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_request, { statusCode }) => {
      socket.terminate();
      const message = `Cannot open a session at port ${port}: the token was refused (${statusCode}).`;
      reject(new PowerboxError('session-refused', message));
    });
    socket.once('error', (cause) => {
      const message = `Cannot reach a daemon at port ${port}.`;
      reject(new PowerboxError('daemon-unreachable', message, { cause }));
    });
  });
  return clientOf((events) => socketWire(socket, events));
}
