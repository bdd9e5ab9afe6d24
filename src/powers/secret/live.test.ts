import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Spend } from '../../ocap/budget.ts';
import type { UseContext } from '../../ocap/live.ts';
import { openSecret } from './live.ts';
import { secretPower } from './power.ts';

const VALUE = 'the value that nobody sees';
const spent: Spend[] = [];
const context: UseContext = {
  narrowings: [],
  signal: new AbortController().signal,
  spend: (amounts) => spent.push(amounts),
};

function open(text = 'HOOK', value = VALUE) {
  const root = openSecret(secretPower.readConfig(text), {
    secret: () => ({ reveal: () => value }),
  });
  return (method: string, ...args: readonly unknown[]) => root.call(method, args, context);
}

describe('openSecret()', () => {
  it('signs as others do (RFC 4231, case 2, with a longer key)', () => {
    const expected = createHmac('sha256', VALUE)
      .update('what do ya want for nothing?')
      .digest('hex');
    expect(open()('sign', 'what do ya want for nothing?')).toBe(expected);
    // RFC 4231 §4.4, test case 3.
    const third = open('HOOK key=hex', 'aa'.repeat(20))('sign', new Uint8Array(50).fill(0xdd));
    expect(third).toBe('773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe');
  });

  it('signs with each algorithm and in each encoding', () => {
    for (const digest of ['sha256', 'sha384', 'sha512']) {
      for (const encoding of ['hex', 'base64', 'base64url'] as const) {
        const mac = open()('sign', 'x', { algorithm: `hmac-${digest}`, encoding });
        expect(mac).toBe(createHmac(digest, VALUE).update('x').digest(encoding));
      }
    }
  });

  it('verifies only the right mac, whole and written plainly', () => {
    const mac = String(open()('sign', 'x'));
    expect(open()('verify', 'x', mac)).toBe(true);
    expect(open()('verify', 'x', mac.toUpperCase())).toBe(true);
    for (const wrong of ['', mac.slice(0, -2), `${mac}00`, `${mac}zz`, mac.replace(/^./, 'g')]) {
      expect(open()('verify', 'x', wrong)).toBe(false);
    }
    expect(open()('verify', 'y', mac)).toBe(false);
    const base64 = String(open()('sign', 'x', { encoding: 'base64' }));
    expect(open()('verify', 'x', base64, { encoding: 'base64' })).toBe(true);
    expect(open()('verify', 'x', `${base64}!`, { encoding: 'base64' })).toBe(false);
  });

  it('derives a key of its own for each purpose, and none that a signature gives', () => {
    const expected = hkdfSync('sha256', VALUE, 'powerbox secret derive 1', 'cookies', 32);
    expect(open()('derive', 'cookies', 32)).toBe(Buffer.from(expected).toString('hex'));
    expect(open()('derive', 'mail', 32)).not.toBe(open()('derive', 'cookies', 32));
    expect(open()('sign', 'cookies')).not.toBe(open()('derive', 'cookies', 32));
  });

  it('reads a key in the form that the power names', () => {
    const key = Buffer.from('0123456789abcdef0123');
    const expected = createHmac('sha256', key).update('x').digest('hex');
    expect(open('HOOK key=base64', key.toString('base64'))('sign', 'x')).toBe(expected);
    expect(open('HOOK key=hex', key.toString('hex'))('sign', 'x')).toBe(expected);
    expect(() => open('HOOK key=hex', `${'00'.repeat(16)}xx`)('sign', 'x')).toThrow('not in hex');
    expect(() => open('HOOK key=base64', `!${key.toString('base64')}`)('sign', 'x')).toThrow();
  });

  it('makes no use of a value that could be guessed', () => {
    expect(open('HOOK', 'x'.repeat(16))('sign', 'x')).toBeTruthy();
    for (const method of ['sign', 'derive']) {
      const args = method === 'sign' ? ['x'] : ['x', 32];
      expect(() => open('HOOK', 'fifteen bytes!!')(method, ...args)).toThrow(
        expect.objectContaining({ code: 'secret-invalid' }),
      );
    }
  });

  it('spends the bytes that it signs', () => {
    spent.length = 0;
    open()('sign', 'four');
    expect(spent).toEqual([{ bytes: 4 }]);
  });

  it('shows the value in no result and in no error', () => {
    const results: string[] = [];
    for (const [method, ...args] of [
      ['sign', VALUE],
      ['sign', ''],
      ['verify', 'x', VALUE],
      ['derive', VALUE, 32],
      ['sign', 1],
      ['reveal'],
    ] as const) {
      try {
        results.push(String(open()(method, ...args)));
      } catch (error) {
        results.push(String((error as Error).stack), JSON.stringify(error));
      }
    }
    expect(results.length).toBeGreaterThan(5);
    for (const form of [VALUE, Buffer.from(VALUE).toString('hex'), btoa(VALUE).slice(0, -4)]) {
      expect(results.join('\n')).not.toContain(form);
    }
  });
});
