import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { BodyReader, BodyResult } from '../exchange/read-body.ts';
import type { RequestHead } from '../exchange/request-head.ts';
import type { LeakGuard } from './guard.ts';
import { SMALL_BODY_BYTES_MAX, UNFOLDED_BYTES_MAX } from './limits.ts';

/** The reader of a body, and whether all of it is to be read before anything is sent. */
export interface CheckedReader {
  readonly reader: BodyReader | null;
  /** A small body is searched whole, so that nothing of the request reaches an upstream. */
  readonly readsWhole: boolean;
}

/** What `reader` reads is searched, and refused where it holds a value. */
export function checkedReader(
  guard: LeakGuard,
  { headers }: RequestHead,
  reader: BodyReader | null,
): CheckedReader {
  if (reader === null || !guard.watch.isActive) return { reader, readsWhole: false };
  const declared = headerOf(headers, 'content-length');
  const coding = headerOf(headers, 'content-encoding')?.trim().toLowerCase();
  return {
    readsWhole: declared !== undefined && Number(declared) <= SMALL_BODY_BYTES_MAX,
    reader: {
      async read() {
        const result = await reader.read();
        return result.ok ? check(guard, result, coding) : result;
      },
    },
  };
}

async function check(
  guard: LeakGuard,
  result: Extract<BodyResult, { ok: true }>,
  coding: string | undefined,
): Promise<BodyResult> {
  const plain = guard.refusalOf(result.bytes, 'the body');
  if (plain !== null) return { ok: false, ...plain };
  const unfold = DECODERS[coding ?? ''];
  if (unfold === undefined || result.bytes.length === 0) return result;
  let unfolded: Buffer;
  try {
    unfolded = await unfold(result.bytes, { maxOutputLength: UNFOLDED_BYTES_MAX });
  } catch {
    const reason = `The request was refused: its body is not ${coding}, or unfolds to more than ${UNFOLDED_BYTES_MAX} bytes.`;
    return { ok: false, code: 'body-unreadable', reason };
  }
  const found = guard.refusalOf(unfolded, 'the body');
  return found === null ? result : { ok: false, ...found };
}

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

/** Codings of RFC 9110 section 8.4.1 and of RFC 7932; one of another name is sent as it is. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip) as Decoder,
  'x-gzip': promisify(gunzip) as Decoder,
  deflate: promisify(inflate) as Decoder,
  br: promisify(brotliDecompress) as Decoder,
};

function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}
