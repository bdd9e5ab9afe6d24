import type { Grant } from '../../src/ocap/grant.ts';
import type { KernelStore, Mail, Power, Principal } from '../../src/store/kernel-store.ts';

/** Rows for tests of the state; every field can be said. */

export function principalRow(id: string, fields: Partial<Principal> = {}): Principal {
  return { id, name: id, created: 1, reason: '', box: null, removed: null, ...fields };
}

export function powerRow(id: string, fields: Partial<Power> = {}): Power {
  return { id, kind: 'http', config: {}, text: id, secrets: [], created: 1, ...fields };
}

export function grantRow(id: string, fields: Partial<Grant> = {}): Grant {
  return {
    id,
    from: 'host',
    to: 'host',
    power: 'pw-a',
    parent: null,
    narrowing: null,
    budget: null,
    notBefore: null,
    expires: null,
    approval: 'none',
    delegable: true,
    reason: '',
    created: 1,
    revoked: null,
    box: null,
    ...fields,
  };
}

export function mailRow(id: string, fields: Partial<Mail> = {}): Mail {
  return {
    id,
    from: 'gu-a',
    to: 'host',
    kind: 'message',
    text: '',
    wanted: null,
    enclosed: [],
    replyTo: null,
    created: 1,
    state: 'open',
    grant: null,
    answer: null,
    ...fields,
  };
}

/** The host, two guests, a power `pw-a` with its root grant, and `gr-a`, `gr-b` for the guests. */
export function fillStore(store: KernelStore): void {
  store.transaction(() => {
    store.principals.insert(principalRow('host'));
    store.principals.insert(principalRow('gu-a', { name: 'amber' }));
    store.principals.insert(principalRow('gu-b', { name: 'beryl' }));
    store.powers.insert(powerRow('pw-a'));
    store.grants.insert(grantRow('gr-root'));
    store.grants.insert(grantRow('gr-a', { to: 'gu-a', parent: 'gr-root' }));
    store.grants.insert(grantRow('gr-b', { from: 'gu-a', to: 'gu-b', parent: 'gr-a' }));
  });
}
