import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mitmproxy } from './adapters/mitmproxy.ts';
import { none } from './adapters/none.ts';
import { powerbox } from './adapters/powerbox.ts';
import { srt } from './adapters/srt.ts';
import { CASES } from './cases/all.ts';
import { judgeTarget } from './judge-target.ts';
import { type Column, detailsOf, tableOf } from './report.ts';
import { makeCertificates } from './services/services.ts';
import { openStage } from './stage.ts';
import type { Adapter } from './types.ts';

const [root = '', ...words] = process.argv.slice(2);
const USAGE =
  'npm run conformance -- [--target powerbox|srt|mitmproxy|none]… [--only 1,25] [--json] [--why] [--write]';

const PAGE = join(root, 'docs/conformance.md');
const BEGIN = '<!-- table -->';
const END = '<!-- end of table -->';

process.exitCode = await main();

function asked(): { targets: string[]; only: number[] | null; flags: Set<string> } | null {
  try {
    const { values } = parseArgs({
      args: words,
      options: {
        target: { type: 'string', multiple: true, default: [] },
        only: { type: 'string' },
        json: { type: 'boolean' },
        why: { type: 'boolean' },
        write: { type: 'boolean' },
      },
    });
    const only = values.only?.split(',').map(Number) ?? null;
    const isKnown = (number: number): boolean => CASES.some((one) => one.number === number);
    if (only !== null && !only.every(isKnown)) return null;
    return {
      targets: values.target.flatMap((text) => text.split(',')),
      only,
      flags: new Set(Object.keys(values)),
    };
  } catch {
    return null;
  }
}

async function main(): Promise<number> {
  const known: readonly Adapter[] = [powerbox(root), srt(root), mitmproxy(root), none];
  const wish = asked();
  if (wish === null || !wish.targets.every((name) => known.some((one) => one.name === name))) {
    console.error(USAGE);
    return 64;
  }
  const { targets, only, flags } = wish;
  const chosen = known.filter(({ name }) => targets.length === 0 || targets.includes(name));
  const certificates = makeCertificates();
  const stage = await openStage(root, certificates.issuer.certificate);
  const columns: Column[] = [];
  try {
    for (const adapter of chosen) {
      const version = adapter.version();
      if (version === null) console.error(`${adapter.name} is left out: ${adapter.missing}`);
      else {
        const cells = await judgeTarget(adapter, stage, certificates, only);
        columns.push({ name: adapter.name, version, cells });
      }
    }
  } finally {
    stage.close();
  }
  console.log(flags.has('json') ? JSON.stringify(columns) : tableOf(columns));
  if (flags.has('why')) console.error(detailsOf(columns));
  if (columns.length < chosen.length) return 1;
  if (flags.has('write') && only === null && targets.length === 0) write(tableOf(columns));
  return 0;
}

/** Puts the table into the page, between its marks. */
function write(table: string): void {
  const text = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}
