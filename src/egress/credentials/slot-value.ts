/**
 * One slot's value in a request: is it exactly the placeholder, and what stands there once the
 * secret is filled in. Comparisons are exact; nothing is trimmed or guessed.
 */

/** What a place holds: the placeholder, with the filled value; another credential; or nothing. */
export type Held =
  | { readonly state: 'placeholder'; readonly filled: string }
  | { readonly state: 'foreign' }
  | { readonly state: 'other-scheme' };

/**
 * `Bearer TOKEN`: the scheme in any case, exactly one space (RFC 6750 §2.1). GitHub's own tools
 * write `token TOKEN`, which is the same credential.
 */
export function heldByBearer(header: string, placeholder: string, value: string): Held {
  const scheme = schemeOf(header);
  if (scheme !== 'bearer' && scheme !== 'token') return { state: 'other-scheme' };
  const prefix = header.slice(0, scheme.length + 1);
  return header === `${prefix}${placeholder}` && prefix.endsWith(' ')
    ? { state: 'placeholder', filled: prefix + value }
    : { state: 'foreign' };
}

/** `Basic BASE64(user:password)`, where the placeholder is the password (RFC 7617 §2). */
export function heldByBasic(header: string, placeholder: string, value: string): Held {
  const scheme = schemeOf(header);
  if (scheme !== 'basic') return { state: 'other-scheme' };
  const decoded = decodeBase64(header.slice(scheme.length + 1));
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon < 0 || header[scheme.length] !== ' ')
    return { state: 'foreign' };
  if (decoded.slice(colon + 1) !== placeholder) return { state: 'foreign' };
  const filled = Buffer.from(decoded.slice(0, colon + 1) + value, 'latin1').toString('base64');
  return { state: 'placeholder', filled: `${header.slice(0, scheme.length)} ${filled}` };
}

export function heldByWhole(header: string, placeholder: string, value: string): Held {
  return header === placeholder ? { state: 'placeholder', filled: value } : { state: 'foreign' };
}

/** The template with the placeholder in place of its `{}`, to the character. */
export function heldByTemplate(
  template: string,
  header: string,
  placeholder: string,
  value: string,
): Held {
  return header === fromTemplate(template, placeholder)
    ? { state: 'placeholder', filled: fromTemplate(template, value) }
    : { state: 'foreign' };
}

/** `text` may hold what `String.replace` takes for a pattern, so the template is cut instead. */
export function fromTemplate(template: string, text: string): string {
  const at = template.indexOf('{}');
  return `${template.slice(0, at)}${text}${template.slice(at + 2)}`;
}

/** The password of a Basic credential; undefined where there is none. */
export function basicPassword(header: string): string | undefined {
  const decoded = /^basic /i.test(header) ? decodeBase64(header.slice(6)) : undefined;
  const colon = decoded?.indexOf(':') ?? -1;
  return colon < 0 ? undefined : decoded?.slice(colon + 1);
}

function decodeBase64(text: string): string | undefined {
  if (text.length === 0 || text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  // Node skips what is no base64; only text that comes back the same was strict (RFC 4648 §3.5).
  return bytes.toString('base64') === text ? bytes.toString('latin1') : undefined;
}

function schemeOf(header: string): string {
  const end = header.search(/[ \t]/);
  return (end < 0 ? header : header.slice(0, end)).toLowerCase();
}
