import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { fillSlots } from './fill-slots.ts';

const ORIGIN = 'https://app.example.com:443';
const VALUE = 'real_0123456789abcdefghij';
const PLACEHOLDER = 'fake_9876543210zyxwvutsrq';
const SESSION: Slot = { in: 'cookie', name: 'session' };

function sent(headers: readonly string[], options: { value?: string; method?: string } = {}) {
  const { value = VALUE, method = 'GET' } = options;
  const bindings = [{ origin: ORIGIN, slots: [SESSION] }];
  const secret: BoundSecret = { name: 'SESSION', value, placeholder: PLACEHOLDER, bindings };
  const request = { method, origin: ORIGIN, path: '/', query: '', headers };
  return fillSlots(request, [secret]);
}

describe('a cookie slot', () => {
  it('keeps its cookie with the value, and drops every other with a note', () => {
    expect(sent(['Cookie', `session=${PLACEHOLDER}`])).toMatchObject({
      headers: ['cookie', `session=${VALUE}`],
      used: [{ name: 'SESSION' }],
      notes: [],
    });
    const text = `a=1; session=${PLACEHOLDER}; Session=2; theme="dark"; b=`;
    expect(sent(['accept', '*/*', 'Cookie', text, 'x', 'y'])).toMatchObject({
      headers: ['accept', '*/*', 'x', 'y', 'cookie', `session=${VALUE}`],
      notes: ['cookie-dropped'],
    });
    expect(sent(['cookie', 'a=1'])).toMatchObject({ headers: [], notes: ['cookie-dropped'] });
    expect(sent(['cookie2', '$Version=1'])).toMatchObject({ headers: [], used: [] });
  });

  it('is found in the fields that HTTP/2 cuts the header into', () => {
    expect(sent(['cookie', 'a=1', 'cookie', `session=${PLACEHOLDER}`])).toMatchObject({
      headers: ['cookie', `session=${VALUE}`],
    });
  });

  it('keeps the placeholder in OPTIONS', () => {
    const headers = ['cookie', `session=${PLACEHOLDER}`];
    expect(sent(headers, { method: 'OPTIONS' })).toMatchObject({ headers, used: [] });
  });

  it.each([
    'session=of-an-attacker',
    'session=',
    `session="${PLACEHOLDER}"`,
    `session=${PLACEHOLDER}; session=${PLACEHOLDER}`,
    `session=${PLACEHOLDER}; session=of-an-attacker`,
    `session=${PLACEHOLDER.toUpperCase()}`,
    `session=${VALUE}`,
    `session=${PLACEHOLDER};`,
    `session=${PLACEHOLDER};a=1`,
    `session=${PLACEHOLDER},a=1`,
    `session = ${PLACEHOLDER}`,
    ` session=${PLACEHOLDER}`,
    `a="; session=${PLACEHOLDER}; b="`,
    `$Path=/; session=${PLACEHOLDER}; a\t=1`,
    'session',
  ])('with %j is refused', (text) => {
    const result = sent(['cookie', text]);
    expect(result).toMatchObject({ ok: false, code: 'credential-foreign' });
    expect(JSON.stringify(result)).not.toContain(VALUE);
  });

  it.each(['a b', 'a;b', 'a,b', 'a"b', 'a\\b', 'ü'])('is refused for the value %j', (value) => {
    expect(sent(['cookie', `session=${PLACEHOLDER}`], { value })).toMatchObject({
      ok: false,
      code: 'credential-foreign',
    });
  });

  it('sends nothing but itself, whatever the header holds', () => {
    const part = fc.oneof(
      fc.constantFrom(
        `session=${PLACEHOLDER}`,
        'session=x',
        'a=b',
        '',
        '; ',
        ';',
        '"',
        PLACEHOLDER,
      ),
      fc.string({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 5 }),
        fc.constantFrom('; ', ';', ''),
        (parts, glue) => {
          const result = sent(['cookie', parts.join(glue)]);
          if (!result.ok) return;
          const expected = result.used.length > 0 ? ['cookie', `session=${VALUE}`] : [];
          expect(result.headers).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});
