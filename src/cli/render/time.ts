import { PowerboxError } from '../../wire/errors.ts';

/** `2026-05-01 12:00:00` in the machine's own time zone. */
export function localTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join('-');
  const hour = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${day} ${hour}`;
}

/** `14ms`, `2.3s`, `5m07s`, `3h12m`, `2d04h`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)}ms`;
  const seconds = Math.floor(milliseconds / 1_000);
  if (seconds < 60) return `${(Math.floor(milliseconds / 100) / 10).toFixed(1)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

/**
 * Milliseconds since the epoch of `text`: a span before `now` (`90s`, `15m`, `1h`, `7d`) or a date
 * of ISO 8601. `option` names the flag in the error, whose code is `usage`.
 */
export function parseSince(text: string, now: number, option = '--since'): number {
  const span = /^([0-9]{1,6})([smhd])$/.exec(text);
  if (span) return now - Number(span[1]) * (SPANS[span[2] ?? ''] ?? 0);
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2})?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new PowerboxError('usage', `Cannot parse ${option}: it is a span or a date.`, {
    hint: `Write for example ${option} 1h, ${option} 7d or ${option} 2026-05-01T12:00:00Z.`,
  });
}

const SPANS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function two(value: number): string {
  return String(value).padStart(2, '0');
}
