import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { RunHandle } from '../host/attend-box.ts';
import { boxFolder } from '../host/box-record.ts';
import { OUTPUT_BYTES_MAX } from '../host/limits.ts';
import type { Home } from '../store/home.ts';
import type { CliContext } from './context.ts';
import { isDetached } from './detached.ts';

/**
 * Starts the same command line again, in a session of its own, and waits until it has a box. Its
 * faults until then are shown as if they were this process's own.
 */
export async function startDetached(context: CliContext): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-'));
  const faults = openSync(join(folder, 'faults'), 'w', 0o600);
  const child = spawn(process.execPath, process.argv.slice(1), {
    env: { ...process.env, POWERBOX_DETACHED: '1' },
    cwd: context.cwd,
    detached: true,
    stdio: ['ignore', 'ignore', faults, 'ipc'],
  });
  const outcome = await new Promise<{ id: string } | { status: number }>((done) => {
    child.once('message', (message) => done(message as { id: string }));
    child.once('exit', (status) => done({ status: status ?? 70 }));
  });
  if ('id' in outcome) {
    context.out(outcome.id);
    child.disconnect();
    child.unref();
  } else {
    for (const line of readFileSync(join(folder, 'faults'), 'utf8').trimEnd().split('\n'))
      context.err(line);
    context.exit(outcome.status);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** In the detached process: tells the id, and keeps the box's output, up to a bound. */
export async function settleDetached(home: Home, handle: RunHandle): Promise<{ close(): void }> {
  if (!isDetached()) throw new Error('not detached');
  const file = createWriteStream(outputPath(home, handle.record.id), { mode: 0o600 });
  let kept = 0;
  const keep = (stream: Readable | null) =>
    stream?.on('data', (chunk: Buffer) => {
      if (kept >= OUTPUT_BYTES_MAX) return;
      kept += chunk.length;
      file.write(chunk);
      if (kept >= OUTPUT_BYTES_MAX)
        file.write('\n[powerbox: the rest of the output was not kept]\n');
    });
  keep(handle.stdout);
  keep(handle.stderr);
  process.send?.({ id: handle.record.id });
  return { close: () => file.end() };
}

export function outputPath(home: Home, id: string): string {
  return join(boxFolder(home, id), 'output.log');
}

export function hasOutput(home: Home, id: string): boolean {
  return existsSync(outputPath(home, id));
}
