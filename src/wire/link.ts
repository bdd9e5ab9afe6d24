import type { Spend } from '../ocap/budget.ts';
import type { Approval, HeldGrant } from '../ocap/grant.ts';
import type { Effect } from '../ocap/power.ts';
import { type ErrorCode, PowerboxError } from './errors.ts';

/**
 * What starters of boxes and their egresses say to the daemon over `link.sock`: one JSON object a
 * line, each way in order. A starter makes itself known with its first `open-box`, an egress with
 * `hello`; a connection is one or the other.
 */
export type ToDaemon = OpenBox | CloseBox | Hello | Acknowledged | Ask | Leaving;

/** A starter wants a box to be a guest, with these rules as its grants. */
export interface OpenBox {
  readonly type: 'open-box';
  readonly box: string;
  /** Name of the guest that it runs as; null makes one that ends with the box. */
  readonly as: string | null;
  readonly reason: string;
  readonly rules: readonly LinkRule[];
  /** Names of the secrets of the vault that the box was given. */
  readonly secrets: readonly string[];
}

/** A rule of http, as its parser made it. */
export interface LinkRule {
  readonly config: unknown;
  readonly narrowing: unknown;
  readonly text: string;
}

export interface CloseBox {
  readonly type: 'close-box';
  readonly box: string;
  readonly token: string;
}

/** An egress asks for the grants of its box, and to be told of every change. */
export interface Hello {
  readonly type: 'hello';
  readonly box: string;
  readonly token: string;
  /** By number and birth, so that it can be ended when it does not answer. */
  readonly egress: { readonly pid: number; readonly start: string };
}

/** What a change took away works no more, and what was in flight under it is cut. */
export interface Acknowledged {
  readonly type: 'acknowledged';
  readonly change: number;
  /** How many uses were cut. */
  readonly cut: number;
}

/** An egress ends this connection, and has told what all its uses cost. */
export interface Leaving {
  readonly type: 'leaving';
}

/** A call of the egress; answered by `answer` or `refused` with the same number. */
export interface Ask {
  readonly type: 'ask';
  readonly call: number;
  readonly what: AskAdmit | AskSpend | AskDoor;
}

/** May this use go on? Spends, and waits for the host where the grant says so. */
export interface AskAdmit {
  readonly do: 'admit';
  readonly grant: string;
  readonly text: string;
  readonly digest: string;
  readonly effect: Effect;
  readonly spend: Spend;
  /** What it may come to cost beyond that, until a `spend` says that it is over; null for nothing. */
  readonly most: Spend | null;
}

export interface AskSpend {
  readonly do: 'spend';
  readonly grant: string;
  readonly spend: Spend;
  /** What was foreseen of a use that is over now; null while it goes on. */
  readonly over: Spend | null;
}

/** The program in the box does something at its own door, as `GuestDoor` has it. */
export interface AskDoor {
  readonly do: 'door';
  readonly method: DoorMethod;
  readonly args: readonly unknown[];
}

/** What a box may do at its door: all but taking a power out of it as an object. */
export const DOOR_METHODS = [
  'whoami',
  'list',
  'grants',
  'grant',
  'revoke',
  'preview',
  'request',
  'answered',
  'inbox',
  'sent',
  'send',
  'resolve',
  'reject',
  'dismiss',
  'adopt',
] as const;

export type DoorMethod = (typeof DOOR_METHODS)[number];

export type FromDaemon = BoxOpened | BoxClosed | Change | Answer | RefusedByDaemon;

export interface BoxOpened {
  readonly type: 'box-opened';
  readonly guest: { readonly id: string; readonly name: string };
  /** What the box's egress shows; known to nobody else. */
  readonly token: string;
}

export interface BoxClosed {
  readonly type: 'box-closed';
}

/** Grants that came and grants that ended. The first on a connection has all of them. */
export interface Change {
  readonly type: 'change';
  readonly change: number;
  /** What the egress held before is forgotten: these are all grants and all secrets. */
  readonly whole: boolean;
  readonly guest: string;
  readonly grants: readonly LinkGrant[];
  readonly ended: readonly EndedGrant[];
  /** Those that came with the grants. */
  readonly secrets: readonly LinkSecret[];
  /** Placeholders of those that are gone from the vault, until they come again. */
  readonly gone?: readonly string[];
  /** Of a whole change: the secrets that the box was started with. */
  readonly own: readonly OwnSecret[];
}

/** A grant as the egress holds it, and what it must know to ask for the use of it. */
export interface LinkGrant extends HeldGrant {
  /** The strictest of its chain: a use that waits for the host is judged with its whole body. */
  readonly approval: Approval;
  /** Name of the secret that goes into every request under it; null for none. */
  readonly secret: string | null;
}

