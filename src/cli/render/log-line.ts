import type { JournalRecord, RequestRecord } from '../../journal/record.ts';
import { type Colour, type Paint, painter } from './colour.ts';
import { kernelDetails, kernelVerdict } from './kernel-line.ts';
import { bytes } from './table.ts';
import { visible } from './text.ts';
import { duration, localTime } from './time.ts';

/** Columns of a box name and a verdict; longer ones push the rest to the right. */
const BOX_COLUMNS = 14;
const VERDICT_COLUMNS = 5;

/** What a principal is called; its id where it has no name. */
export type NameOf = (principal: string) => string;

/** One line for one record. Whatever a box wrote is escaped. */
export function logLine(
  record: JournalRecord,
  colour: boolean,
  nameOf: NameOf = (principal) => principal,
): string {
  const paint = painter(colour);
  const [verdict, tone] = verdictOf(record);
  return [
    paint('dim', localTime(record.time)),
    visible(whoOf(record, nameOf)).padEnd(BOX_COLUMNS),
    paint(tone, verdict.padEnd(VERDICT_COLUMNS)),
    ...detailsOf(record, paint, nameOf),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** The box, or the principal that did it. */
function whoOf(record: JournalRecord, nameOf: NameOf): string {
  if ('box' in record) return record.box;
  if ('guest' in record) return nameOf(record.guest);
  return nameOf('from' in record ? record.from : record.by);
}

function verdictOf(record: JournalRecord): readonly [string, Colour] {
  switch (record.kind) {
    case 'request':
    case 'connection':
    case 'use':
      return record.verdict === 'allow' ? ['allow', 'green'] : ['deny', 'red'];
    case 'note':
      return ['note', 'yellow'];
    case 'box-start':
      return ['start', 'blue'];
    case 'box-end':
      return ['end', 'blue'];
    default:
      return kernelVerdict(record);
  }
}

function detailsOf(record: JournalRecord, paint: Paint, nameOf: NameOf): readonly string[] {
  switch (record.kind) {
    case 'request':
      return requestDetails(record, paint);
    case 'connection':
      return [visible(record.target), paint('red', visible(`${record.code}: ${record.reason}`))];
    case 'note':
      return [visible(`${record.note}: ${record.text}`)];
    case 'box-start':
      return [
        visible(record.program.join(' ')),
        paint('dim', visible(`rules: ${record.rules.join('; ') || 'none'}`)),
        secretsOf(record.secrets),
      ];
    case 'box-end': {
      const status = record.status === null ? 'status unknown' : `status ${record.status}`;
      return [record.reason, status, duration(record.durationMs)];
    }
    default:
      return kernelDetails(record, paint, nameOf);
  }
}

function requestDetails(record: RequestRecord, paint: Paint): readonly string[] {
  return [
    paint('bold', visible(record.method)),
    visible(record.url),
    record.verdict === 'allow'
      ? paint('dim', visible(`by ${record.rule ?? ''}`))
      : paint('red', visible(`${record.code ?? ''}: ${record.reason ?? ''}`)),
    secretsOf(record.secrets),
    outcomeOf(record),
  ];
}

function outcomeOf(record: RequestRecord): string {
  if (record.status === undefined) return record.verdict === 'allow' ? 'no answer yet' : '';
  const parts = [
    record.status === null ? 'no answer' : String(record.status),
    `${bytes(record.bytesOut ?? 0)} out`,
    `${bytes(record.bytesIn ?? 0)} in`,
    duration(record.durationMs ?? 0),
  ];
  if (record.scrubbed) parts.push(`${record.scrubbed} scrubbed`);
  if (record.ended !== undefined) parts.push(record.ended);
  return parts.join(' ');
}

function secretsOf(names: readonly string[]): string {
  return names.length === 0 ? '' : visible(`secrets: ${names.join(', ')}`);
}
