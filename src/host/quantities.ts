import { PowerboxError } from '../wire/errors.ts';

const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};
const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  '': 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `512M`, `2g`, `1048576`. */
export function parseBytes(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmgt]?)(?:i?b)?$/i.exec(text);
  const factor = BYTES[match?.[2]?.toLowerCase() ?? ''];
  const bytes =
    match === null || factor === undefined ? Number.NaN : Math.floor(Number(match[1]) * factor);
  if (!Number.isSafeInteger(bytes) || bytes < 1)
    throw invalid(text, flag, 'a size such as 512M or 2G');
  return bytes;
}

/** `90s`, `15m`, `2h`; milliseconds. A plain number is seconds. */
export function parseDuration(text: string, flag: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text);
  const factor = MILLISECONDS[match?.[2] ?? ''];
  const ms = match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
  // Timers of the platform hold 31 bits of milliseconds.
  if (!Number.isFinite(ms) || ms < 1 || ms > 2 ** 31 - 1) {
    throw invalid(text, flag, 'a time such as 90s, 15m or 2h, at most 24 days');
  }
  return Math.floor(ms);
}

export function parseCpus(text: string, flag: string): number {
  const cpus = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(cpus >= 0.01 && cpus <= 4096))
    throw invalid(text, flag, 'a number of processors such as 1.5');
  return cpus;
}

export function parseCount(text: string, flag: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw invalid(text, flag, 'a whole number above zero');
  return count;
}

function invalid(text: string, flag: string, wanted: string): PowerboxError {
  return new PowerboxError(
    'limit-invalid',
    `Cannot use ${flag} "${text.slice(0, 40)}": it is not ${wanted}.`,
    {
      hint: `Write ${flag} as ${wanted}.`,
    },
  );
}
