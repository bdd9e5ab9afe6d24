import { describe, expect, it } from 'vitest';
import type { HttpCall } from './call.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { slotPlaces } from './slot-places.ts';

const CALL: HttpCall = {
  scheme: 'https',
  host: 'api.example',
  port: 443,
  method: 'POST',
  path: '/v1/t0ken/send',
  query: '',
  headers: [['content-type', 'application/json']],
  body: { bytes: Buffer.from('{"auth":{"token":"x"}}') },
};

function places(...narrowings: readonly HttpNarrowing[]) {
  const { named, variables, pointers } = slotPlaces(narrowings, CALL);
  const texts = [...variables].map(([name, { start, end }]) => [name, CALL.path.slice(start, end)]);
  return { named, variables: Object.fromEntries(texts), pointers: [...pointers].sort() };
}

const body = { fields: [{ at: '/auth/token' }, { at: '/auth/*' }, { at: '/x', absent: true }] };

describe('slotPlaces()', () => {
  it('says what the narrowings name', () => {
    expect(places({ methods: ['POST'], path: '/v1/{token}/send', body })).toEqual({
      named: true,
      variables: { token: 't0ken' },
      pointers: ['/auth/*', '/auth/token'],
    });
  });

  it.each([
    ['nothing', []],
    ['no methods', [{ methods: null, path: '/v1/**' }]],
    ['no path', [{ methods: ['POST'], path: null }]],
    ['every path', [{ methods: ['POST'], path: '/**' }]],
  ])('takes %s for no place', (_, narrowings) => {
    expect(places(...narrowings)).toMatchObject({ named: false, pointers: [] });
  });

  it('takes what one of a chain names', () => {
    const chain: HttpNarrowing[] = [
      { methods: ['POST'], path: null },
      { methods: null, path: '/v1/{token}/*' },
      { methods: null, path: '/v1/{token}/{verb}', body },
    ];
    expect(places(...chain)).toMatchObject({
      named: true,
      variables: { token: 't0ken', verb: 'send' },
      pointers: ['/auth/*', '/auth/token'],
    });
  });

  it('knows no place of a variable that is in two', () => {
    const chain: HttpNarrowing[] = [
      { methods: null, path: '/v1/{token}/*' },
      { methods: null, path: '/v1/*/{token}' },
      { methods: null, path: '/v1/{token}/*' },
    ];
    expect(places(...chain).variables).toEqual({});
  });

  it('takes of alternatives what all that permit the call name alike', () => {
    const one: HttpNarrowing = { methods: ['POST'], path: '/v1/{token}/send', body };
    const other: HttpNarrowing = { methods: ['POST'], path: '/v1/{token}/{verb}' };
    const without: HttpNarrowing = { methods: null, path: null };
    const elsewhere: HttpNarrowing = { methods: ['PUT'], path: '/v2' };
    const any = (...alternatives: HttpNarrowing[]): HttpNarrowing => ({
      methods: null,
      path: null,
      any: alternatives,
    });
    expect(places(any(one, elsewhere))).toEqual(places(one));
    expect(places(any(one, other))).toEqual({
      named: true,
      variables: { token: 't0ken' },
      pointers: [],
    });
    expect(places(any(one, without))).toMatchObject({ named: false, variables: {}, pointers: [] });
    expect(places(any({ ...one, path: '/v1/*/{token}' }, one)).variables).toEqual({});
  });
});
