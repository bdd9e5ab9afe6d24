import { describe, expect, it } from 'vitest';
import type { Slot } from '../../vault/slot.ts';
import { BoxSecrets } from '../box-secrets.ts';
import { bringCredential } from './bring.ts';
import { fillSlots } from './fill-slots.ts';
import type { SlotRequest } from './slot-request.ts';

const ORIGIN = 'https://api.example.com:443';
const VALUE = 'real_0123456789abcdefghij';
const PLACEHOLDER = 'fake_0123456789abcdefghij';
const GRANT = { secret: 'TOKEN', text: 'api' };
const bearer: Slot = { in: 'header', name: 'authorization', form: 'bearer' };

function secretsWith(...slots: readonly Slot[]): BoxSecrets {
  const secrets = new BoxSecrets([]);
  const bindings = [{ origin: ORIGIN, slots }];
  secrets.adopt([{ name: 'TOKEN', value: VALUE, placeholder: PLACEHOLDER, bindings }]);
  return secrets;
}

function request(fields: Partial<SlotRequest> = {}): SlotRequest {
  return { method: 'GET', origin: ORIGIN, path: '/', query: '', headers: [], ...fields };
}

/** What is sent under the grant. */
function sent(secrets: BoxSecrets, asked: SlotRequest) {
  const brought = bringCredential(asked, GRANT, secrets);
  if (!brought.ok) throw new Error(brought.reason);
  return fillSlots(brought.request, secrets.usable(brought.secret), secrets.all, brought.secret);
}

describe('bringCredential()', () => {
  it.each([
    [bearer, { headers: ['authorization', `Bearer ${VALUE}`] }],
    [{ in: 'header', name: 'x-api-key', form: 'whole' }, { headers: ['x-api-key', VALUE] }],
    [{ in: 'query', name: 'key' }, { query: `key=${VALUE}` }],
    [{ in: 'cookie', name: 'session' }, { headers: ['cookie', `session=${VALUE}`] }],
    [
      { in: 'header', name: 'authorization', form: 'template', template: 'Token {}' },
      { headers: ['authorization', `Token ${VALUE}`] },
    ],
    [
      { in: 'header', name: 'authorization', form: 'basic-password' },
      { headers: ['authorization', `Basic ${btoa(`x-access-token:${VALUE}`)}`] },
    ],
  ] as const)('fills the slot %j of a request that has nothing there', (slot, expected) => {
    expect(sent(secretsWith(slot), request())).toMatchObject({ ok: true, ...expected });
  });

  it('cannot bring a placeholder to a place that only the program can write', () => {
    for (const slot of [
      { in: 'path', variable: 'token' },
      { in: 'form', name: 'secret' },
      { in: 'json', pointer: '/token' },
      { in: 'websocket', pointer: '/d/token' },
    ] as const) {
      const brought = bringCredential(request(), GRANT, secretsWith(slot));
      expect(brought).toMatchObject({ ok: false, code: 'credential-foreign' });
      const both = bringCredential(request(), GRANT, secretsWith(slot, bearer));
      expect(both).toMatchObject({
        ok: true,
        request: { headers: ['authorization', `Bearer ${PLACEHOLDER}`] },
      });
    }
  });

  it('takes the name of a path variable for the placeholder of its own secret alone', () => {
    const token: Slot = { in: 'path', variable: 'token' };
    const path = '/bot{token}/getMe';
    const variables = new Map([['token', { start: 4, end: 11 }]]);
    const places = { named: false, variables, pointers: new Set<string>() };
    const secrets = secretsWith(token, bearer);
    for (const spelled of [path, path.replace('{', '%7B').replace('}', '%7D')]) {
      const span = { start: 4, end: spelled.length - '/getMe'.length };
      const asked = { path: spelled, places: { ...places, variables: new Map([['token', span]]) } };
      expect(sent(secrets, request(asked))).toMatchObject({
        path: `/bot${VALUE}/getMe`,
        headers: [],
      });
    }
    // A box's own secret has a placeholder that the box knows.
    expect(fillSlots(request({ path, places }), secrets.all)).toMatchObject({
      code: 'credential-foreign',
    });
    const none = bringCredential(request({ path }), GRANT, secretsWith(token));
    expect(none).toMatchObject({ ok: false, code: 'credential-foreign' });
  });

  it('brings no second cookie beside its own, and none to a preflight', () => {
    const cookie: Slot = { in: 'cookie', name: 'session' };
    const own = request({ headers: ['Cookie', 'a=1; session=of-another'] });
    expect(sent(secretsWith(cookie), own)).toMatchObject({ code: 'credential-foreign' });
    const other = request({ headers: ['Cookie', 'a=1'] });
    expect(sent(secretsWith(cookie), other)).toMatchObject({
      headers: ['cookie', `session=${VALUE}`],
      notes: ['cookie-dropped'],
    });
    const preflight = request({ method: 'OPTIONS' });
    expect(sent(secretsWith(cookie), preflight)).toMatchObject({ headers: [], used: [] });
  });

  it('leaves a slot that is filled to be judged', () => {
    const own = request({ headers: ['Authorization', 'Bearer of-another'] });
    expect(sent(secretsWith(bearer), own)).toMatchObject({ code: 'credential-foreign' });
    const same = request({ headers: ['authorization', `Bearer ${PLACEHOLDER}`] });
    expect(sent(secretsWith(bearer), same)).toMatchObject({
      headers: ['authorization', `Bearer ${VALUE}`],
    });
  });

  it('sends nothing where the vault has no such secret, or it is for elsewhere', () => {
    const none = bringCredential(request(), GRANT, new BoxSecrets([]));
    expect(none).toMatchObject({ ok: false, code: 'credential-foreign' });
    const elsewhere = request({ origin: 'https://other.example.com:443' });
    expect(bringCredential(elsewhere, GRANT, secretsWith(bearer))).toMatchObject({ ok: false });
  });

  it('lets no other credential to where the secret of another grant goes', () => {
    const secrets = secretsWith(bearer);
    for (const headers of [
      ['authorization', 'Bearer of-a-stranger'],
      ['x-api-key', 'of-a-stranger'],
      ['authorization', `Bearer ${PLACEHOLDER}`],
    ]) {
      const plain = bringCredential(request({ headers }), { secret: null, text: 'x' }, secrets);
      if (!plain.ok) throw new Error(plain.reason);
      const filled = fillSlots(plain.request, secrets.usable(plain.secret), secrets.all);
      expect(filled).toMatchObject({ ok: false, code: 'credential-foreign' });
    }
    const none = fillSlots(request({ headers: ['accept', '*/*'] }), [], secrets.all);
    expect(none).toMatchObject({ ok: true, headers: ['accept', '*/*'], used: [] });
  });

  it('lets no other grant make use of the secret', () => {
    const secrets = secretsWith(bearer);
    const asked = request({ headers: ['authorization', `Bearer ${PLACEHOLDER}`] });
    const brought = bringCredential(asked, { secret: null, text: 'plain' }, secrets);
    const usable = brought.ok ? secrets.usable(brought.secret) : [];
    const filled = brought.ok ? fillSlots(brought.request, usable) : null;
    expect(JSON.stringify(filled)).not.toContain(VALUE);
  });
});
