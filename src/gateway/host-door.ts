import { randomBytes } from 'node:crypto';
import { HOST } from '../kernel/kernel.ts';
import type { TokenTable } from '../store/kernel-store.ts';
import type { DaemonInfo, GuestDoor, HostDoor, PowerInfo } from '../wire/doors.ts';
import { PowerboxError } from '../wire/errors.ts';
import { type DoorDeps, guestDoor } from './guest-door.ts';
import { guestInfo, pendingInfos, powerInfo, revokeInfo } from './infos.ts';
import { readNewPower, rootOf } from './power-words.ts';
import { digestOf } from './token-digest.ts';

/** What the host's door needs beyond that of a guest. */
export interface HostDeps extends DoorDeps {
  readonly tokens: TokenTable;
  info(): Promise<DaemonInfo>;
  /** Begins to end the daemon. Answers that are on their way still leave. */
  stop(): void;
  /** The box that a guest runs in now. */
  running(guest: string): string | null;
  /** A guest's door as an object of the same session. */
  openGuest(guest: string): GuestDoor;
  /** Ends the sessions of a guest. */
  closeGuest(guest: string): void;
  readonly agents: AgentMethods;
}

type HostOnly = Omit<HostDoor, keyof GuestDoor>;

export type AgentMethods = Pick<
  HostDoor,
  'agent' | 'agentRun' | 'agents' | 'conversation' | 'removeAgent'
>;

export function hostDoor(deps: HostDeps): HostDoor {
  const { kernel } = deps;
  return {
    ...guestDoor(deps, HOST),
    ...guestMethods(deps),
    ...deps.agents,
    status: () => deps.info(),
    stop: async () => deps.stop(),

    async makePower(text, name, reason) {
      const wanted = await readNewPower(kernel, text);
      if (wanted.only.length > 0) {
        throw new PowerboxError(
          'power-invalid',
          'Cannot make a power of a rule with a method or a path: name the origin, and narrow the grant.',
        );
      }
      const root = kernel.together(() => {
        const { grant } = rootOf(kernel, wanted, reason);
        if (name !== null) kernel.names.write(HOST, name, grant.id);
        else if (kernel.names.pathsOf(HOST, grant.id).length === 0) {
          kernel.names.write(HOST, kernel.names.freeName(HOST, wanted.kind), grant.id);
        }
        return grant.id;
      });
      return powerInfo(kernel, HOST, kernel.view(root));
    },
    powers: async () => allPowers(deps),
    kinds: async () =>
      [...kernel.kinds.values()].map(({ definition: { kind, summary } }) => ({ kind, summary })),

    pending: async () => pendingInfos(kernel, kernel.pending()),
    async decide(ids, verdict, reason) {
      const decided = kernel.pending().filter((one) => ids.includes(one.id));
      kernel.decide(ids, verdict, reason);
      return pendingInfos(
        kernel,
        decided.map((one) => ({ ...one, state: verdict, reason })),
      );
    },
  };
}

function allPowers({ kernel }: HostDeps): readonly PowerInfo[] {
  return kernel
    .grants({ to: HOST })
    .filter(({ grant }) => grant.parent === null)
    .map((view) => powerInfo(kernel, HOST, view));
}

function guestMethods(
  deps: HostDeps,
): Pick<HostOnly, 'addGuest' | 'guests' | 'removeGuest' | 'guest' | 'token'> {
  const { kernel, tokens, now } = deps;
  return {
    addGuest: async (name, reason) => guestInfo(kernel, kernel.addGuest(name, { reason }), null),
    guests: async (all) =>
      kernel
        .principals()
        .filter(({ id, removed }) => id !== HOST && (all || removed === null))
        .map((one) => guestInfo(kernel, one, deps.running(one.id))),
    async removeGuest(name, reason) {
      const { id } = guestOf(deps, name);
      const report = await kernel.removeGuest(id, reason);
      deps.closeGuest(id);
      return revokeInfo(kernel, HOST, report);
    },
    guest: async (name) => deps.openGuest(guestOf(deps, name).id),
    async token(name, forMs) {
      const guest = guestOf(deps, name).id;
      const token = `pbt_${randomBytes(32).toString('base64url')}`;
      const expires = forMs === null ? null : now() + forMs;
      tokens.insert({ digest: digestOf(token), guest, created: now(), expires });
      return token;
    },
  };
}

function guestOf(deps: HostDeps, name: string): { readonly id: string } {
  const principal = deps.kernel.principal(name);
  if (principal.id !== HOST) return principal;
  throw new PowerboxError('guest-invalid', 'Cannot do this with the host.');
}