/** A secret that the box sees a placeholder of, and the grant that lets it be sent. */
export interface OwnSecret {
  readonly name: string;
  readonly grant: string;
}

export interface EndedGrant {
  readonly id: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** A secret that a power uses, for the egress alone. */
export interface LinkSecret {
  readonly name: string;
  readonly value: string;
  readonly placeholder: string;
  /** Bindings of the vault, as it wrote them. */
  readonly bindings: readonly unknown[];
}

export interface Answer {
  readonly type: 'answer';
  readonly call: number;
  readonly value: unknown;
}

export interface RefusedByDaemon {
  readonly type: 'refused';
  /** Null when it is the whole connection that is refused, or its one `open-box`. */
  readonly call: number | null;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Throws `call-invalid` for anything but a message of this protocol. */
export function readToDaemon(line: string): ToDaemon {
  const message = fields(parse(line));
  switch (message.type) {
    case 'open-box':
      return {
        type: 'open-box',
        box: text(message.box, 64),
        as: message.as === null ? null : text(message.as, 64),
        reason: text(message.reason, 500),
        rules: list(message.rules, 10_000).map(readRule),
        secrets: list(message.secrets, 1_000).map((name) => text(name, 128)),
      };
    case 'close-box':
      return { type: 'close-box', box: text(message.box, 64), token: text(message.token, 128) };
    case 'hello': {
      const { pid, start } = fields(message.egress);
      return {
        type: 'hello',
        box: text(message.box, 64),
        token: text(message.token, 128),
        egress: { pid: whole(pid), start: text(start, 32) },
      };
    }
    case 'acknowledged':
      return { type: 'acknowledged', change: whole(message.change), cut: whole(message.cut) };
    case 'leaving':
      return { type: 'leaving' };
    case 'ask':
      return { type: 'ask', call: whole(message.call), what: readAsk(fields(message.what)) };
    default:
      return fail('its type is unknown');
  }
}

/** The daemon is trusted; this only makes sure that what came is of the protocol at all. */
export function readFromDaemon(line: string): FromDaemon {
  const message = fields(parse(line));
  const known = ['box-opened', 'box-closed', 'change', 'answer', 'refused'];
  if (!known.includes(message.type as string)) return fail('its type is unknown');
  return message as unknown as FromDaemon;
}

export function writeLink(message: ToDaemon | FromDaemon): string {
  return `${JSON.stringify(message)}\n`;
}

function readRule(value: unknown): LinkRule {
  const { config, narrowing, text: words } = fields(value);
  return { config: fields(config), narrowing: fields(narrowing), text: text(words, 4_096) };
}

function readAsk(what: Fields): Ask['what'] {
  if (what.do === 'door') {
    const method = DOOR_METHODS.find((name) => name === what.method);
    if (method === undefined) return fail('its method is unknown');
    return { do: 'door', method, args: list(what.args, 8) };
  }
  const grant = text(what.grant, 64);
  const spend = readSpend(fields(what.spend));
  if (what.do === 'spend') return { do: 'spend', grant, spend, over: readForeseen(what.over) };
  if (what.do !== 'admit') return fail('what it asks is unknown');
  const effect = (['read', 'write', 'irrevocable'] as const).find((name) => name === what.effect);
  if (effect === undefined) return fail('its effect is unknown');
  const digest = text(what.digest, 64);
  if (!/^[0-9a-f]{64}$/.test(digest)) return fail('its digest is no SHA-256');
  const most = readForeseen(what.most);
  return { do: 'admit', grant, text: text(what.text, 4_096), digest, effect, spend, most };
}

function readForeseen(value: unknown): Spend | null {
  return value === null ? null : readSpend(fields(value));
}

function readSpend(amounts: Fields): Spend {
  const spend: Record<string, number> = {};
  for (const [measure, amount] of Object.entries(amounts)) {
    if (!['uses', 'bytes', 'tokens', 'microdollars'].includes(measure)) {
      return fail('a measure is unknown');
    }
    spend[measure] = whole(amount);
  }
  return spend;
}

type Fields = Readonly<Record<string, unknown>>;

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return fail('it is not JSON');
  }
}

function fields(value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  return fail('an object is missing');
}

function list(value: unknown, countMax: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= countMax) return value;
  return fail(`a list of at most ${countMax} is missing`);
}

function text(value: unknown, charsMax: number): string {
  if (typeof value === 'string' && value.length <= charsMax) return value;
  return fail(`a text of at most ${charsMax} characters is missing`);
}

function whole(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  return fail('a whole number is missing');
}

function fail(reason: string): never {
  throw new PowerboxError('call-invalid', `Cannot read a message of the link: ${reason}.`);
}
