import { describe, expect, it } from 'vitest';
import { readGuideCall, requestNamed } from './guide-routes.ts';
import { GUIDE_WAIT_SECONDS_MAX } from './limits.ts';

describe('readGuideCall()', () => {
  it.each([
    ['GET', '/grants', '', ['grants', [{}]]],
    ['GET', '/requests/ml-1', '', ['sent', []]],
    ['POST', '/requests', '{"kind":"http","text":"x"}', ['request', [{ kind: 'http', text: 'x' }]]],
    ['POST', '/mail', '{"to":"host","text":"x"}', ['send', ['host', 'x', [], null]]],
    ['POST', '/revoke', '{"grant":"gr-1"}', ['revoke', [{ what: 'grant', id: 'gr-1' }, '']]],
    [
      'POST',
      '/revoke',
      '{"grant":"gr-1","preview":true}',
      ['preview', [{ what: 'grant', id: 'gr-1' }]],
    ],
    ['POST', '/inbox/ml-1/adopt', '{"name":"a"}', ['adopt', ['ml-1', 'a', 'a']]],
    ['POST', '/inbox/ml-1/dismiss', '', ['dismiss', ['ml-1']]],
  ])('takes %s %s', (method, path, body, [door, args]) => {
    expect(readGuideCall(method, path, '', body)).toEqual({ method: door, args, waitMs: 0 });
  });

  it('knows no other place, and no other method of a place', () => {
    for (const [method, path] of [
      ['GET', '/mail'],
      ['DELETE', '/grants'],
      ['POST', '/'],
      ['POST', '/grants/'],
      ['GET', '/requests/../grants'],
    ] as const) {
      expect(readGuideCall(method, path, '', '{}')).toBeNull();
    }
    expect(requestNamed('/requests/ml-1')).toBe('ml-1');
    expect(requestNamed('/requests')).toBeNull();
  });

  it.each(['[]', '5', '{', '{"kind":1,"kind":2}', '{"from":"host"}', '{"__proto__":{}}'])(
    'refuses the body %s',
    (body) => {
      expect(() => readGuideCall('POST', '/requests', '', body)).toThrow(
        expect.objectContaining({ code: 'call-invalid' }),
      );
    },
  );

  it('waits as long as it is told, and not longer than its bound', () => {
    const wait = (query: string) => readGuideCall('GET', '/requests/ml-1', query, '')?.waitMs;
    expect(wait('wait=30')).toBe(30_000);
    expect(wait('wait=99999')).toBe(GUIDE_WAIT_SECONDS_MAX * 1_000);
    expect(() => wait('wait=-1')).toThrow('wait=SECONDS');
    expect(() => wait('other=1')).toThrow('wait=SECONDS');
  });
});
