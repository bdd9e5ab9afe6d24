import { type Live, live, type UseContext } from '../../ocap/live.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { AnswerReader } from './answer-reader.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import type { Fetcher } from './fetcher.ts';
import { FETCHED_BYTES_MAX } from './limits.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { responseBytesMax } from './needs.ts';
import { httpPower } from './power.ts';
import { slotPlaces } from './slot-places.ts';

/** The object behind an http power. What it sends is the canonical form that was judged. */
export function openHttp(config: HttpConfig, fetcher: Fetcher): Live {
  const open = new Set<AnswerReader>();

  async function send(args: readonly unknown[], method: string, context: UseContext) {
    const call = httpPower.callOf(config, { facet: 'root', at: null, method, args });
    const narrowings = context.narrowings.filter((one) => one !== null) as HttpNarrowing[];
    const body = call.body?.bytes ?? null;
    if (body !== null) context.spend({ bytes: body.length });
    const { scheme, host, port, path, query, headers = [] } = call;
    const answer = await fetcher.fetch(
      { scheme, host, port, method: call.method, path, query, headers, body },
      {
        signal: context.signal,
        credential: config.credential ?? null,
        places: slotPlaces(narrowings.slice(0, context.byHost ?? 0), call),
        addressNamed: config.host.type === 'exact',
      },
    );
    const reader = new AnswerReader(answer, responseBytesMax(narrowings, call), () =>
      open.delete(reader),
    );
    open.add(reader);
    return { call, reader };
  }

  return live({
    facet: 'root',
    at: null,
    async call(method, args, context) {
      const { call, reader } = await send(args, method, context);
      if (method === 'open') return answerOf(call, reader);
      const bytes = await reader.rest(FETCHED_BYTES_MAX, context);
      return { ...reader.head, body: textOf(bytes) ?? bytes };
    },
    close() {
      for (const reader of [...open]) reader.close();
    },
  });
}

function answerOf(call: HttpCall, reader: AnswerReader): Live {
  return live({
    facet: 'answer',
    at: { call },
    async call(method, args, context) {
      switch (method) {
        case 'head':
          return reader.head;
        case 'read':
          return await reader.next(args[0] as number | undefined, context);
        case 'text':
          return textOf(await reader.rest(FETCHED_BYTES_MAX, context)) ?? unreadable('UTF-8');
        default:
          return jsonOf(await reader.rest(FETCHED_BYTES_MAX, context));
      }
    },
    close: () => reader.close(),
  });
}

/** Null when the bytes are no UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(bytes) ?? '') as unknown;
  } catch {
    return unreadable('JSON');
  }
}

function unreadable(what: string): never {
  throw new PowerboxError('power-failed', `The answer is not ${what}.`);
}
