import { createHash } from 'node:crypto';
import type { ProgramWords } from '../../wire/compartment.ts';
import type { ErrorCode } from '../../wire/errors.ts';
import type { CompartmentEntry } from '../../wire/journal-entry.ts';
import { FILE_CHARS_MAX, REASON_CHARS_MAX } from '../limits.ts';
import type { Holder } from './holder.ts';

/** Rows of the journal about one compartment. */

export function openedRow(id: string, holder: Holder): CompartmentEntry {
  const names = [...holder.powers.keys()];
  const holds = names.length === 0 ? 'holds nothing' : `holds ${names.join(', ')}`;
  return row(id, holder, 'opened', holds);
}

/** A source is known by its name and its digest; the record never holds it. */
export function evaluatedRow(
  id: string,
  holder: Holder,
  { code, file = '', modules = {} }: ProgramWords,
): CompartmentEntry {
  const name = file === '' ? 'code' : file.slice(0, FILE_CHARS_MAX);
  const names = Object.keys(modules).sort();
  const main = `${name} sha256 ${digestOf(code)}`;
  if (names.length === 0) return row(id, holder, 'evaluated', main);
  const all = JSON.stringify(names.map((one) => [one, digestOf(modules[one] ?? '')]));
  const others = `with ${names.length} modules sha256 ${digestOf(all)}`;
  return row(id, holder, 'evaluated', `${main}, ${others}`);
}

export function endedRow(
  id: string,
  holder: Holder,
  { message, code }: { readonly message: string; readonly code: ErrorCode },
): CompartmentEntry {
  return { ...row(id, holder, 'ended', message), code };
}

function row(
  id: string,
  { guest }: Holder,
  state: CompartmentEntry['state'],
  reason: string,
): CompartmentEntry {
  const common = { kind: 'compartment', guest: guest.id, compartment: id, state } as const;
  return { ...common, reason: reason.slice(0, REASON_CHARS_MAX) };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
