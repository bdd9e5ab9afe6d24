/**
 * Methods that no rule can give: TRACE and TRACK send a request's own headers back (RFC 9110
 * §9.3.8), CONNECT opens a tunnel that nothing judges (§9.3.6), PRI begins another protocol
 * (RFC 9113 §3.4).
 */
const NEVER: ReadonlySet<string> = new Set(['TRACE', 'TRACK', 'CONNECT', 'PRI']);

/** The usual methods; a rule that is one of these alone forgot its host. */
const USUAL: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY'],
  ...NEVER,
]);

/** Why `text` cannot be a method of a rule, or null when it can. */
export function faultOfMethod(text: string): string | null {
  if (text === '') return 'a method is missing';
  if (NEVER.has(text.toUpperCase())) return `the method ${text.toUpperCase()} is never allowed`;
  if (!isMethod(text)) return 'a method is written in capital letters, as in GET';
  return null;
}

/** A method that a rule may give. Methods are case-sensitive (RFC 9110 §9.1). */
function isMethod(text: string): boolean {
  return /^[A-Z][A-Z0-9_-]{0,31}$/.test(text) && !NEVER.has(text);
}

export function isUsualMethod(text: string): boolean {
  return USUAL.has(text);
}

/**
 * Do these methods, null for all, give this one? GET gives HEAD too: HEAD is GET without the
 * content (RFC 9110 §9.3.2), so it shows nothing that GET would not.
 */
export function givesMethod(methods: readonly string[] | null, method: string): boolean {
  if (!isMethod(method)) return false;
  if (methods === null || methods.includes(method)) return true;
  return method === 'HEAD' && methods.includes('GET');
}
