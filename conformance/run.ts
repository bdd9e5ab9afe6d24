import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mitmproxy } from './adapters/mitmproxy.ts';
import { none } from './adapters/none.ts';
import { powerbox } from './adapters/powerbox.ts';
import { srt } from './adapters/srt.ts';
import { judgeTarget } from './judge-target.ts';
import { type Column, detailsOf, tableOf } from './report.ts';
import { makeCertificates } from './services/services.ts';
import { openStage } from './stage.ts';
import type { Adapter } from './types.ts';

const [root = '', ...words] = process.argv.slice(2);
const { values } = parseArgs({
  args: words,
  options: {
    target: { type: 'string', multiple: true, default: [] },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    why: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const PAGE = join(root, 'docs/conformance.md');
const BEGIN = '<!-- table -->';
const END = '<!-- end of table -->';

process.exitCode = await main();

async function main(): Promise<number> {
  const known: readonly Adapter[] = [powerbox(root), srt(root), mitmproxy(root), none];
  const wanted = values.target.flatMap((text) => text.split(','));
  const unknown = wanted.filter((name) => !known.some((one) => one.name === name));
  if (unknown.length > 0) {
    console.error(`--target is one of ${known.map(({ name }) => name).join(', ')}.`);
    return 64;
  }
  const chosen = known.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const only = values.only === undefined ? null : values.only.split(',').map(Number);
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
  console.log(values.json ? JSON.stringify(columns) : tableOf(columns));
  if (values.why) console.error(detailsOf(columns));
  if (values.write) write(tableOf(columns));
  return columns.length === chosen.length ? 0 : 1;
}

/** Puts the table into the page, between its marks. */
function write(table: string): void {
  const text = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1] ?? '';
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
}
