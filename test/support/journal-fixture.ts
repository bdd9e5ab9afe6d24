import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Home, openHome } from '../../src/store/home.ts';
import type { RequestEntry, ResponseEntry } from '../../src/wire/journal-entry.ts';

/** A home of its own, gone at `dispose`. */
export function temporaryHome(): { readonly home: Home; dispose(): void } {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-home-'));
  return {
    home: openHome({ POWERBOX_HOME: root }),
    dispose: () => rmSync(root, { recursive: true, force: true }),
  };
}

export const JOURNAL_KEY: Buffer = Buffer.alloc(32, 7);

export function requestEntry(fields: Partial<RequestEntry> = {}): RequestEntry {
  return {
    kind: 'request',
    box: 'amber-fox',
    method: 'GET',
    url: 'https://api.example.com/v1/things?key',
    verdict: 'allow',
    rule: 'GET https://api.example.com/**',
    secrets: ['API_KEY'],
    ...fields,
  };
}

export function responseEntry(of: number, fields: Partial<ResponseEntry> = {}): ResponseEntry {
  return {
    kind: 'response',
    box: 'amber-fox',
    of,
    status: 200,
    bytesOut: 120,
    bytesIn: 2048,
    durationMs: 14,
    scrubbed: 0,
    ...fields,
  };
}
