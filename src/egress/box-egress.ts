import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { BoxSecrets } from './box-secrets.ts';
import { VirtualNames } from './dns/virtual-names.ts';
import {
  CONNECTIONS_MAX,
  LEAVES_KNOWN_MAX,
  LEAVES_PER_SECOND_MAX,
  REFUSALS_PER_SECOND_MAX,
  REFUSALS_TOLD_MAX,
} from './limits.ts';
import type { BoxEgress } from './protocol.ts';
import type { Recorder } from './record.ts';
import { makeLeafMinter } from './tls/leaf.ts';
import { makeUpstreams, type Upstreams } from './upstream/pools.ts';

/** So many things in each second are free; those beyond wait for the time that has room for them. */
export interface Pace {
  /** Counts one; how many milliseconds it has to wait. */
  count(): number;
  /** How many the next one would. */
  delay(): number;
}

/** Everything that the egress holds for one box. When it is closed, nothing of it is left. */
export interface BoxState {
  readonly config: BoxEgress;
  readonly names: VirtualNames;
  readonly secrets: BoxSecrets;
  readonly upstreams: Upstreams;
  readonly recorder: Recorder;
  /** Connections of the box that are open. */
  readonly sockets: Set<Socket>;
  /** A certificate for this name, or null when the box asks for new names too fast. */
  leafFor(name: string): SecureContext | null;
  readonly refusals: Pace;
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
  const upstreams = makeUpstreams();
  const sockets = new Set<Socket>();
  const told = new Set<string>();
  const mayFlood = atMost(1);
  return {
    config,
    names: new VirtualNames(),
    secrets: new BoxSecrets(config.secrets),
    upstreams,
    recorder,
    sockets,
    leafFor: limited(makeLeafMinter(config.ca)),
    refusals: paced(REFUSALS_PER_SECOND_MAX),
    tellRefused(destination, line) {
      if (told.has(destination) || told.size >= REFUSALS_TOLD_MAX) return;
      told.add(destination);
      tell(line);
    },
    recordFlood(target) {
      if (!mayFlood()) return;
      recorder.note({
        kind: 'connection',
        box: config.box,
        target,
        verdict: 'deny',
        code: 'limit-exceeded',
        reason: `The box has ${CONNECTIONS_MAX} connections open; more are refused.`,
      });
    },
    close() {
      for (const socket of sockets) socket.destroy();
      upstreams.destroy();
    },
  };
}

/** Names that were minted before are free; new ones come at a bounded rate. */
function limited(mint: (name: string) => SecureContext): (name: string) => SecureContext | null {
  const known = new Set<string>();
  const mayMint = atMost(LEAVES_PER_SECOND_MAX);
  return (name) => {
    if (!known.has(name)) {
      if (!mayMint()) return null;
      if (known.size >= LEAVES_KNOWN_MAX) known.clear();
      known.add(name);
    }
    return mint(name);
  };
}

function paced(count: number): Pace {
  let free = 0;
  const delay = () => Math.max(0, Math.ceil(free - Date.now()));
  return {
    count() {
      free = Math.max(free, Date.now() - 1000) + 1000 / count;
      return delay();
    },
    delay,
  };
}

/** True at most so many times in each second. */
function atMost(count: number): () => boolean {
  let second = 0;
  let used = 0;
  return () => {
    const now = Math.floor(Date.now() / 1000);
    if (now !== second) {
      second = now;
      used = 0;
    }
    used += 1;
    return used <= count;
  };
}
