import { setTimeout as sleep } from 'node:timers/promises';
import { GUEST_METHODS } from '../../gateway/door-methods.ts';
import { isAlive, type ProcessId } from '../../host/box-record.ts';
import { HOST, type Kernel } from '../../kernel/kernel.ts';
import { guardOf } from '../../ocap/derive.ts';
import type { Home } from '../../store/home.ts';
import type { RegisteredBox } from '../../store/kernel-store.ts';
import { watchVault } from '../../vault/watch-vault.ts';
import type { GuestDoor } from '../../wire/doors.ts';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type { Acknowledged, Ask, Change, FromDaemon } from '../../wire/link.ts';
import { type Changes, makeChanges } from './changes.ts';
import { type ForeseenUses, makeForeseen } from './foreseen.ts';
import { CALLS_MAX, EGRESS_END_MS_MAX, EGRESS_END_POLL_MS, LINK_SECRETS_MS } from './limits.ts';

/** An egress that is connected: it is told of every change, and its calls are answered. */
export interface EgressSession {
  readonly box: string;
  /**
   * Tells what has changed since. Resolves with the uses that were cut once the egress has said
   * that this and all before is done; with null when it goes away before.
   */
  push(): Promise<number | null>;
  acknowledged(message: Acknowledged): void;
  ask(message: Ask): void;
  /** The egress has told all that there was to tell. */
  leaving(): void;
  close(): void;
}

export interface SessionOptions {
  readonly home: Home;
  readonly kernel: Kernel;
  readonly box: RegisteredBox;
  door(guest: string, ended: AbortSignal): GuestDoor;
  send(message: FromDaemon): void;
  /** Ends the connection. */
  hangUp(): void;
}

/** What a box sends to its door is checked like what any other peer sends to one. */
const guard = guardOf({ kind: 'door', facets: { root: GUEST_METHODS } });

export function openEgressSession(options: SessionOptions): EgressSession {
  const { kernel, box, send } = options;
  const changes = makeChanges(options.home, kernel, box);
  const over = new AbortController();
  const foreseen = makeForeseen(kernel);
  const waiting = new Map<number, (cut: number | null) => void>();
  let last: Promise<number | null> = Promise.resolve(0);
  let calls = 0;
  let hasLeft = false;
  let isClosed = false;

  function tell(change: Change): Promise<number | null> {
    send(change);
    last = new Promise((done) => waiting.set(change.change, done));
    return last;
  }

  function push(): Promise<number | null> {
    const change = changes.next();
    if (change !== null) return tell(change);
    // Told already, by whoever pushed before; but only the egress can say that it is done.
    return last.then((cut) => (cut === null ? null : 0));
  }

  async function answer({ call, what }: Ask): Promise<void> {
    calls += 1;
    try {
      if (calls > CALLS_MAX) throw new PowerboxError('session-limit', 'Too many calls at once.');
      const value = (await work(options, changes, foreseen, over.signal, what)) ?? null;
      send({ type: 'answer', call, value });
    } catch (error) {
      const { code, message } = PowerboxError.is(error) ? error : unforeseen();
      send({ type: 'refused', call, code, reason: message });
    } finally {
      calls -= 1;
    }
  }

  const following = followVault(options.home, () => {
    const rotated = changes.rotated();
    if (rotated !== null) void tell(rotated);
  });

  return {
    box: box.id,
    push,
    acknowledged(message) {
      waiting.get(message.change)?.(message.cut);
      waiting.delete(message.change);
    },
    ask: (message) => void answer(message),
    leaving() {
      hasLeft = true;
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      following.close();
      over.abort();
      if (hasLeft || box.egress === null) foreseen.close();
      // A kernel that is closed meanwhile counts nothing any more.
      else settleUses(foreseen, box.egress).catch(() => {});
      for (const done of waiting.values()) done(null);
      waiting.clear();
      options.hangUp();
    },
  };
}

/** One that lives still tells what its uses cost, on another connection; one that died does not. */
async function settleUses(foreseen: ForeseenUses, egress: ProcessId): Promise<void> {
  const until = Date.now() + EGRESS_END_MS_MAX;
  while (isAlive(egress) && Date.now() < until) await sleep(EGRESS_END_POLL_MS);
  if (isAlive(egress)) foreseen.close();
  else foreseen.forfeit();
}

/** Looks at every change of the vault, and from time to time. */
function followVault(home: Home, look: () => void): { close(): void } {
  const timer = setInterval(look, LINK_SECRETS_MS);
  timer.unref();
  const watcher = watchVault(home, look);
  return {
    close() {
      clearInterval(timer);
      watcher.close();
    },
  };
}

async function work(
  { kernel, box, door: openDoor }: SessionOptions,
  changes: Changes,
  foreseen: ForeseenUses,
  ended: AbortSignal,
  what: Ask['what'],
): Promise<unknown> {
  if (what.do === 'door') {
    const door = openDoor(box.guest, ended);
    // The reader of the message has picked the method from a list.
    const method = door[what.method] as (...args: readonly unknown[]) => Promise<unknown>;
    return method.apply(door, [...guard('root', what.method, what.args)]);
  }
  // What was used of a grant is told after its end, too, and maybe to a daemon that came later.
  const isOfBox = what.do === 'spend' ? wasGiven(kernel, what.grant, box) : changes.has(what.grant);
  if (!isOfBox) throw new PowerboxError('grant-unknown', 'The box does not hold this grant.');
  if (what.do === 'spend') {
    const paid = kernel.spend(what.grant, what.spend);
    if (what.over !== null) foreseen.end(what.grant, what.over);
    return paid;
  }
  const { grant, text, digest, effect, spend, most } = what;
  const refusal = most === null ? null : foreseen.begin(grant, most);
  if (refusal !== null) return refusal;
  const verdict = await kernel.admit({ box: box.id, grant, call: text, digest, effect, spend });
  if (!verdict.allow && most !== null) foreseen.end(grant, most);
  return verdict;
}

function wasGiven(kernel: Kernel, id: string, box: RegisteredBox): boolean {
  const { grant } = kernel.view(id);
  return grant.to === box.guest && (grant.box === null || grant.box === box.id);
}

function unforeseen(): { code: ErrorCode; message: string } {
  return { code: 'internal', message: `The daemon of the ${HOST} could not answer.` };
}
