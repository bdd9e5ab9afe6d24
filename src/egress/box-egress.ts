import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { VirtualNames } from './dns/virtual-names.ts';
import {
  CONNECTIONS_MAX,
  LEAVES_PER_SECOND_MAX,
  REFUSALS_TOLD_MAX,
  RETIRED_VALUES_MAX,
} from './limits.ts';
import type { BoundSecret, BoxEgress, NewValue } from './protocol.ts';
import type { Recorder } from './record.ts';
import { makeScrubber, type Scrubber } from './scrub/scrubber.ts';
import { originOf, type Target } from './target.ts';
import { makeLeafMinter } from './tls/leaf.ts';
import { makeUpstreams, type Upstreams } from './upstream/pools.ts';

/** Everything that the egress holds for one box. When it is closed, nothing of it is left. */
export interface BoxState {
  readonly config: BoxEgress;
  readonly names: VirtualNames;
  readonly upstreams: Upstreams;
  readonly recorder: Recorder;
  /** The box's secrets as they are now. */
  readonly secrets: readonly BoundSecret[];
  /** Finds their values, and those that they had before. */
  readonly scrubber: Scrubber;
  /** Connections of the box that are open. */
  readonly sockets: Set<Socket>;
  /** A certificate for this name, or null when the box asks for new names too fast. */
  leafFor(name: string): SecureContext | null;
  /** True when a secret of this box is bound to the target's origin. */
  isGuarded(target: Target): boolean;
  /** From the next request on; answers on their way are still searched for what they were sent. */
  replaceValues(values: readonly NewValue[]): void;
  /** Tells the person of a refused destination, once. */
  tellRefused(destination: string, line: string): void;
  /** A row for connections beyond the bound: one a second stands for all of them. */
  recordFlood(target: string): void;
  close(): void;
}

export function makeBoxState(
  config: BoxEgress,
  recorder: Recorder,
  tell: (line: string) => void,
): BoxState {
  const mint = makeLeafMinter(config.ca);
  const guarded = new Set(
    config.secrets.flatMap((secret) => secret.bindings.map((binding) => binding.origin)),
  );
  const upstreams = makeUpstreams();
  const sockets = new Set<Socket>();
  const told = new Set<string>();
  const known = new Set<string>();
  let secrets = config.secrets;
  let retired: BoundSecret[] = [];
  let scrubber = makeScrubber(secrets);
  let second = 0;
  let minted = 0;
  let flooded = 0;
  return {
    config,
    names: new VirtualNames(),
    upstreams,
    recorder,
    get secrets() {
      return secrets;
    },
    get scrubber() {
      return scrubber;
    },
    sockets,
    leafFor(name) {
      if (!known.has(name)) {
        const now = Math.floor(Date.now() / 1000);
        if (now !== second) {
          second = now;
          minted = 0;
          if (known.size > 4096) known.clear();
        }
        minted += 1;
        if (minted > LEAVES_PER_SECOND_MAX) return null;
        known.add(name);
      }
      return mint(name);
    },
    isGuarded: (target) => guarded.has(originOf(target)),
    replaceValues(values) {
      const fresh = new Map(values.map(({ placeholder, value }) => [placeholder, value]));
      const newValue = (secret: BoundSecret) => fresh.get(secret.placeholder) ?? secret.value;
      const changed = secrets.filter((secret) => newValue(secret) !== secret.value);
      retired = [...changed, ...retired].slice(0, RETIRED_VALUES_MAX);
      secrets = secrets.map((secret) => ({ ...secret, value: newValue(secret) }));
      scrubber = makeScrubber([...secrets, ...retired]);
    },
    tellRefused(destination, line) {
      if (told.has(destination) || told.size >= REFUSALS_TOLD_MAX) return;
      told.add(destination);
      tell(line);
    },
    recordFlood(target) {
      const now = Math.floor(Date.now() / 1000);
      if (now === flooded) return;
      flooded = now;
      const reason = `The box has ${CONNECTIONS_MAX} connections open; more are refused.`;
      recorder.note({
        kind: 'connection',
        box: config.box,
        target,
        verdict: 'deny',
        code: 'limit-exceeded',
        reason,
      });
    },
    close() {
      for (const socket of sockets) socket.destroy();
      upstreams.destroy();
    },
  };
}
