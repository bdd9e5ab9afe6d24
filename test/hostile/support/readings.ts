import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';

/**
 * Would an attacker who saw these bytes have the value? Looks at them as they are, without chunk
 * sizes and WebSocket frames, unpacked, and decoded from each of the usual encodings.
 */
export function reveals(bytes: Buffer | string, value: string): boolean {
  return readings(Buffer.from(bytes as string)).some((text) => text.includes(value));
}

function readings(bytes: Buffer): string[] {
  const bodies = [bytes, withoutHead(bytes), unchunked(withoutHead(bytes))];
  const unpacked = bodies.flatMap((body) => [
    body,
    ...unpack(body),
    ...unpack(body).flatMap(unpack),
  ]);
  return unpacked.flatMap((body) => decodings(body.toString('latin1')));
}

function withoutHead(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  return end < 0 ? bytes : bytes.subarray(end + 4);
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function unpack(bytes: Buffer): Buffer[] {
  const lenient = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 << 20 };
  return [gunzipSync, inflateSync, inflateRawSync, brotliDecompressSync].flatMap((decode) => {
    try {
      const out = decode === brotliDecompressSync ? decode(bytes) : decode(bytes, lenient);
      return out.length > 0 ? [out] : [];
    } catch {
      return [];
    }
  });
}

function decodings(text: string): string[] {
  const base64 = text.replace(/\r?\n|\\r|\\n/g, '').match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  const hex = text.match(/(?:[0-9a-fA-F]{2}){8,}/g) ?? [];
  return [
    text,
    text.replaceAll('\0', ''),
    text.replace(/%([0-9a-f]{2})/gi, fromHex),
    text.replace(/\\u00([0-9a-f]{2})/gi, fromHex),
    text.replace(/\\x([0-9a-f]{2})/gi, fromHex),
    text.replace(/&#x([0-9a-f]+);/gi, fromHex).replace(/&#(\d+);/g, fromDecimal),
    ...base64.flatMap(alignments),
    ...hex.flatMap((run) => [run, run.slice(1)].map((digits) => hexText(digits))),
  ];
}

/** A run of base64 can begin in the middle of a group. */
function alignments(run: string): string[] {
  return [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64').toString('latin1'));
}

function hexText(digits: string): string {
  return Buffer.from(digits.slice(0, digits.length & ~1), 'hex').toString('latin1');
}

function fromHex(_: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 16));
}

function fromDecimal(_: string, digits: string): string {
  return String.fromCharCode(Number(digits));
}
