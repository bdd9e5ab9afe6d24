// Cost of the kernel's durable state: one transaction of three spends, one grant, and opening the
// state of a host with 10,000 grants.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHome } from '../dist/store/home.js';
import { openKernelStore } from '../dist/store/kernel-database.js';
import { printTable, quantile, summary } from './support/report.mjs';

const GRANTS = 10_000;

export async function measure({ quick }) {
  const root = mkdtempSync(join(tmpdir(), 'powerbox-bench-'));
  try {
    const home = openHome({ POWERBOX_HOME: root });
    const store = openKernelStore(home);
    store.transaction(() => begin(store));
    const grantUs = times(GRANTS, (index) =>
      store.transaction(() => store.grants.insert(grant(index))),
    );
    const spendUs = times(quick ? 2_000 : 20_000, (index) =>
      store.transaction(() => {
        for (const id of [index % 500, 1, 0]) store.spent.add(`gr-${id}`, 'uses', 0, 1);
      }),
    );
    store.close();
    const openMs = times(quick ? 5 : 20, () => {
      const opened = openKernelStore(home);
      if (opened.grants.all().length !== GRANTS) throw new Error('Grants are missing.');
      opened.spent.all();
      opened.close();
    }).map((us) => us / 1_000);
    return report(grantUs, spendUs, openMs);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function begin(store) {
  const row = { created: 1, reason: '', box: null, removed: null };
  for (const id of ['host', 'gu-a']) store.principals.insert({ ...row, id, name: id });
  const power = { id: 'pw-a', kind: 'http', config: {}, text: '', secrets: [], created: 1 };
  store.powers.insert(power);
}

function grant(index) {
  return {
    id: `gr-${index}`,
    from: 'host',
    to: 'gu-a',
    power: 'pw-a',
    parent: index === 0 ? null : `gr-${(index - 1) >> 2}`,
    narrowing: { methods: ['GET'], paths: ['/repos/acme/**'] },
    budget: { uses: 100 },
    notBefore: null,
    expires: null,
    approval: 'none',
    delegable: true,
    reason: 'to read the issues',
    created: 1,
    revoked: null,
    box: null,
  };
}

/** Microseconds of each run. */
function times(count, work) {
  return Array.from({ length: count }, (_, index) => {
    const start = performance.now();
    work(index);
    return (performance.now() - start) * 1_000;
  });
}

function report(grantUs, spendUs, openMs) {
  const results = {
    grants: GRANTS,
    grantUs: { ...summary(grantUs), p99: quantile(grantUs, 0.99) },
    spendOfThreeUs: { ...summary(spendUs), p99: quantile(spendUs, 0.99) },
    openMs: summary(openMs),
  };
  const row = (name, { median, p99, max }) => [name, median.toFixed(1), (p99 ?? max).toFixed(1)];
  printTable(
    'The state: one transaction each',
    ['', 'median', 'p99'],
    [
      row('a grant, µs', results.grantUs),
      row('spends of a chain of three, µs', results.spendOfThreeUs),
      row(`open with ${GRANTS} grants, ms`, results.openMs),
    ],
  );
  return results;
}
