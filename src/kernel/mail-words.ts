import type { Mail } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import {
  MAIL_ENCLOSED_MAX,
  MAIL_RULES_MAX,
  MAIL_TEXT_BYTES_MAX,
  MAIL_WORD_BYTES_MAX,
} from './limits.ts';
import type { RequestAsk } from './mail.ts';
import { isName } from './name-path.ts';

/** Reads what somebody else wrote, strictly; each throws `mail-invalid`. */

export function readAsk(ask: RequestAsk): Pick<Mail, 'kind' | 'text' | 'wanted'> {
  const { kind, power = null, only = [] } = ask;
  if (typeof kind !== 'string' || !/^[a-z][a-z0-9-]{0,63}$/.test(kind)) {
    throw new PowerboxError('mail-invalid', 'Cannot ask for a power of no kind.');
  }
  if (!Array.isArray(only) || only.length > MAIL_RULES_MAX) {
    throw new PowerboxError('mail-invalid', `Cannot ask for more than ${MAIL_RULES_MAX} rules.`);
  }
  return {
    kind: 'request',
    text: checkText('the text', ask.text),
    wanted: {
      kind,
      power: power === null ? null : checkText('the power', power, MAIL_WORD_BYTES_MAX),
      only: only.map((rule) => checkText('a rule', rule, MAIL_WORD_BYTES_MAX)),
    },
  };
}

export function checkText(what: string, text: unknown, bytes = MAIL_TEXT_BYTES_MAX): string {
  if (typeof text === 'string' && text.length <= bytes && Buffer.byteLength(text) <= bytes) {
    return text;
  }
  throw new PowerboxError('mail-invalid', `Cannot use ${what}: it is no text of ${bytes} bytes.`);
}

export function checkEnclosed(enclosed: Mail['enclosed']): Mail['enclosed'] {
  if (!Array.isArray(enclosed) || enclosed.length > MAIL_ENCLOSED_MAX) {
    throw new PowerboxError(
      'mail-invalid',
      `Cannot enclose more than ${MAIL_ENCLOSED_MAX} grants.`,
    );
  }
  const seen = new Set<string>();
  return enclosed.map(({ name, grant }: { readonly name: unknown; readonly grant: unknown }) => {
    if (!isName(name) || typeof grant !== 'string' || seen.has(name)) {
      throw new PowerboxError('mail-invalid', 'Cannot enclose a grant: each needs its own name.');
    }
    seen.add(name);
    return { name, grant };
  });
}
