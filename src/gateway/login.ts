import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Kernel } from '../kernel/kernel.ts';
import type { Token, TokenTable } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { FAILED_LOGIN_MS, FAILED_LOGINS_MAX, TOKEN_CHARS_MAX } from './limits.ts';
import { digestOf } from './token-digest.ts';

/** How a client that cannot set headers, such as a browser, names its token. */
export const TOKEN_PROTOCOL = 'powerbox.token.';
/** The protocol that such a client offers beside it, and that is chosen. */
export const PLAIN_PROTOCOL = 'powerbox';

export type Login =
  | { readonly ok: true; readonly token: Token }
  | { readonly ok: false; readonly status: 401 | 429 };

export interface Logins {
  login(request: IncomingMessage): Login;
}

/**
 * Checks bearer tokens. Ten may fail at once, then one a second: while they are used up nobody
 * logs in here, also with a right one; the socket is not concerned.
 */
export function makeLogins(
  tokens: Pick<TokenTable, 'get'>,
  kernel: Pick<Kernel, 'principal'>,
  now: () => number,
): Logins {
  let failures = 0;
  let since = now();

  function mayFail(): boolean {
    const passed = Math.floor((now() - since) / FAILED_LOGIN_MS);
    if (passed > 0) {
      failures = Math.max(0, failures - passed);
      since += passed * FAILED_LOGIN_MS;
    }
    return failures < FAILED_LOGINS_MAX;
  }

  return {
    login(request) {
      if (!mayFail()) return { ok: false, status: 429 };
      const token = validToken(tokens, kernel, tokenOf(request), now());
      if (token !== undefined) return { ok: true, token };
      failures += 1;
      return { ok: false, status: 401 };
    },
  };
}

function validToken(
  tokens: Pick<TokenTable, 'get'>,
  kernel: Pick<Kernel, 'principal'>,
  text: string | undefined,
  now: number,
): Token | undefined {
  if (text === undefined || text.length > TOKEN_CHARS_MAX) return undefined;
  const digest = digestOf(text);
  const token = tokens.get(digest);
  // The table finds it by its digest, of which an attacker cannot choose a part; this is the
  // comparison that counts, and it takes the same time wherever the two differ.
  if (token === undefined || !timingSafeEqual(Buffer.from(token.digest), Buffer.from(digest))) {
    return undefined;
  }
  if (token.expires !== null && now >= token.expires) return undefined;
  try {
    return kernel.principal(token.guest).id === token.guest ? token : undefined;
  } catch (error) {
    if (PowerboxError.is(error)) return undefined;
    throw error;
  }
}

/** Never from the URL, which lands in logs. */
function tokenOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers;
  if (authorization !== undefined) return /^Bearer ([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',');
  return protocols
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith(TOKEN_PROTOCOL))
    ?.slice(TOKEN_PROTOCOL.length);
}
