/**
 * Headers that ask a server to judge another method, path or host than the one that was judged
 * here. They are dropped from every request.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-url',
  'x-original-uri',
  'x-original-method',
  'x-rewrite-url',
  'x-rewrite-uri',
  'x-envoy-original-path',
  'x-waws-unencoded-url',
  'x-original-host',
  'x-host',
  'x-forwarded-host',
  'x-forwarded-server',
  'x-forwarded-scheme',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-uri',
  'x-forwarded-path',
  'x-forwarded-method',
  'x-forwarded-for',
  'x-real-ip',
  'forwarded',
]);

/**
 * Parts of an answer are never asked for where a secret could be echoed: a range cut through the
 * value would pass the scrub in two halves. `Request-Range` is an old name that servers still read,
 * and `A-IM` (RFC 3229) asks for an answer in another instance.
 */
const RANGES: ReadonlySet<string> = new Set(['range', 'request-range', 'if-range', 'a-im']);

/**
 * What a program can decode says nothing of what can be read for echoes. gRPC and Connect code each
 * message by itself, and say so in headers of their own.
 */
const MESSAGE_CODINGS: ReadonlySet<string> = new Set([
  'grpc-accept-encoding',
  'connect-accept-encoding',
]);

/** The request's headers as they go to the upstream. `guarded`: a secret is bound to the origin. */
export function upstreamHeaders(
  headers: readonly string[],
  authority: string,
  guarded: boolean,
): string[] {
  const sent: string[] = ['host', authority];
  for (let i = 0; i < headers.length; i += 2) {
    // Servers that make variables of names take `_` for `-` (CGI, RFC 3875 section 4.1.18).
    const name = (headers[i] as string).toLowerCase().replaceAll('_', '-');
    if (OVERRIDES.has(name)) continue;
    if (guarded && (RANGES.has(name) || name === 'accept-encoding')) continue;
    if (guarded && name === 'sec-websocket-extensions') continue;
    const isReadable = !guarded || !MESSAGE_CODINGS.has(name);
    sent.push(headers[i] as string, isReadable ? (headers[i + 1] as string) : 'identity');
  }
  if (guarded) sent.push('accept-encoding', 'identity');
  return sent;
}

/** Answer headers that belong to the upstream's own hop, or would lead a client around the egress. */
const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'alt-svc',
]);

export function isForwarded(name: string): boolean {
  return !NOT_FORWARDED.has(name);
}
