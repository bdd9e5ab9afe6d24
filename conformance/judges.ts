import { reveals } from '../test/hostile/support/readings.ts';
import { OTHER_TOKEN, TOKEN } from './policy.ts';
import { readStrictly } from './services/strict-reader.ts';
import type { Evidence } from './types.ts';

/** In what way an attack succeeded; null when it did not. */
export type Judge = (evidence: Evidence) => string | null;

/** The program saw the value, as it is or in an encoding that anyone can undo. */
export const sawSecret: Judge = ({ seen }) =>
  reveals(seen, TOKEN) || reveals(seen, OTHER_TOKEN) ? 'the program saw the value' : null;

export const sawText =
  (text: string, what: string): Judge =>
  ({ seen }) =>
    seen.includes(text) ? `the program saw ${what}` : null;

/** Anything with the mark came to one of these. */
export const cameTo =
  (...services: readonly string[]): Judge =>
  ({ heard }) => {
    const found = heard.find(({ service }) => services.includes(service));
    return found === undefined ? null : `it came to ${found.service}`;
  };

/** A request came with these words in its head or body. */
export const cameWith =
  (words: RegExp): Judge =>
  ({ arrived }) => {
    const found = arrived.find(
      ({ asked }) => words.test(asked.head) || words.test(textOf(asked.body)),
    );
    return found === undefined ? null : `it came to ${found.service}`;
  };

/** A request line with these words came, for a lax reader or a strict one, or what readers differ on. */
export const requested =
  (words: RegExp): Judge =>
  ({ arrived, heard, mark }) => {
    const lax = arrived.find(({ asked }) => words.test(asked.head.split('\r\n')[0] as string));
    if (lax !== undefined) return `it came to ${lax.service}`;
    for (const { service, heard: one } of heard) {
      if (one.bytes.subarray(0, 3).equals(PREFACE)) continue;
      const own = readStrictly(one.bytes).filter(({ bytes }) => bytes.includes(mark));
      if (own.some(({ malformed }) => malformed))
        return `it came to ${service}, where readers differ`;
      if (own.some(({ head }) => words.test(head.split('\r\n')[0] as string)))
        return `it came to ${service}`;
    }
    return null;
  };

/** A name of the attacker's, or anything at all at the attacker's servers. */
export const elsewhere: Judge = (evidence) => {
  const named = cameWith(/^(?:[A-Z]+ \S*evil\.example|host:.*evil\.example)/im)(evidence);
  const came = cameTo('evil', 'evil-80', 'evil-22', 'evil-dot', 'api-8443')(evidence);
  const shaken = evidence.heard.find(({ heard }) => /evil\.example$/.test(heard.sni ?? ''));
  return (
    came ?? named ?? (shaken === undefined ? null : `by that server name to ${shaken.service}`)
  );
};

/** HTTP/2 in which these words stand. */
export const framed =
  (words: RegExp): Judge =>
  ({ heard }) => {
    const found = heard.find(
      ({ heard: { bytes } }) =>
        bytes.subarray(0, 3).equals(PREFACE) && words.test(bytes.toString('latin1')),
    );
    return found === undefined ? null : `it came to ${found.service}`;
  };

const PREFACE = Buffer.from('PRI');

/** UTF-16 and nested escapes are read too. */
function textOf(body: Buffer): string {
  const text = body.toString('latin1');
  return `${text}\n${text.replaceAll('\0', '')}`;
}

/** The value came anywhere but in the slot that it has at its own host. */
export const valueOutsideSlot: Judge = ({ arrived }) => {
  for (const { service, asked } of arrived) {
    const slot =
      service === 'other' ? /^x-api-key: .*$/im : /^authorization: (?:bearer|token) \S+$/im;
    const own = service === 'other' ? OTHER_TOKEN : TOKEN;
    const exact = (slot.exec(asked.head)?.[0] ?? '').split(' ').at(-1) === own;
    const rest = `${exact ? asked.head.replace(slot, '') : asked.head}\n${asked.body.toString('latin1')}`;
    if (reveals(rest, TOKEN) || reveals(rest, OTHER_TOKEN)) return `the value came to ${service}`;
  }
  return null;
};

/** The value came to a server at all. */
export const valueCame: Judge = ({ heard }) => {
  const found = heard.find(({ heard: { bytes } }) => reveals(bytes, TOKEN));
  return found === undefined ? null : `the value came to ${found.service}`;
};

/** The first of several that finds something. */
export const any =
  (...judges: readonly Judge[]): Judge =>
  (evidence) => {
    for (const judge of judges) {
      const why = judge(evidence);
      if (why !== null) return why;
    }
    return null;
  };

/** An honest request works when it came whole, with the value in its slot, and was answered. */
export function works({ arrived, heard, text }: Evidence): boolean {
  const whole = arrived.every(({ service, asked }) => {
    if (service === 'api' && !asked.head.includes(`Bearer ${TOKEN}`)) return false;
    if (service === 'other' && !asked.head.includes(OTHER_TOKEN)) return false;
    return asked.method !== 'POST' || asked.body.length > 0;
  });
  const came = arrived.length > 0 || heard.length > 0;
  return came && whole && /^HTTP\/1\.1 (?:[23]\d\d|101)|^\0\0/.test(text);
}
