import { HOST, type Kernel, type Revocable } from '../kernel/kernel.ts';
import type { CompartmentDoor, CompartmentWords } from '../wire/compartment.ts';
import type { GrantFilter, GrantInfo, GuestDoor, RevokeInfo, RevokeWords } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { canRequest } from './can-request.ts';
import { readGrant } from './grant-words.ts';
import { grantInfo, grantInfos, namesOf, powerInfo, revokeInfo, verdictInfo } from './infos.ts';
import { mailDoor } from './mail-door.ts';
import { heldGrant, readPower } from './power-words.ts';

/** What a door needs; `ended` is the end of the session that it was opened for. */
export interface DoorDeps {
  readonly kernel: Kernel;
  readonly ended: AbortSignal;
  now(): number;
  /** Left out where no session could hold one. */
  readonly compartment?: (words: CompartmentWords) => Promise<CompartmentDoor>;
}

const DAY_MS = 86_400_000;

/**
 * The world of one principal, `holder`, and nothing else of the daemon. For the host it is the
 * part of its door that is like a guest's.
 */
export function guestDoor(deps: DoorDeps, holder: string): GuestDoor {
  const { kernel, now } = deps;
  const { names } = kernel;

  function grantAt(path: string): string {
    return /^gr-/.test(path) ? heldGrant(kernel, holder, path) : names.lookup(holder, path);
  }

  return {
    async whoami() {
      const { id, name } = kernel.principal(holder);
      return { id, name };
    },
    async list(path) {
      return names.list(holder, path).map((entry) => {
        const power = entry.type === 'grant' ? kernel.view(entry.id).power : null;
        return { ...entry, kind: power?.kind ?? null, text: power?.text ?? null };
      });
    },
    lookup: async (path) => kernel.reference(holder, grantAt(path)),
    describe: async (path) => powerInfo(kernel, holder, kernel.view(grantAt(path))),
    makeDirectory: async (path) => names.makeDirectory(holder, path),
    move: async (from, to) => names.move(holder, from, to),
    copy: async (from, to) => names.copy(holder, from, to),
    remove: async (path, recursive) => names.remove(holder, path, recursive),

    async grant(words) {
      const { id } = kernel.together(await readGrant(kernel, holder, words, now()));
      return grantInfo(holder, kernel.view(id), namesOf(kernel));
    },
    async revoke(what, reason) {
      const report = await kernel.revoke(holder, await revocable(kernel, holder, what), reason);
      return revokeInfo(kernel, holder, report);
    },
    async preview(what): Promise<RevokeInfo> {
      const report = kernel.preview(await revocable(kernel, holder, what));
      return revokeInfo(kernel, holder, report);
    },
    grants: async (filter) => grantsSeen(kernel, holder, filter, now()),
    async can(path, method, args) {
      return verdictInfo(kernel.can(holder, kernel.reference(holder, grantAt(path)), method, args));
    },
    canRequest: async (method, url) => canRequest(kernel, holder, method, url, now()),
    ...mailDoor(deps, holder),
    async compartment(words) {
      if (deps.compartment !== undefined) return deps.compartment(words);
      throw new PowerboxError('call-invalid', 'Cannot make a compartment but in a session.');
    },
  };
}

/** What a guest may end is what it gave; of anything else it is not told that it is there. */
async function revocable(kernel: Kernel, viewer: string, what: RevokeWords): Promise<Revocable> {
  const { id } = what;
  if (viewer !== HOST) {
    const grant = what.what === 'grant' ? kernel.view(id).grant : undefined;
    if (grant?.from === viewer) return { grant: grant.id };
    throw new PowerboxError('grant-unknown', 'Cannot end what was not given by you.');
  }
  switch (what.what) {
    case 'grant':
      return { grant: await grantOf(kernel, id) };
    case 'guest':
      return { guest: kernel.principal(id).id };
    case 'power': {
      const power = kernel.powers().find((one) => one.id === id);
      return { power: power?.id ?? kernel.view(await grantOf(kernel, id)).power.id };
    }
    case 'secret':
      return { secret: id };
  }
}

/** An id of any grant, or a petname of the host. */
async function grantOf(kernel: Kernel, text: string): Promise<string> {
  if (/^gr-/.test(text)) return kernel.view(text).grant.id;
  const worded = await readPower(kernel, HOST, text);
  if (worded.type === 'grant') return worded.grant;
  throw new PowerboxError('grant-unknown', `Cannot find the grant ${JSON.stringify(text)}.`);
}

function grantsSeen(
  kernel: Kernel,
  viewer: string,
  filter: GrantFilter,
  now: number,
): readonly GrantInfo[] {
  const { unusedDays } = filter;
  const views = kernel.grants({
    ...(filter.of === undefined ? {} : { of: kernel.principal(filter.of).id }),
    ...(filter.to === undefined ? {} : { to: kernel.principal(filter.to).id }),
    ...(filter.all === undefined ? {} : { all: filter.all }),
    // A guest's question costs no more than what the guest has.
    ...(viewer === HOST ? {} : { seenBy: viewer }),
  });
  const seen = views.filter(({ grant, lastUsed }) => {
    if (unusedDays === undefined) return true;
    return (lastUsed ?? grant.created) <= now - unusedDays * DAY_MS;
  });
  return grantInfos(kernel, viewer, seen);
}
