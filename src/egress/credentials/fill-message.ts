/** Slots in the text messages of a WebSocket: JSON, read by itself, one message at a time. */
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { fillJson } from './fill-json.ts';
import { Foreign, type OpenSlot, openSlots, slotsIn } from './open-slots.ts';

type MessageSlot = Extract<Slot, { readonly in: 'websocket' }>;

/** The slots of one socket; null from `messageSlots` when there is none to fill or to guard. */
export interface MessageSlots {
  readonly origin: string;
  readonly open: readonly OpenSlot<MessageSlot>[];
  readonly all: readonly OpenSlot<MessageSlot>[];
  /** Every secret of the box, for the notes on placeholders that stand elsewhere. */
  readonly secrets: readonly BoundSecret[];
}

export type FilledMessage =
  | {
      readonly ok: true;
      /** As it is sent: the same but for the strings that were slots. */
      readonly text: string;
      /** The secrets that it now carries. */
      readonly used: readonly BoundSecret[];
      /** For the journal, by name and place. */
      readonly notes: readonly string[];
    }
  | {
      readonly ok: false;
      readonly code: 'credential-foreign' | 'body-unreadable';
      readonly reason: string;
    };

/** As for `fillSlots`: `secrets` may be filled in, `all` are those of the box. */
export function messageSlots(
  origin: string,
  secrets: readonly BoundSecret[],
  all: readonly BoundSecret[] = secrets,
): MessageSlots | null {
  const guarded = slotsIn(openSlots(origin, all), 'websocket');
  if (guarded.length === 0) return null;
  return {
    origin,
    open: slotsIn(openSlots(origin, secrets), 'websocket'),
    all: guarded,
    secrets: all,
  };
}

/**
 * One whole text message, its fragments put together. Text that is no JSON object or list has no
 * slot and passes; one that begins like it must be strict JSON. Not for binary messages, which
 * have no slots.
 */
export function fillMessage(text: string, slots: MessageSlots): FilledMessage {
  const used = new Set<BoundSecret>();
  const { origin, open, all, secrets } = slots;
  const request = { method: 'GET', origin, path: '/', query: '', headers: [] };
  let filled = text;
  try {
    if (mayBeJson(text))
      filled = fillJson({ request, open, all, used, brought: null }, text, open, all);
  } catch (error) {
    if (!(error instanceof Foreign)) throw error;
    return { ok: false, code: error.code, reason: error.message };
  }
  const notes = secrets
    .filter(({ placeholder }) => filled.includes(placeholder))
    .map(({ name }) => `placeholder-outside-slot ${name} in a WebSocket message`);
  return { ok: true, text: filled, used: [...used], notes: [...new Set(notes)] };
}

/** What lax readers skip before a value is skipped here, so that nothing hides behind it. */
function mayBeJson(text: string): boolean {
  return /^[\s\ufeff\0]*[[{/]/.test(text);
}
