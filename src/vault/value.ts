import { PowerboxError } from '../wire/errors.ts';
import { NAME_CHARS_MAX, SECRET_BYTES_MAX, SECRET_CHARS_MIN } from './limits.ts';
import type { Binding, Slot } from './slot.ts';
import { formatSlot } from './slot-text.ts';

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** True for a name of a secret: the same shape as a variable's, so it is a safe file name too. */
export function isSecretName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && NAME.test(text);
}

/** Throws `secret-invalid`. The text is not repeated: it may be a value put in the wrong place. */
export function checkName(text: string): void {
  if (isSecretName(text)) return;
  throw new PowerboxError('secret-invalid', 'Cannot use this name for a secret.', {
    hint: `A name is 1 to ${NAME_CHARS_MAX} letters, digits and _, and does not begin with a digit.`,
  });
}

/**
 * The text of a value as it was given: strict UTF-8, without the one newline that files and
 * commands end with. Throws `secret-invalid`.
 */
export function decodeValue(name: string, bytes: Uint8Array): string {
  // The newline comes on top of the limit, and may be two bytes.
  if (bytes.length > SECRET_BYTES_MAX + 2) throw tooLong(name);
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.replace(/\r?\n$/, '');
  } catch {
    throw valueFault(name, 'it is not UTF-8 text');
  }
}

/**
 * Refuses what cannot stand in a header field as it is (RFC 9110 §5.5), and what is too short to
 * be found again in an answer. Throws `secret-invalid`; the message never holds the value.
 */
export function checkValue(name: string, value: string, short: boolean): void {
  if (value === '') throw valueFault(name, 'it is empty');
  if (Buffer.byteLength(value, 'utf8') > SECRET_BYTES_MAX) throw tooLong(name);
  if (/[\r\n]/.test(value)) throw valueFault(name, 'it holds a line break');
  if (/[\0-\x1f\x7f-\x9f]/.test(value)) throw valueFault(name, 'it holds a control character');
  if (/[^\0-\xff]/.test(value)) {
    throw valueFault(name, 'it holds a character that no header can carry (beyond ISO 8859-1)');
  }
  if (/^ | $/.test(value)) {
    throw valueFault(name, 'it begins or ends with a space, which servers drop');
  }
  if (!short && value.length < SECRET_CHARS_MIN) {
    throw new PowerboxError(
      'secret-invalid',
      `Cannot keep the value of ${name}: it is shorter than ${SECRET_CHARS_MIN} characters.`,
      { hint: 'Give --short to keep it all the same; answers that hold the same text change.' },
    );
  }
}

/**
 * Why a value cannot stand in a slot though it can be kept: a clause, or null. What would end its
 * place early, or be another place to some server, is refused rather than encoded.
 */
export function faultInSlot({ in: place }: Slot, value: string): string | null {
  if (place === 'cookie') {
    // cookie-octet of RFC 6265 §4.1.1.
    return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(value)
      ? null
      : 'it holds a character that no cookie can carry';
  }
  if (place !== 'path') return null;
  if (/^\.+$/.test(value)) return 'it is dots only, which a path takes for another segment';
  return /^[\x21-\x7e]+$/.test(value) && !/[/\\%;]/.test(value)
    ? null
    : 'it holds a character that servers cut a path at (a slash, a backslash, ";", "%", a space, or beyond ASCII)';
}

/** Throws `secret-invalid` for a value that one of its slots cannot carry. */
export function checkSlots(name: string, bindings: readonly Binding[], value: string): void {
  for (const slot of bindings.flatMap(({ slots }) => slots)) {
    const reason = faultInSlot(slot, value);
    if (reason !== null) throw valueFault(name, `${reason}, and it is for ${formatSlot(slot)}`);
  }
}

function tooLong(name: string): PowerboxError {
  return valueFault(name, `it is longer than ${SECRET_BYTES_MAX} bytes`);
}

function valueFault(name: string, reason: string): PowerboxError {
  return new PowerboxError('secret-invalid', `Cannot keep the value of ${name}: ${reason}.`);
}
