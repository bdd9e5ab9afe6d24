/**
 * Text that a box had a hand in, made safe for a terminal: control characters (C0, DEL, C1), the
 * line separators and the marks that turn the direction of writing are shown as escapes. A
 * terminal must never obey what a box wrote into a URL.
 */
export function visible(text: string): string {
  return text.replace(UNSAFE, escapeOf);
}

const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function escapeOf(unit: string): string {
  const code = unit.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** The same for JSON, which has an escape for each of them, and means the same with it. */
export function visibleJson(json: string): string {
  return json.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One line of `--json`: a terminal obeys what stands in it no more than a program does. */
export function jsonLine(value: unknown): string {
  return visibleJson(JSON.stringify(value));
}

/** At most `width` UTF-16 units, with `…` in place of what is gone. */
export function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
