import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { BodyReader, BodyResult } from '../exchange/read-body.ts';
import { headerValues, type RequestHead } from '../exchange/request-head.ts';
import type { LeakGuard } from './guard.ts';
import { CODINGS_MAX, SMALL_BODY_BYTES_MAX, UNFOLDED_BYTES_MAX } from './limits.ts';

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
  const declared = headerValues(headers, 'content-length')[0];
  const codings = codingsOf(headers);
  return {
    readsWhole: declared !== undefined && Number(declared) <= SMALL_BODY_BYTES_MAX,
    reader: {
      async read() {
        const result = await reader.read();
        return result.ok ? check(guard, result, codings) : result;
      },
    },
  };
}

async function check(
  guard: LeakGuard,
  result: Extract<BodyResult, { ok: true }>,
  codings: readonly string[],
): Promise<BodyResult> {
  const plain = guard.refusalOf(result.bytes, 'the body');
  if (plain !== null) return { ok: false, ...plain };
  let unfolded = result.bytes;
  // The last one was put on last (RFC 9110 section 8.4).
  for (const coding of codings.toReversed()) {
    const unfold = DECODERS[coding];
    if (unfold === undefined || unfolded.length === 0) return result;
    try {
      unfolded = await unfold(unfolded, { maxOutputLength: UNFOLDED_BYTES_MAX });
    } catch {
      const reason = `The request was refused: its body is not ${coding}, or unfolds to more than ${UNFOLDED_BYTES_MAX} bytes.`;
      return { ok: false, code: 'body-unreadable', reason };
    }
    const found = guard.refusalOf(unfolded, 'the body');
    if (found !== null) return { ok: false, ...found };
  }
  return result;
}

/** In the order in which they were put on, CODINGS_MAX at most: each costs a search. */
function codingsOf(headers: readonly string[]): readonly string[] {
  return headerValues(headers, 'content-encoding')
    .flatMap((value) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .slice(-CODINGS_MAX);
}

type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

/** Codings of RFC 9110 section 8.4.1 and of RFC 7932; one of another name is sent as it is. */
const DECODERS: Readonly<Record<string, Decoder>> = {
  gzip: promisify(gunzip) as Decoder,
  'x-gzip': promisify(gunzip) as Decoder,
  deflate: promisify(inflate) as Decoder,
  br: promisify(brotliDecompress) as Decoder,
};
