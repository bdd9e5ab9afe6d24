import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalPath } from '../../policy/path.ts';
import type { HttpCall } from '../../powers/http/call.ts';
import { slotPlaces } from '../../powers/http/slot-places.ts';
import type { Slot } from '../../vault/slot.ts';
import type { BoundSecret } from '../protocol.ts';
import { fillSlots } from './fill-slots.ts';
import type { SlotRequest } from './slot-request.ts';

const ORIGIN = 'https://api.telegram.org:443';
const VALUE = '7123456789:AAHreal-real_realrealrealrealreal12';
const PLACEHOLDER = '4071862395:BBXfake-fake_fakefakefakefakefake98';
const TOKEN: Slot = { in: 'path', variable: 'token' };

function bound(value = VALUE, slots: readonly Slot[] = [TOKEN]): BoundSecret {
  return {
    name: 'BOT_TOKEN',
    value,
    placeholder: PLACEHOLDER,
    bindings: [{ origin: ORIGIN, slots }],
  };
}

/** What is sent under a grant with this path pattern. */
function sent(pattern: string | null, target: string, secret = bound(), method = 'POST') {
  const canonical = canonicalPath(target);
  if (!canonical.ok) throw new Error(canonical.reason);
  const { path, query } = canonical;
  const call: HttpCall = {
    scheme: 'https',
    host: 'api.telegram.org',
    port: 443,
    method,
    path,
    query,
    headers: [],
  };
  const places = slotPlaces([{ methods: null, path: pattern }], call);
  const request: SlotRequest = { method, origin: ORIGIN, path, query, headers: [], places };
  return fillSlots(request, [secret]);
}

describe('a path variable', () => {
  it.each([
    ['/bot{token}/sendMessage', `/bot${PLACEHOLDER}/sendMessage`, `/bot${VALUE}/sendMessage`],
    ['/bot{token}/**', `/bot${PLACEHOLDER}/getMe`, `/bot${VALUE}/getMe`],
    ['/file/bot{token}/**', `/file/bot${PLACEHOLDER}/a/b`, `/file/bot${VALUE}/a/b`],
    ['/hooks/{token}', `/hooks/${PLACEHOLDER}`, `/hooks/${VALUE}`],
    ['/**/{token}.json', `/a/b/${PLACEHOLDER}.json`, `/a/b/${VALUE}.json`],
    ['/bot{token}/*', `/bot${PLACEHOLDER.replace(':', '%3A')}/x`, `/bot${VALUE}/x`],
  ])('of %s is filled in %s', (pattern, target, expected) => {
    expect(sent(pattern, target)).toMatchObject({
      ok: true,
      path: expected,
      used: [{ name: 'BOT_TOKEN' }],
      notes: [],
    });
  });

  it.each([
    ['no path', null, `/bot${PLACEHOLDER}/sendMessage`],
    ['no variable', '/**', `/bot${PLACEHOLDER}/sendMessage`],
    ['another variable', '/bot{id}/**', `/bot${PLACEHOLDER}/sendMessage`],
    ['a place between two **', '/**/bot{token}/**', `/bot${PLACEHOLDER}/sendMessage`],
  ])('is left as it is under a grant with %s, with a note', (_, pattern, target) => {
    expect(sent(pattern, target)).toMatchObject({
      ok: true,
      path: target,
      used: [],
      notes: ['placeholder-outside-slot BOT_TOKEN in path'],
    });
  });

  it('is filled in its own segment alone', () => {
    const target = `/bot${PLACEHOLDER}/notes/${PLACEHOLDER}`;
    expect(sent('/bot{token}/notes/*', target)).toMatchObject({
      path: `/bot${VALUE}/notes/${PLACEHOLDER}`,
      notes: ['placeholder-outside-slot BOT_TOKEN in path'],
    });
  });

  it.each([
    '1234567890:of-an-attacker-0123456789012345678',
    PLACEHOLDER.toLowerCase(),
    `${PLACEHOLDER}x`,
    PLACEHOLDER.slice(1),
    PLACEHOLDER.replace(':', '%253A'),
    VALUE,
  ])('with %j in it is refused, and the reason shows neither value nor place', (text) => {
    const result = sent('/bot{token}/**', `/bot${text}/sendMessage`);
    expect(result).toMatchObject({ ok: false, code: 'credential-foreign' });
    expect(JSON.stringify(result)).not.toContain(VALUE);
  });

  it('is not filled by a secret that may not go into the request', () => {
    const call = { path: `/bot${PLACEHOLDER}/x`, query: '', method: 'POST' };
    const places = slotPlaces([{ methods: null, path: '/bot{token}/**' }], {
      ...call,
      scheme: 'https',
      host: 'api.telegram.org',
      port: 443,
    });
    const request = { ...call, origin: ORIGIN, headers: [], places };
    expect(fillSlots(request, [], [bound()])).toMatchObject({ code: 'credential-foreign' });
  });

  it('keeps its placeholder in OPTIONS', () => {
    const target = `/bot${PLACEHOLDER}/getMe`;
    expect(sent('/bot{token}/**', target, bound(), 'OPTIONS')).toMatchObject({
      path: target,
      used: [],
    });
  });

  it.each(['..', '.', 'a/b', 'a\\b', 'a%2Fb', 'a;b', 'a b', 'ünïcode'])(
    'is refused for the value %j',
    (value) => {
      const result = sent('/hooks/{token}', `/hooks/${PLACEHOLDER}`, bound(value));
      expect(result).toMatchObject({ ok: false, code: 'credential-foreign' });
      // What is wrong with the value is none of the box's business.
      expect(result).toMatchObject({ reason: expect.stringMatching(/cannot stand there$/) });
    },
  );

  it('is one segment for every server, and nothing else of the path changes', () => {
    const value = fc.stringMatching(/^[!-~]{12,40}$/);
    const tail = fc.stringMatching(/^[a-z0-9:@~.-]{1,8}x$/);
    fc.assert(
      fc.property(value, tail, (real, rest) => {
        const target = `/bot${PLACEHOLDER}/${rest}`;
        const result = sent('/bot{token}/*', target, bound(real));
        if (!result.ok) return;
        expect(result.path.split('/')).toHaveLength(3);
        expect(result.path.endsWith(`/${rest}`)).toBe(true);
        expect(decodeURIComponent(result.path)).toBe(`/bot${real}/${rest}`);
        expect(canonicalPath(result.path)).toMatchObject({ ok: true, path: result.path });
      }),
      { numRuns: 300 },
    );
  });
});
