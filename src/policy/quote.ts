import { QUOTE_CHARS_MAX } from './limits.ts';

/**
 * Foreign text between quotes: bounded, and with everything but printable ASCII escaped, so that
 * it can neither flood a terminal nor steer it.
 */
export function quote(text: string): string {
  return escaped(JSON.stringify(shorten(text)));
}

/** The same without the quotes, for a sentence that has foreign text in it. */
export function legible(text: string): string {
  return escaped(shorten(text));
}

/** Like `quote`, and whole: for what a person agrees to, where the end may be what matters. */
export function quoteWhole(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Like `legible`, and whole. */
export function legibleWhole(text: string): string {
  return escaped(text);
}

function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e…]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** At most QUOTE_CHARS_MAX characters, the last one `…` when something was left out. */
export function shorten(text: string): string {
  return text.length <= QUOTE_CHARS_MAX ? text : `${text.slice(0, QUOTE_CHARS_MAX - 1)}…`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
