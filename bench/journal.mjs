// Cost of the journal: opening it, appending one row with its HMAC and head, and verifying.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '../dist/journal/journal.js';
import { verifyJournal } from '../dist/journal/verify.js';
import { openHome } from '../dist/store/home.js';
import { printTable, quantile, summary } from './support/report.mjs';

const ENTRY = {
  kind: 'request',
  box: 'bx-bench',
  method: 'GET',
  url: 'https://api.example.com/v1/things?key&page',
  verdict: 'allow',
  rule: 'GET https://api.example.com/**',
  secrets: ['API_KEY'],
};
/** Rows of one transaction, as a busy turn of the egress writes them. */
const BATCH = 32;

export async function measure({ quick }) {
  const rows = quick ? 4000 : 20_000;
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  try {
    const home = openHome({ POWERBOX_HOME: root });
    const key = Buffer.alloc(32, 1);
    const first = timed(() => openJournal(home, key));
    first.result.append(ENTRY);
    first.result.close();
    const again = timed(() => openJournal(home, key));
    const journal = again.result;
    const batch = Array.from({ length: BATCH }, () => ENTRY);
    const one = [];
    const many = [];
    // In turns: a row by itself, then as one of a batch.
    for (let row = 0; row < rows; row += 1 + BATCH) {
      one.push(timed(() => journal.append(ENTRY)).ms * 1000);
      many.push((timed(() => journal.appendMany(batch)).ms * 1000) / BATCH);
    }
    journal.close();
    const verify = timed(() => verifyJournal(home, key));
    return report(rows, first.ms, again.ms, one, many, verify.ms);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function report(rows, openFirstMs, openAgainMs, one, many, verifyMs) {
  const us = (values) => ({ ...summary(values), p99: quantile(values, 0.99) });
  const results = {
    rows,
    openFirstMs,
    openAgainMs,
    appendUs: us(one),
    appendOfBatchUs: us(many),
    verifyUsEach: (verifyMs * 1000) / rows,
  };
  const { appendUs, appendOfBatchUs } = results;
  printTable(
    `journal: ${rows} rows`,
    ['', 'median', 'p99'],
    [
      ['open, first in the process', `${openFirstMs.toFixed(2)} ms`, ''],
      ['open, again', `${openAgainMs.toFixed(2)} ms`, ''],
      ['append a row', `${appendUs.median.toFixed(1)} us`, `${appendUs.p99.toFixed(1)} us`],
      [
        `append a row of ${BATCH}`,
        `${appendOfBatchUs.median.toFixed(1)} us`,
        `${appendOfBatchUs.p99.toFixed(1)} us`,
      ],
      ['verify a row', `${results.verifyUsEach.toFixed(1)} us`, ''],
    ],
  );
  return results;
}

function timed(work) {
  const start = performance.now();
  const result = work();
  return { ms: performance.now() - start, result };
}
