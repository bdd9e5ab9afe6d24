import { WINDOW_BYTES } from '../../vault/limits.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import type { Refusal } from '../refusal.ts';
import type { Target } from '../target.ts';
import { asRefusal, type LeakGuard } from './guard.ts';

/** Why a head is refused. */
export interface HeadLeak extends Refusal {
  /** A value is in the host, the path or the query, which therefore are not for the record. */
  readonly inUrl: boolean;
}

/** Stands between the parts of a head; no value and no encoding has it. */
const BETWEEN = '\x01';

/** Searches the head as the box sent it, before any slot is filled; null where it holds no value. */
export function leakInHead(
  guard: LeakGuard,
  target: Target,
  { method, path, headers }: RequestHead,
): HeadLeak | null {
  const { watch } = guard;
  if (!watch.isActive) return null;
  let all = `${target.host.host}${BETWEEN}${path.path}${BETWEEN}${path.query}`;
  const url = all;
  for (const text of [method, ...headers]) if (text.length >= WINDOW_BYTES) all += BETWEEN + text;
  try {
    const found = watch.text(all);
    if (found === null) return null;
    const inUrl = watch.text(url) !== null;
    return { ...guard.refusal(found, placeOf(watch, target, { method, path, headers })), inUrl };
  } catch (error) {
    return { ...asRefusal(error), inUrl: true };
  }
}

/** In words; never what stands there. */
function placeOf(
  watch: LeakGuard['watch'],
  target: Target,
  { method, path, headers }: Pick<RequestHead, 'method' | 'path' | 'headers'>,
): string {
  if (watch.text(method) !== null) return 'the method';
  if (watch.text(target.host.host) !== null) return 'the host';
  if (watch.text(path.path) !== null) return 'the path';
  if (watch.text(path.query) !== null) return 'the query';
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string;
    if (watch.text(name) !== null) return 'the name of a header';
    if (watch.text(headers[i + 1] as string) !== null) return `the header ${name.toLowerCase()}`;
  }
  return 'the head';
}
