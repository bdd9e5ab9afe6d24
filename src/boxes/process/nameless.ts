import { randomBytes } from 'node:crypto';
import { openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** An open file without a name that holds `bytes`, to be read from its start. The caller closes. */
export function nameless(folder: string, bytes: Uint8Array): number {
  const path = join(folder, `.powerbox-${randomBytes(12).toString('hex')}`);
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
  try {
    return openSync(path, 'r');
  } finally {
    unlinkSync(path);
  }
}
