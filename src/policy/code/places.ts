import { PowerboxError } from '../../wire/errors.ts';
import { originText, parseRule } from '../rule.ts';
import type { Text } from './texts.ts';

/** Where a request goes, as far as the program says it. */
export type RequestPlace =
  | { readonly ok: true; readonly origin: string | null; readonly path: string }
  /** A clause: lower-case, no full stop. */
  | { readonly ok: false; readonly reason: string };

/** Stands for what the program fills in. A text that has it itself is not read. */
const GAP = '\0';

function joined(text: Text): string | null {
  if (text.some((piece) => piece?.includes(GAP))) return null;
  return text.map((piece) => piece ?? GAP).join('');
}

/**
 * The origin and the path pattern of a URL, or of a path alone when the power knows its origin.
 * What the program fills in becomes `*`, and nothing else does.
 */
export function placeOfUrl(text: Text, takesPath: boolean): RequestPlace {
  const whole = joined(text);
  if (whole === null) return fault('its URL cannot be said in a rule');
  const found = /^(https?:\/\/[^/?#\0]+)(?=[/?#]|$)/i.exec(whole);
  if (found === null) {
    if (takesPath && whole.startsWith('/')) return placeOf('https://a.invalid', whole, null);
    const known = /^https?:\/\/[^/?#\0]+/i.exec(whole)?.[0];
    if (known === undefined) return fault('where it goes is known only when it runs');
    return fault(`where it goes at ${known} is known only when it runs`);
  }
  const [, origin = ''] = found;
  return placeOf(origin, whole.slice(origin.length), origin);
}

function placeOf(origin: string, rest: string, shown: string | null): RequestPlace {
  const path = /^[^?#]*/.exec(rest)?.[0] ?? '';
  if (path.includes('*')) return fault('a "*" in a path cannot be said in a rule');
  try {
    const pattern = encoded(path === '' ? '/' : path).replaceAll(/\0+/g, '*');
    const rule = parseRule(`GET ${origin}${pattern}`);
    return {
      ok: true,
      origin: shown === null ? null : originText(rule.config),
      path: rule.narrowing.path ?? '/',
    };
  } catch (error) {
    if (!PowerboxError.is(error) && !(error instanceof URIError)) throw error;
    return fault('its URL cannot be said in a rule');
  }
}

/** As a URL is sent: braces, spaces and what is not ASCII are encoded. */
function encoded(path: string): string {
  return path.replace(/[^\x21-\x7e\0]+|[{}"<>`|^]/g, encodeURIComponent);
}

/** The pattern of a path in a files power; null when it cannot be said. */
export function globOfPath(text: Text): string | null {
  const whole = joined(text);
  if (whole === null || whole.includes('*') || whole.includes('\\')) return null;
  const path = whole.startsWith('/') ? whole : `/${whole}`;
  if (path === '/') return path;
  const names = path.slice(1).split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return null;
  // A path that only the run knows may lead anywhere.
  if (names.every((name) => name.includes(GAP) && name.replaceAll(GAP, '') === '')) return null;
  return path.replaceAll(/\0+/g, '*');
}

function fault(reason: string): RequestPlace {
  return { ok: false, reason };
}
