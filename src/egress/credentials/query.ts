/** A canonical query string, split and joined without a change to what is not replaced. */
export interface QueryPart {
  /** As it was written, to be sent so. */
  readonly raw: string;
  /** Percent-decoded; `+` stays a plus, because that is what the canonical form sends. */
  readonly key: string;
  readonly value: string | undefined;
}

export function splitQuery(query: string): QueryPart[] {
  if (query === '') return [];
  return query.split('&').map((raw) => {
    const equals = raw.indexOf('=');
    return {
      raw,
      key: percentDecoded(equals < 0 ? raw : raw.slice(0, equals)),
      value: equals < 0 ? undefined : percentDecoded(raw.slice(equals + 1)),
    };
  });
}

/** The part with another value, percent-encoded so that it is one value whatever it holds. */
export function withValue(part: QueryPart, value: string): string {
  const key = part.raw.slice(0, part.raw.indexOf('='));
  return `${key}=${encode(value)}`;
}

/** Byte by byte in Latin-1, as the rest of the request; what is no escape stays as it is. */
export function percentDecoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** RFC 3986 §2.3: only the unreserved characters stay. */
function encode(value: string): string {
  return Array.from(Buffer.from(value, 'latin1'), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9\-._~]/.test(char)
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}
