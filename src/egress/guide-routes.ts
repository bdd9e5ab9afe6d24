import { parseStrictJson } from '../policy/strict-json.ts';
import { type ErrorCode, PowerboxError } from '../wire/errors.ts';
import type { DoorMethod } from '../wire/link.ts';
import { GUIDE_WAIT_SECONDS_MAX } from './limits.ts';

/** What a program may do at powerbox.internal, beside reading the guide. */
export interface GuideCall {
  readonly method: DoorMethod;
  readonly args: readonly unknown[];
  /** Then, for so long, wait for the answer to the request that this made or named. */
  readonly waitMs: number;
}

type Fields = Readonly<Record<string, unknown>>;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** Keys that the body may have. */
  readonly fields: readonly string[];
  call(body: Fields, id: string): readonly [DoorMethod, ...unknown[]];
}

const GIFT = ['power', 'only', 'budget', 'expires', 'begins', 'approval', 'delegable', 'as'];

/** The daemon checks every argument; here only their places are settled. */
const ROUTES: readonly Route[] = [
  read(/^\/grants$/, () => ['grants', {}]),
  read(/^\/inbox$/, () => ['inbox']),
  read(/^\/sent$/, () => ['sent']),
  read(/^\/names$/, () => ['list', '']),
  read(/^\/requests\/([A-Za-z0-9-]+)$/, () => ['sent']),
  write(/^\/requests?$/, ['to', 'kind', 'text', 'power', 'only'], (body) => ['request', body]),
  write(/^\/mail$/, ['to', 'text', 'enclosed', 'replyTo'], (body) => [
    'send',
    body.to,
    body.text,
    body.enclosed ?? [],
    body.replyTo ?? null,
  ]),
  write(/^\/grants$/, [...GIFT, 'to', 'reason'], (body) => ['grant', body]),
  write(/^\/revoke$/, ['grant', 'reason', 'preview'], (body) =>
    body.preview === true
      ? ['preview', { what: 'grant', id: body.grant }]
      : ['revoke', { what: 'grant', id: body.grant }, body.reason ?? ''],
  ),
  write(/^\/inbox\/([A-Za-z0-9-]+)\/dismiss$/, [], (_, id) => ['dismiss', id]),
  write(/^\/inbox\/([A-Za-z0-9-]+)\/reject$/, ['reason'], (body, id) => [
    'reject',
    id,
    body.reason ?? '',
  ]),
  write(/^\/inbox\/([A-Za-z0-9-]+)\/resolve$/, [...GIFT, 'reason'], (body, id) => [
    'resolve',
    id,
    body,
  ]),
  write(/^\/inbox\/([A-Za-z0-9-]+)\/adopt$/, ['name', 'path'], (body, id) => [
    'adopt',
    id,
    body.name,
    body.path ?? body.name,
  ]),
];

/** Null when there is nothing to be done at this place. Throws `call-invalid`. */
export function readGuideCall(
  method: string,
  path: string,
  query: string,
  body: string,
): GuideCall | null {
  for (const route of ROUTES) {
    const match = route.method === method ? route.path.exec(path) : null;
    if (match === null) continue;
    const fields = route.method === 'GET' ? {} : readFields(body, route.fields);
    const [door, ...args] = route.call(fields, match[1] ?? '');
    return { method: door, args, waitMs: readWait(query) };
  }
  return null;
}

/** The id that `GET /requests/ID` names; null for every other place. */
export function requestNamed(path: string): string | null {
  return /^\/requests\/([A-Za-z0-9-]+)$/.exec(path)?.[1] ?? null;
}

function read(path: RegExp, call: Route['call']): Route {
  return { method: 'GET', path, fields: [], call };
}

function write(path: RegExp, fields: readonly string[], call: Route['call']): Route {
  return { method: 'POST', path, fields, call };
}

function readFields(body: string, known: readonly string[]): Fields {
  const parsed = parseStrictJson(body.trim() === '' ? '{}' : body);
  if (!parsed.ok) return fail(`${parsed.reason} (line ${parsed.line}, column ${parsed.column})`);
  const { value } = parsed;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('it is not a JSON object');
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    const list = known.length === 0 ? 'none' : known.join(', ');
    return fail(`the key ${JSON.stringify(unknown.slice(0, 40))} is unknown; known: ${list}`);
  }
  return value as Fields;
}

function readWait(query: string): number {
  if (query === '') return 0;
  const seconds = /^wait=([0-9]{1,5})$/.exec(query)?.[1];
  if (seconds === undefined) return fail('its query can only be wait=SECONDS');
  return Math.min(Number(seconds), GUIDE_WAIT_SECONDS_MAX) * 1_000;
}

function fail(reason: string, code: ErrorCode = 'call-invalid'): never {
  throw new PowerboxError(code, `Cannot read the call: ${reason}.`);
}
