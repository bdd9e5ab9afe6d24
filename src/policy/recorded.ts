import type { HttpCall } from '../powers/http/call.ts';
import type { RequestEntry, UseEntry } from '../wire/journal-entry.ts';
import { formatOrigin } from './authority.ts';
import { readHttpWords } from './http-words.ts';
import { faultOfMethod } from './method.ts';
import type { Found, Need, Needs, Note } from './needs.ts';
import { compilePathPattern, matchPath } from './path-pattern.ts';
import { legible } from './quote.ts';
import { callOfDescription, callOfRequestRow, type RecordedCall } from './recorded-call.ts';

/** A row of the record that tells of a request or of uses. */
export type RecordedRow = (RequestEntry | UseEntry) & { readonly time: number };

/** What the record tells of one call. */
export interface Recorded {
  readonly row: RecordedRow;
  /** As people are shown it. */
  readonly text: string;
  /** Null when the record does not tell enough to judge it again. */
  readonly call: RecordedCall | null;
}

/** The calls of a row; uses of one moment share one. */
export function recordedCalls(row: RecordedRow): readonly Recorded[] {
  if (row.kind === 'request') {
    const text = `${row.method} ${row.url.replace(/\?.*$/s, '')}`;
    return [{ row, text, call: callOfRequestRow(row.method, row.url) }];
  }
  const calls = row.calls ?? [row.call];
  return calls.map((text) => ({ row, text, call: callOfDescription(text) }));
}

/**
 * What was really used, as needs. `powerOf` gives the words of the power that a grant is of, null
 * when the record no longer tells. Refused calls are no needs: they were not used.
 */
export function needsOfRecord(
  rows: readonly RecordedRow[],
  powerOf: (grant: string) => string | null,
): Needs {
  const found = new Map<string, Found>();
  const notes = new Map<string, Note>();
  for (const row of rows) {
    if (row.verdict !== 'allow' || (row.kind === 'request' && row.rule === OWN_PAGES)) continue;
    const power = row.kind === 'use' ? powerOf(row.grant) : null;
    for (const { text, call } of recordedCalls(row)) {
      const read = call === null ? null : needsOf(call, row, power);
      if (read === null) {
        const note = `used ${legible(text)}, which the record does not tell in full`;
        notes.set(note, { text: note, at: null });
      }
      for (const need of read ?? []) found.set(JSON.stringify(need), { need, at: null });
    }
  }
  return { found: [...found.values()], notes: [...notes.values()] };
}

/** The rule of what a box reads about itself; nobody gives it. */
export const OWN_PAGES = 'powerbox.internal';

function needsOf(
  recorded: RecordedCall,
  row: RecordedRow,
  power: string | null,
): readonly Need[] | null {
  if (recorded.kind === 'http') return httpNeeds(recorded.call, row, power);
  if (power === null) return null;
  if (recorded.kind === 'model') {
    const { model, method } = recorded.call;
    if (method === 'next') return [];
    if (model.includes('*')) return null;
    const only = `model=${/^[^\s",\\]+$/.test(model) ? model : JSON.stringify(model)}`;
    return [{ kind: 'use', of: 'model', as: nameOfPower(power), power, only }];
  }
  const needs = recorded.call.targets.flatMap(({ access, path }) =>
    (access === 'take' ? ['read', 'write'] : [access === 'write' ? 'write' : 'read']).map(
      (way): Need => ({
        kind: 'use',
        of: 'files',
        as: nameOfPower(power),
        power,
        only: `${way} ${path}`,
      }),
    ),
  );
  // As a pattern it would allow more than this one path.
  const plain = recorded.call.targets.every(({ path }) => !path.includes('*'));
  return plain ? needs : null;
}

function httpNeeds(call: HttpCall, row: RecordedRow, power: string | null): readonly Need[] | null {
  if (call.reads === true) return [];
  const origin = formatOrigin(call.scheme, call.host, call.port);
  // A word that is no method would be read as several, or as all.
  if (!isPattern(call.path) || faultOfMethod(call.method) !== null) return null;
  const words = power === null ? null : readHttpWords(power, [], () => false);
  const need: Need = {
    kind: 'http',
    as: null,
    origin,
    method: call.method,
    path: call.path,
    secret: words?.secret ?? null,
  };
  const secrets = row.kind === 'request' ? row.secrets : [];
  return [need, ...secrets.map((name): Need => ({ kind: 'secret', name }))];
}

/** Is it, as a pattern, this path and no other? */
function isPattern(path: string): boolean {
  if (/[*{}]/.test(path)) return false;
  const compiled = compilePathPattern(path);
  return compiled.ok && matchPath(compiled.pattern, path) === 'match';
}

/** `repo` for `files:/srv/repo:ro`, `openai` for `model:openai …`: a name that code can write. */
function nameOfPower(words: string): string {
  const [, kind = 'power', rest = ''] = /^([a-z][a-z0-9-]*):(.*)$/s.exec(words) ?? [];
  const last = rest.split(/[\s:]/)[0]?.split('/').filter(Boolean).at(-1) ?? kind;
  const name = last.replaceAll(/[^A-Za-z0-9_$]/g, '_').slice(0, 64);
  return /^[A-Za-z_$]/.test(name) ? name : `_${name}`.slice(0, 64);
}
