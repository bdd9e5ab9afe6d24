/**
 * A number whose text says more than a double keeps, as 9007199254740993, 1e400 or
 * 100.00000000000000001. A reader with exact decimals sees another number than one without, so no
 * rule about its value can hold for both.
 */
export class InexactNumber {
  readonly inexact = true;
}

const INEXACT: InexactNumber = Object.freeze(new InexactNumber());

/** Longest number that is looked at; the longest exact double has some 770 digits, used by nobody. */
const NUMBER_CHARS_MAX = 64;

/** The number that a JSON token (RFC 8259 §6) means to every reader. */
export function exactNumber(token: string): number | InexactNumber {
  if (token.length > NUMBER_CHARS_MAX) return INEXACT;
  const value = Number(token);
  // Whole numbers of so few digits are what they say.
  if (token.length < 15 && String(value) === token) return value;
  if (!Number.isFinite(value)) return INEXACT;
  return decimalOf(token) === decimalOf(String(value)) ? value : INEXACT;
}

/** One spelling of each decimal: sign, digits without zeros at either end, exponent of the last. */
function decimalOf(text: string): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return 'none';
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}
