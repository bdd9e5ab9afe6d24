/** A request as a strict reader finds it, or bytes that it refuses. */
export interface Read {
  /** Latin-1. */
  readonly head: string;
  readonly malformed: boolean;
  /** The bytes of the request, or all that is left where it is malformed. */
  readonly bytes: Buffer;
}

const HEAD =
  /^[A-Z]+ [\x21-\x7e]+ HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*)+$/;

/** What came on one connection, read by RFC 9112 to the letter. A request that is cut off is left out. */
export function readStrictly(bytes: Buffer): Read[] {
  const found: Read[] = [];
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.subarray(at);
    const end = rest.indexOf('\r\n\r\n');
    const head = rest.toString('latin1', 0, end < 0 ? rest.length : end);
    const length = end < 0 ? null : bodyLength(head, rest.subarray(end + 4));
    if (end < 0 || length === null || !HEAD.test(head)) {
      found.push({ head, malformed: true, bytes: rest });
      return found;
    }
    found.push({ head, malformed: false, bytes: rest.subarray(0, end + 4 + length) });
    at += end + 4 + length;
  }
  return found;
}

/** How long the body is on the wire; null where it is not said in one clear way. */
function bodyLength(head: string, body: Buffer): number | null {
  const lengths = valuesOf(head, 'content-length');
  const codings = valuesOf(head, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return null;
  const [coding] = codings;
  if (coding !== undefined) return coding.toLowerCase() === 'chunked' ? chunkedLength(body) : null;
  const [length = '0'] = lengths;
  return /^\d{1,15}$/.test(length) ? Number(length) : null;
}

function valuesOf(head: string, name: string): string[] {
  const lines = head.match(new RegExp(`^${name}:.*$`, 'gim')) ?? [];
  return lines.map((line) => line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t]+$/g, ''));
}

function chunkedLength(body: Buffer): number | null {
  for (let at = 0; at < body.length; ) {
    const line = /^([0-9a-f]{1,12})(?:;[\t\x20-\x7e]*)?\r\n/i.exec(
      body.toString('latin1', at, at + 300),
    );
    if (line === null) return null;
    const size = Number.parseInt(line[1] as string, 16);
    at += line[0].length;
    if (size === 0) {
      const end = body.indexOf('\r\n', at);
      // Trailers are read up to the empty line.
      const rest = end === at ? 2 : body.indexOf('\r\n\r\n', at) + 4 - at;
      return rest < 2 ? null : at + rest;
    }
    if (
      at + size + 2 <= body.length &&
      body.toString('latin1', at + size, at + size + 2) !== '\r\n'
    ) {
      return null;
    }
    at += size + 2;
  }
  return body.length;
}
