import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { BoxSecrets } from './box-secrets.ts';
import type { VirtualNames } from './dns/virtual-names.ts';
import { type LeakGuard, makeLeakGuard } from './leaks/guard.ts';
import {
  GUIDE_CALLS_PER_MINUTE_MAX,
  LEAVES_PER_SECOND_MAX,
  REFUSALS_PER_SECOND_MAX,
  REFUSALS_TOLD_MAX,
} from './limits.ts';
import { type BoxLink, openBoxLink } from './link/box-link.ts';
import { atMost, limited, type Pace, paced } from './pace.ts';
import type { BoxEgress, SecretChange } from './protocol.ts';
import type { Recorder } from './record.ts';
import { SHARES, type Share } from './share.ts';
import { makeLeafMinter } from './tls/leaf.ts';
import { makeUpstreams, type Upstreams } from './upstream/pools.ts';

/** Everything that the egress holds for one box. When it is closed, nothing of it is left. */
export interface BoxState {
  readonly config: BoxEgress;
  readonly names: VirtualNames;
  readonly secrets: BoxSecrets;
  /** Finds values of secrets in what the box sends. */
  readonly leaks: LeakGuard;
  /** Its grants, and the daemon that knows them. */
  readonly link: BoxLink;
  readonly upstreams: Upstreams;
  readonly recorder: Recorder;
  /** Connections of the box that are open. */
  readonly sockets: Set<Socket>;
  /** A certificate for this name, or null when the box asks for new names too fast. */
  leafFor(name: string): SecureContext | null;
  readonly refusals: Pace;
  /** Its part of the work that this process does in a turn. */
  readonly share: Share;
  /** May the program call at powerbox.internal now? Counts the call. */
  mayAsk(): boolean;
  /** Does something after so many milliseconds, or when the box is closed. */
  later(act: () => void, delay: number): void;
  /** For the next request on; answers on their way are searched for former values, too. */
  changeSecrets(change: SecretChange): void;
  /** Tells the person of a refused destination, once. */
  tellRefused(destination: string, line: string): void;
  /** A row for connections beyond a bound: one a second stands for all of them. */
  recordFlood(target: string): void;
  close(): void;
}

export interface BoxParts {
  /** For the person. */
  refused(line: string): void;
  readonly names: VirtualNames;
}

export function makeBoxState(
  config: BoxEgress,
  recorder: Recorder,
  { refused: tell, names }: BoxParts,
): BoxState {
  const upstreams = makeUpstreams();
  const secrets = new BoxSecrets(config.secrets);
  const link = openBoxLink({
    ...config.link,
    box: config.box,
    secrets: (given, gone) => secrets.adopt(given, gone),
    refused: (reason) => tell(`the box holds nothing any more: ${reason}`),
  });
  const leaks = makeLeakGuard(config.watched, tell);
  const sockets = new Set<Socket>();
  const mayFlood = atMost(1);
  const share = SHARES.open();
  const waiting = new Map<() => void, NodeJS.Timeout>();
  return {
    config,
    names,
    secrets,
    leaks,
    link,
    upstreams,
    recorder,
    sockets,
    leafFor: limited(makeLeafMinter(config.ca), LEAVES_PER_SECOND_MAX),
    refusals: paced(REFUSALS_PER_SECOND_MAX),
    share,
    mayAsk: atMost(GUIDE_CALLS_PER_MINUTE_MAX, 60_000),
    later(act, delay) {
      const run = () => {
        waiting.delete(run);
        act();
      };
      waiting.set(run, setTimeout(run, delay));
    },
    changeSecrets({ values, gone, watched }) {
      secrets.replaceValues(values, gone);
      if (watched !== null) leaks.watch.replace(watched);
    },
    tellRefused: oncePerDestination(tell),
    recordFlood(target) {
      if (!mayFlood()) return;
      recorder.note({
        kind: 'connection',
        box: config.box,
        target,
        verdict: 'deny',
        code: 'limit-exceeded',
        reason: 'The box makes more connections than are looked at one by one.',
      });
    },
    close() {
      for (const [run, timer] of [...waiting]) {
        clearTimeout(timer);
        run();
      }
      for (const socket of sockets) socket.destroy();
      share.close();
      upstreams.destroy();
      // What was cut tells first what it cost.
      setImmediate(() => setImmediate(() => link.close()));
    },
  };
}

function oncePerDestination(tell: (line: string) => void): BoxState['tellRefused'] {
  const told = new Set<string>();
  return (destination, line) => {
    if (told.has(destination) || told.size >= REFUSALS_TOLD_MAX) return;
    told.add(destination);
    tell(line);
  };
}
