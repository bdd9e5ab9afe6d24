import { closeSync, constants, openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A path that a socket can be bound to and connected to, good until it is closed. */
export interface SocketAddress {
  readonly path: string;
  close(): void;
}

/** Bytes that the kernel takes of a socket's path (unix(7): 108 with the final zero). */
const SOCKET_PATH_BYTES_MAX = 107;

/** A home may lie deep: a socket in one is reached through a descriptor of its folder. */
export function socketAddress(path: string): SocketAddress {
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return { path, close() {} };
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  let open = true;
  return {
    path: `/proc/self/fd/${folder}/${basename(path)}`,
    close() {
      if (open) closeSync(folder);
      open = false;
    },
  };
}
