import type { JournalRecord, UseRecord } from '../../journal/record.ts';
import type { Colour, Paint } from './colour.ts';
import { visible } from './text.ts';
import { duration } from './time.ts';

type KernelKind =
  | 'grant'
  | 'revoke'
  | 'use'
  | 'approval'
  | 'guest'
  | 'mail'
  | 'compartment'
  | 'console'
  | 'agent';
type KernelRecord = Extract<JournalRecord, { kind: KernelKind }>;

export function kernelVerdict(record: Exclude<KernelRecord, { kind: 'use' }>): [string, Colour] {
  switch (record.kind) {
    case 'grant':
      return ['grant', 'blue'];
    case 'revoke':
      return ['end', 'red'];
    case 'approval':
      return ['ask', 'yellow'];
    case 'guest':
      return ['guest', 'blue'];
    case 'mail':
      return ['mail', 'blue'];
    case 'compartment':
      return ['code', record.code === undefined ? 'blue' : 'red'];
    case 'console':
      return ['say', record.level === 'error' || record.level === 'warn' ? 'yellow' : 'blue'];
    case 'agent':
      return ['agent', 'blue'];
  }
}

/** What happened to powers, in words. What a guest wrote is escaped. */
export function kernelDetails(
  record: KernelRecord,
  paint: Paint,
  nameOf: (principal: string) => string,
): readonly string[] {
  switch (record.kind) {
    case 'grant': {
      const only = record.only.length === 0 ? '' : paint('dim', visible(record.only.join('; ')));
      return [
        visible(`${record.power} to ${nameOf(record.to)} as ${record.grant}`),
        only,
        because(record),
      ];
    }
    case 'revoke':
      return [
        visible(`${record.what} ${nameOf(record.id)}: ${record.grants} grants`),
        because(record),
      ];
    case 'use': {
      const words =
        record.verdict === 'allow'
          ? paint('dim', visible(`by ${record.grant}`))
          : paint('red', visible(`${record.code ?? ''}: ${record.reason ?? ''}`));
      return [visible((record.calls ?? [record.call]).join('; ')), words, outcomeOf(record)];
    }
    case 'approval':
      return [visible(`${record.approval} ${record.state}: ${record.call}`), because(record)];
    case 'guest':
      return [visible(`${record.name} ${record.state}`), because(record)];
    case 'mail':
      return [visible(`${record.what} ${record.mail} to ${nameOf(record.to)}: ${record.text}`)];
    case 'compartment':
      return [visible(`${record.compartment} ${record.state}`), because(record)];
    case 'console':
      return [visible(`${record.level}: ${record.text}`)];
    case 'agent':
      return [visible(`${record.state} with ${record.model}: ${record.reason}`)];
  }
}

function outcomeOf(record: UseRecord): string {
  if (record.durationMs === undefined) return record.verdict === 'allow' ? 'not over yet' : '';
  const spent = Object.entries(record.spent ?? {}).map(
    ([measure, amount]) => `${amount} ${measure}`,
  );
  const ended = record.ended === undefined ? [] : [record.ended];
  return visible([duration(record.durationMs), ...spent, ...ended].join(' '));
}

function because({ reason }: { readonly reason: string }): string {
  return reason === '' ? '' : visible(`(${reason})`);
}
