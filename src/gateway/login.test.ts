import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { Kernel } from '../kernel/kernel.ts';
import { PowerboxError } from '../wire/errors.ts';
import { FAILED_LOGIN_MS, FAILED_LOGINS_MAX, TOKEN_CHARS_MAX } from './limits.ts';
import { makeLogins } from './login.ts';
import { digestOf } from './token-digest.ts';

const LONGEST = 'a'.repeat(TOKEN_CHARS_MAX);

function fixture(): { login(token: string): number; clock: { now: number } } {
  const clock = { now: 1_000 };
  const row = (token: string, guest: string, expires: number | null) =>
    [digestOf(token), { digest: digestOf(token), guest, created: 0, expires }] as const;
  const rows = new Map([
    row('right', 'gu-1', null),
    row('short', 'gu-1', 2_000),
    row('removed', 'gu-2', null),
    row(LONGEST, 'gu-1', null),
    row(`${LONGEST}a`, 'gu-1', null),
  ]);
  const principal = (id: string): { id: string } => {
    if (id === 'gu-1') return { id };
    throw new PowerboxError('guest-unknown', 'Cannot find it.');
  };
  const kernel = { principal } as unknown as Kernel;
  const logins = makeLogins({ get: (digest) => rows.get(digest) }, kernel, () => clock.now);
  return {
    clock,
    login(token) {
      const headers = { authorization: `Bearer ${token}` };
      const result = logins.login({ headers } as unknown as IncomingMessage);
      return result.ok ? 101 : result.status;
    },
  };
}

describe('a login', () => {
  it('needs a token that is kept, of a guest that is there, in its time', () => {
    const { login, clock } = fixture();
    expect(login('right')).toBe(101);
    expect(login('wrong')).toBe(401);
    expect(login(digestOf('right'))).toBe(401);
    expect(login('removed')).toBe(401);
    expect(login(LONGEST)).toBe(101);
    expect(login(`${LONGEST}a`)).toBe(401);
    expect(login('short')).toBe(101);
    clock.now = 2_000;
    expect(login('short')).toBe(401);
  });

  it('may fail so often in a row, then once in each span', () => {
    const { login, clock } = fixture();
    for (let count = 0; count < FAILED_LOGINS_MAX; count += 1) expect(login('wrong')).toBe(401);
    expect(login('right')).toBe(429);
    clock.now += FAILED_LOGIN_MS - 1;
    expect(login('wrong')).toBe(429);
    clock.now += 1;
    expect(login('right')).toBe(101);
    expect(login('wrong')).toBe(401);
    expect(login('wrong')).toBe(429);
    clock.now += 1_000 * FAILED_LOGIN_MS;
    for (let count = 0; count < FAILED_LOGINS_MAX; count += 1) expect(login('wrong')).toBe(401);
    expect(login('wrong')).toBe(429);
  });
});
