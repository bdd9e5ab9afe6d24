import type { Ended } from '../ocap/grant.ts';
import type { KernelStore, Principal } from '../store/kernel-store.ts';
import { PowerboxError } from '../wire/errors.ts';
import { newId } from './ids.ts';
import { HOST } from './kernel.ts';
import { REASON_CHARS_MAX } from './limits.ts';
import type { UseRecorder } from './recorder.ts';

/** Who holds powers. */
export interface Principals {
  /** By id or name. Throws `guest-unknown`. */
  find(idOrName: string): Principal;
  all(): readonly Principal[];
  /** Within a transaction of the caller's. */
  add(name: string, reason: string, box: string | null): Principal;
  /** Within a transaction of the caller's. */
  remove(id: string, ended: Ended): void;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export function makePrincipals(
  store: KernelStore,
  recorder: UseRecorder,
  now: () => number,
): Principals {
  if (store.principals.get(HOST) === undefined) {
    const host = { id: HOST, name: HOST, created: now(), reason: '', box: null, removed: null };
    store.transaction(() => store.principals.insert(host));
  }

  function find(idOrName: string): Principal {
    const byId = store.principals.get(idOrName);
    const found = byId?.removed === null ? byId : store.principals.byName(idOrName);
    if (found !== undefined) return found;
    throw new PowerboxError('guest-unknown', `Cannot find the guest "${idOrName.slice(0, 40)}".`);
  }

  return {
    find,
    all: () => store.principals.all(),
    add(name, reason, box) {
      // A name that looks like an id would be taken for it.
      if (!NAME.test(name) || name.startsWith('gu-')) {
        throw new PowerboxError('guest-invalid', `Cannot name a guest "${name.slice(0, 40)}".`);
      }
      if (store.principals.byName(name) !== undefined) {
        throw new PowerboxError('guest-exists', `Cannot add the guest ${name}: there is one.`);
      }
      const principal: Principal = {
        id: newId('gu'),
        name,
        created: now(),
        reason: reason.slice(0, REASON_CHARS_MAX),
        box,
        removed: null,
      };
      const { id } = principal;
      store.principals.insert(principal);
      recorder.now({ kind: 'guest', guest: id, name, state: 'added', reason: principal.reason });
      return principal;
    },
    remove(id, ended) {
      const { name } = find(id);
      store.principals.remove(id, ended);
      store.tokens.removeOf(id);
      const { reason } = ended;
      recorder.now({ kind: 'guest', guest: id, name, state: 'removed', reason });
    },
  };
}
