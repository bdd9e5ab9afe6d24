/** Lower-case names that a pinned origin's answer loses: each can hand a credential to the box. */
const DROPPED_RESPONSE_HEADERS: ReadonlySet<string> = new Set([
  'authentication-info',
  'proxy-authentication-info',
  'set-cookie',
  'set-cookie2',
]);

const NOTHING: ReadonlySet<string> = new Set();

/**
 * Response headers (lower case) that do not reach the box. `www-authenticate` does: git and others
 * send a credential only after they were asked for one.
 */
export function responseHeadersToDrop(pinned: boolean): ReadonlySet<string> {
  return pinned ? DROPPED_RESPONSE_HEADERS : NOTHING;
}
