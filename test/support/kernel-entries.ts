import type {
  DoneEntry,
  GrantEntry,
  JournalEntry,
  MailEntry,
  UseEntry,
} from '../../src/wire/journal-entry.ts';

/** Rows of the kernel for tests of the journal; every field can be said. */

export function useEntry(fields: Partial<UseEntry> = {}): UseEntry {
  return {
    kind: 'use',
    guest: 'gu-a',
    grant: 'gr-a',
    chain: ['gr-root', 'gr-a'],
    power: 'files',
    call: 'read notes.txt',
    effect: 'read',
    verdict: 'allow',
    ...fields,
  };
}

export function doneEntry(of: number, fields: Partial<DoneEntry> = {}): DoneEntry {
  return { kind: 'done', guest: 'gu-a', of, durationMs: 3, ...fields };
}

export function grantEntryRow(fields: Partial<GrantEntry> = {}): GrantEntry {
  return {
    kind: 'grant',
    grant: 'gr-a',
    from: 'host',
    to: 'gu-a',
    chain: ['gr-root', 'gr-a'],
    power: 'files',
    only: [],
    budget: null,
    expires: null,
    approval: 'none',
    reason: '',
    ...fields,
  };
}

export function mailEntry(fields: Partial<MailEntry> = {}): MailEntry {
  return {
    kind: 'mail',
    mail: 'ml-a',
    from: 'gu-a',
    to: 'host',
    what: 'request',
    text: '',
    ...fields,
  };
}

export function revokeEntry(what: 'grant' | 'guest', id: string, by = 'host'): JournalEntry {
  return { kind: 'revoke', by, what, id, grants: 1, reason: '' };
}

export function guestEntry(guest: string, state: 'added' | 'removed'): JournalEntry {
  return { kind: 'guest', guest, name: guest, state, reason: '' };
}
