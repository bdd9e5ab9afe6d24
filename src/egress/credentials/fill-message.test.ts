import { describe, expect, it } from 'vitest';
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { fillMessage, messageSlots } from './fill-message.ts';

const ORIGIN = 'https://gateway.example.com:443';
const VALUE = 'real_"0123456789abcdefgh';
const PLACEHOLDER = 'fake_"9876543210zyxwvuts';

function bound(slots: readonly Slot[], origin = ORIGIN): BoundSecret {
  const bindings = [{ origin, slots }];
  return { name: 'GATEWAY', value: VALUE, placeholder: PLACEHOLDER, bindings };
}

const SLOT: Slot = { in: 'websocket', pointer: '/d/token' };

function filled(text: string, secrets = [bound([SLOT])], all = secrets) {
  const slots = messageSlots(ORIGIN, secrets, all);
  if (slots === null) throw new Error('no slots');
  return fillMessage(text, slots);
}

describe('fillMessage()', () => {
  it('fills the string that the pointer leads to, and changes nothing else', () => {
    const result = filled(`{ "op":2, "d":{"token":${JSON.stringify(PLACEHOLDER)} ,"x":[1.0]}}`);
    expect(result).toEqual({
      ok: true,
      text: `{ "op":2, "d":{"token":${JSON.stringify(VALUE)} ,"x":[1.0]}}`,
      used: [expect.objectContaining({ name: 'GATEWAY' })],
      notes: [],
    });
  });

  it('leaves what has no slot as it is, and notes a placeholder there', () => {
    for (const text of ['{"op":1,"d":251}', 'ping', '', '1', '"text"']) {
      expect(filled(text)).toEqual({ ok: true, text, used: [], notes: [] });
    }
    for (const text of [`say ${PLACEHOLDER}`, `pass me ${PLACEHOLDER}, {"d":1}`]) {
      expect(filled(text)).toMatchObject({
        text,
        used: [],
        notes: ['placeholder-outside-slot GATEWAY in a WebSocket message'],
      });
    }
    const elsewhere = JSON.stringify({ d: { note: PLACEHOLDER, list: [{ token: PLACEHOLDER }] } });
    expect(filled(elsewhere)).toMatchObject({ text: elsewhere, used: [] });
  });

  it.each([
    ['{"d":{"token":"of-an-attacker"}}', 'credential-foreign'],
    ['{"d":{"token":null}}', 'credential-foreign'],
    ['{"d":{"token":"x","token":"y"}}', 'body-unreadable'],
    ['{"d":{"token":"x","TOKEN":"y"}}', 'credential-foreign'],
    ['\ufeff{"d":{"token":"x"}}', 'body-unreadable'],
    ['/**/{"d":{"token":"x"}}', 'body-unreadable'],
    ['{"d":{"token":"x"}', 'body-unreadable'],
    ["{'d':{'token':'x'}}", 'body-unreadable'],
  ])('refuses %j', (text, code) => {
    const result = filled(text);
    expect(result).toMatchObject({ ok: false, code });
    expect(JSON.stringify(result)).not.toContain(VALUE);
  });

  it('fills nothing for a secret that may not go there', () => {
    const text = `{"d":{"token":${JSON.stringify(PLACEHOLDER)}}}`;
    expect(filled(text, [], [bound([SLOT])])).toMatchObject({ code: 'credential-foreign' });
  });
});

describe('messageSlots()', () => {
  it('is null where no secret of the box has a slot in messages', () => {
    expect(messageSlots(ORIGIN, [bound([{ in: 'json', pointer: '/d/token' }])])).toBe(null);
    expect(messageSlots(ORIGIN, [bound([SLOT], 'https://other.example:443')])).toBe(null);
    expect(messageSlots(ORIGIN, [])).toBe(null);
  });
});
