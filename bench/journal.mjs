// Cost of the journal: opening it, and appending one row with its HMAC and head.
// Usage: npm run setup && node bench/journal.mjs [ROWS]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../dist/journal/journal.js';
import { verifyJournal } from '../dist/journal/verify.js';
import { openHome } from '../dist/store/home.js';

const rows = Number(process.argv[2] ?? 20_000);
const root = mkdtempSync(join(tmpdir(), 'bench-journal-'));
const home = openHome({ POWERBOX_HOME: root });
const key = Buffer.alloc(32, 1);
const entry = {
  kind: 'request',
  box: 'amber-fox',
  method: 'GET',
  url: 'https://api.example.com/v1/things?key&page',
  verdict: 'allow',
  rule: 'GET https://api.example.com/**',
  secrets: ['API_KEY'],
};

const first = timed(() => openJournal(home, key));
first.result.append(entry);
first.result.close();
const again = timed(() => openJournal(home, key));
const journal = again.result;
const appends = Array.from({ length: rows }, () => timed(() => journal.append(entry)).ms * 1000);
journal.close();
appends.sort((a, b) => a - b);
const verify = timed(() => verifyJournal(home, key));
rmSync(root, { recursive: true });

console.log(`open, first in the process  ${first.ms.toFixed(2)} ms`);
console.log(`open, again                 ${again.ms.toFixed(2)} ms`);
console.log(`append, median              ${at(0.5)} µs`);
console.log(`append, p99                 ${at(0.99)} µs`);
console.log(`verify ${rows + 1} rows          ${verify.ms.toFixed(0)} ms`);

function at(share) {
  return appends[Math.floor(appends.length * share)]?.toFixed(1);
}

function timed(work) {
  const start = performance.now();
  const result = work();
  return { ms: performance.now() - start, result };
}
