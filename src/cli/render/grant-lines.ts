import type { GrantInfo, VerdictInfo } from '../../wire/doors.ts';
import { type Paint, painter } from './colour.ts';
import { visible } from './text.ts';
import { localTime } from './time.ts';

/** One grant in full: what it is, then what narrows it. Whatever a guest wrote is escaped. */
export function grantLines(grant: GrantInfo, colour: boolean): readonly string[] {
  const paint = painter(colour);
  const names = grant.names.length === 0 ? '' : ` as ${grant.names.join(', ')}`;
  return [
    `${grant.id}  ${visible(grant.text)}  ${visible(`${grant.from} to ${grant.to}${names}`)}  ${stateOf(grant.valid, paint)}`,
    ...detailsOf(grant).map((detail) => `  ${visible(detail)}`),
  ];
}

/** `valid`, or how it ended. */
export function stateOf(valid: VerdictInfo, paint: Paint): string {
  return valid.allow ? paint('green', 'valid') : paint('red', visible(endOf(valid)));
}

function endOf({ code, reason }: Exclude<VerdictInfo, { readonly allow: true }>): string {
  return `${code}: ${reason}`;
}

function detailsOf(grant: GrantInfo): readonly string[] {
  return [
    ...grant.only.map((rule) => `only ${rule}`),
    ...(grant.budget.length === 0 ? [] : [`budget ${budgetText(grant)}`]),
    ...(grant.begins === null ? [] : [`from ${localTime(grant.begins)}`]),
    ...(grant.expires === null ? [] : [`until ${localTime(grant.expires)}`]),
    ...(grant.approval === 'none' ? [] : [`approve ${grant.approval}`]),
    ...(grant.delegable ? [] : ['may not be granted on']),
    ...(grant.reason === '' ? [] : [`because ${grant.reason}`]),
  ];
}

/** `uses 3 of 10, rate=5/minute`. */
export function budgetText({ budget, spent }: Pick<GrantInfo, 'budget' | 'spent'>): string {
  return budget.map((part) => spentOf(part, spent)).join(', ');
}

function spentOf(part: string, spent: GrantInfo['spent']): string {
  const [measure = '', limit = ''] = part.split('=');
  if (measure === 'uses' || measure === 'bytes' || measure === 'tokens') {
    return `${measure} ${spent[measure] ?? 0} of ${limit}`;
  }
  if (measure === 'usd') return `usd ${(spent.microdollars ?? 0) / 1e6} of ${limit}`;
  return part;
}

/** What narrows a grant, in one cell of a table. */
export function grantSummary(grant: GrantInfo): string {
  return detailsOf(grant).join('; ');
}
