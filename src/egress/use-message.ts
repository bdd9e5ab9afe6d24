import { judgeGrant } from '../ocap/judge.ts';
import type { HttpMessage } from '../powers/http/call.ts';
import { httpKind } from '../powers/http/kind.ts';
import { needsMessages } from '../powers/http/needs.ts';
import type { BoxState } from './box-egress.ts';
import { type FilledMessage, fillMessage, type MessageSlots } from './credentials/fill-message.ts';
import { holdBytes } from './held-bytes.ts';
import type { GuardedStream } from './leaks/guard.ts';
import type { Refusal } from './refusal.ts';
import type { Target } from './target.ts';
import { refused, type Use } from './use.ts';

/** Where a value was found. */
const PLACE = 'what the program said over a WebSocket';

/** What the journal calls the method of a message. */
const METHOD = 'MESSAGE';

/** What is said over one WebSocket of a box, on its way out. */
export interface MessageGate {
  /** Messages are judged or filled, and so gathered whole. */
  readonly reads: boolean;
  /** What passes is searched for values that no box may know, from the first that there is on. */
  readonly watches: boolean;
  /** Why bytes may not be sent that hold such a value; null where they hold none. */
  leak(bytes: Uint8Array): Refusal | null;
  /** The same for a message that passes in pieces; throws the refusal. */
  leakStream(): GuardedStream;
  /** May it be sent, and as what? */
  pass(message: HttpMessage): Promise<MessageVerdict>;
  /** Writes the row of a message that may not be sent. */
  refused(refusal: Refusal): Promise<void>;
  /** Counts bytes that are held, or are no longer; false when there is no room for more. */
  room(bytes: number): boolean;
  /** The WebSocket has ended; `status` as in its response row. */
  over(status: number | null): void;
}

export type MessageVerdict =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | ({ readonly ok: false } & Refusal);

/**
 * The choke point of messages: each passes under the grant that its WebSocket began with, or not
 * at all. A message that may be sent has no row, as there is no end to them, but the first of a
 * WebSocket that carries a secret has one before it is sent.
 */
export function makeMessageGate(box: BoxState, target: Target, use: Use): MessageGate {
  const { grant, call, url } = use;
  const ruled = needsMessages(grant.narrowings);
  const rows = makeMessageRows(box, use);
  return {
    reads: ruled || use.messages !== null,
    get watches() {
      return box.leaks.watch.isActive;
    },
    leak: (bytes) => box.leaks.refusalOf(bytes, PLACE),
    leakStream: () => box.leaks.stream(PLACE),
    async pass(message) {
      const leak = box.leaks.refusalOf(message.bytes, PLACE);
      if (leak !== null) return { ok: false, ...leak };
      if (ruled) {
        const verdict = judgeGrant(httpKind, grant, { ...call, message }, Date.now());
        if (!verdict.allow) return { ok: false, code: verdict.code, reason: verdict.reason };
      }
      if (use.messages === null) return { ok: true, bytes: message.bytes };
      if (!message.text) return binaryRefused(url);
      const filled = fillMessage(textOf(message), atPresent(box, use.messages));
      if (!filled.ok) return filled;
      return rows.filled(filled);
    },
    async refused(refusal) {
      await refused(box, target, { method: METHOD }, url, refusal, grant);
    },
    room: (bytes) => holdBytes(box, bytes),
    over: rows.over,
  };
}

/** Secrets get new values, or go, while a WebSocket goes on. */
function atPresent({ secrets }: BoxState, slots: MessageSlots): MessageSlots {
  const now = new Map(secrets.all.map((secret) => [secret.placeholder, secret]));
  const renewed = <Open extends MessageSlots['open'][number]>(open: Open): Open => ({
    ...open,
    secret: now.get(open.secret.placeholder) ?? open.secret,
  });
  return {
    ...slots,
    open: slots.open.filter(({ secret }) => !secrets.isGone(secret)).map(renewed),
    all: slots.all.map(renewed),
    secrets: secrets.all,
  };
}

function textOf({ bytes }: HttpMessage): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function binaryRefused(url: string): MessageVerdict {
  const reason = `A binary message over ${url} was refused: a secret goes into messages there, and only text can be read for it.`;
  return { ok: false, code: 'body-unreadable', reason };
}

interface MessageRows {
  /** Writes what is to be on record before the message is sent. */
  filled(message: Extract<FilledMessage, { readonly ok: true }>): Promise<MessageVerdict>;
  over(status: number | null): void;
}

/** Each secret, and each placeholder outside its slot, is on record once for a WebSocket. */
function makeMessageRows(box: BoxState, { grant, url }: Use): MessageRows {
  const recorded = new Set<string>();
  const open: { readonly seq: number; readonly began: number; readonly bytes: number }[] = [];
  return {
    async filled({ text, used, notes }) {
      const bytes = Buffer.from(text);
      for (const note of notes.filter((one) => isNew(recorded, one))) {
        const entry = { kind: 'note', box: box.config.box } as const;
        box.recorder.note({ ...entry, note: 'placeholder-outside-slot', text: `${note} (${url})` });
      }
      const names = used.map(({ name }) => name);
      const fresh = names.filter((name) => isNew(recorded, `secret ${name}`));
      if (fresh.length === 0) return { ok: true, bytes };
      try {
        const seq = await box.recorder.write({
          kind: 'request',
          box: box.config.box,
          guest: box.link.grants.guest,
          method: METHOD,
          url,
          verdict: 'allow',
          rule: grant.text,
          chain: grant.chain,
          secrets: fresh,
        });
        open.push({ seq, began: performance.now(), bytes: bytes.length });
        return { ok: true, bytes };
      } catch {
        const reason = 'The message was not sent because it could not be recorded.';
        return { ok: false, code: 'journal-unavailable', reason };
      }
    },
    over(status) {
      for (const { seq, began, bytes } of open.splice(0)) {
        box.recorder.note({
          kind: 'response',
          box: box.config.box,
          of: seq,
          status,
          bytesOut: bytes,
          bytesIn: 0,
          durationMs: Math.round((performance.now() - began) * 10) / 10,
          scrubbed: 0,
        });
      }
    },
  };
}

function isNew(known: Set<string>, text: string): boolean {
  if (known.has(text)) return false;
  known.add(text);
  return true;
}
