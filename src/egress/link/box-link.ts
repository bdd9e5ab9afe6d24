import type { Spend } from '../../ocap/budget.ts';
import type { Verdict } from '../../ocap/verdict.ts';
import type { AskAdmit, Change, DoorMethod, LinkSecret } from '../../wire/link.ts';
import { type BoxGrants, makeBoxGrants } from './box-grants.ts';
import { openDaemonLink } from './daemon-link.ts';
import { FIRST_GRANTS_MS_MAX } from './limits.ts';

/** What the egress has of the daemon for one box: its grants, and whom to ask. */
export interface BoxLink {
  readonly grants: BoxGrants;
  /** True once the grants are known; false when the daemon does not say them in time. */
  known(): Promise<boolean>;
  /** The daemon's word on a use whose grant says that it is to be asked. */
  admit(use: Omit<AskAdmit, 'do'>, signal: AbortSignal): Promise<Verdict>;
  /** What became known of a use later; refused when it must be cut. */
  spend(grant: string, spend: Spend): Promise<Verdict>;
  /** A use is over of which so much was foreseen. */
  over(grant: string, most: Spend): void;
  /** Something that the program in the box does at its own door. */
  door(method: DoorMethod, args: readonly unknown[], signal: AbortSignal): Promise<unknown>;
  close(): void;
}

export interface BoxLinkOptions {
  readonly socket: string;
  readonly box: string;
  readonly token: string;
  /** Told of secrets that grants make use of, before the grants, and of placeholders of gone ones. */
  secrets(secrets: readonly LinkSecret[], gone: readonly string[]): void;
  /** The daemon does not take this box for one of its own. */
  refused(reason: string): void;
}

export function openBoxLink(options: BoxLinkOptions): BoxLink {
  const grants = makeBoxGrants();
  let settle: (known: boolean) => void = () => {};
  const first = new Promise<boolean>((done) => {
    settle = done;
  });
  const timer = setTimeout(() => settle(false), FIRST_GRANTS_MS_MAX);
  let isKnown = false;

  function changed(change: Change): number {
    options.secrets(change.secrets, change.gone ?? []);
    const cut = grants.apply(change);
    isKnown = true;
    clearTimeout(timer);
    settle(true);
    return cut;
  }

  const { socket, box, token } = options;
  const link = openDaemonLink(
    { socket, box, token },
    {
      changed,
      refused(reason) {
        // Whatever it held, nobody answers for it any more.
        grants.apply({ ...NOTHING, guest: grants.guest });
        settle(false);
        options.refused(reason);
      },
    },
  );
  return {
    grants,
    known: () => (isKnown ? Promise.resolve(true) : first.then((known) => known || isKnown)),
    admit: (use, signal) => link.ask({ do: 'admit', ...use }, signal) as Promise<Verdict>,
    spend: (grant, spend) =>
      link.ask({ do: 'spend', grant, spend, over: null }) as Promise<Verdict>,
    over: (grant, most) =>
      // A daemon that cannot be told has forgotten it with the connection.
      void link.ask({ do: 'spend', grant, spend: {}, over: most }).catch(() => {}),
    door: (method, args, signal) => link.ask({ do: 'door', method, args }, signal),
    close() {
      clearTimeout(timer);
      settle(false);
      link.close();
    },
  };
}

const NOTHING: Omit<Change, 'guest'> = {
  type: 'change',
  change: 0,
  whole: true,
  grants: [],
  ended: [],
  secrets: [],
  own: [],
};
