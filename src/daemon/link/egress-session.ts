import { GUEST_METHODS } from '../../gateway/door-methods.ts';
import { HOST, type Kernel } from '../../kernel/kernel.ts';
import { guardOf } from '../../ocap/derive.ts';
import type { Approval, HeldGrant } from '../../ocap/grant.ts';
import type { Home } from '../../store/home.ts';
import type { RegisteredBox } from '../../store/kernel-store.ts';
import type { GuestDoor } from '../../wire/doors.ts';
import { type ErrorCode, PowerboxError } from '../../wire/errors.ts';
import type {
  Acknowledged,
  Ask,
  EndedGrant,
  FromDaemon,
  LinkGrant,
  LinkSecret,
  OwnSecret,
} from '../../wire/link.ts';
import { CALLS_MAX, LINK_SECRETS_MS } from './limits.ts';
import { makeSessionSecrets } from './session-secrets.ts';
import { wordsOf } from './words.ts';

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
  close(): void;
}

export interface SessionOptions {
  readonly home: Home;
  readonly kernel: Kernel;
  readonly box: RegisteredBox;
  door(guest: string, ended: AbortSignal): GuestDoor;
  send(message: FromDaemon): void;
}

/** What a box sends to its door is checked like what any other peer sends to one. */
const guard = guardOf({ kind: 'door', facets: { root: GUEST_METHODS } });

export function openEgressSession(options: SessionOptions): EgressSession {
  const { kernel, box, send } = options;
  const secrets = makeSessionSecrets(options.home);
  const over = new AbortController();
  const own = ownSecrets(kernel, box);
  const held = new Set(own.map(({ grant }) => grant));
  const waiting = new Map<number, (cut: number | null) => void>();
  let last: Promise<number | null> = Promise.resolve(0);
  let change = 0;
  let calls = 0;

  function tell(
    grants: readonly LinkGrant[],
    ended: readonly EndedGrant[],
    values: readonly LinkSecret[],
  ): Promise<number | null> {
    const whole = change === 0;
    change += 1;
    const common = { guest: box.guest, grants, ended, secrets: values, own: whole ? own : [] };
    send({ type: 'change', change, whole, ...common });
    last = new Promise((done) => waiting.set(change, done));
    return last;
  }

  function push(): Promise<number | null> {
    const grants: LinkGrant[] = [];
    const values: LinkSecret[] = [];
    const now = new Set(own.map(({ grant }) => grant).filter((id) => isValid(kernel, id)));
    for (const grant of kernel.replica(box.guest)) {
      const isNew = !held.has(grant.id);
      if (isNew && !isFor(kernel, grant.id, box.id)) continue;
      now.add(grant.id);
      if (!isNew) continue;
      const linked = linkGrant(kernel, grant);
      const value = linked.secret === null ? null : secrets.need(linked.secret);
      if (value !== null) values.push(value);
      grants.push(linked);
      held.add(grant.id);
    }
    const ended: EndedGrant[] = [];
    for (const id of held) {
      if (now.has(id)) continue;
      held.delete(id);
      ended.push(whyEnded(kernel, id));
    }
    // Told already, by whoever pushed before; but only the egress can say that it is done.
    if (change > 0 && grants.length === 0 && ended.length === 0) {
      return last.then((cut) => (cut === null ? null : 0));
    }
    return tell(grants, ended, values);
  }

  async function answer({ call, what }: Ask): Promise<void> {
    calls += 1;
    try {
      if (calls > CALLS_MAX) throw new PowerboxError('session-limit', 'Too many calls at once.');
      send({ type: 'answer', call, value: (await work(what)) ?? null });
    } catch (error) {
      const { code, message } = PowerboxError.is(error) ? error : unforeseen();
      send({ type: 'refused', call, code, reason: message });
    } finally {
      calls -= 1;
    }
  }

  async function work(what: Ask['what']): Promise<unknown> {
    if (what.do === 'door') {
      const door = options.door(box.guest, over.signal);
      // The reader of the message has picked the method from a list.
      const method = door[what.method] as (...args: readonly unknown[]) => Promise<unknown>;
      return method.apply(door, [...guard('root', what.method, what.args)]);
    }
    if (!held.has(what.grant)) {
      throw new PowerboxError('grant-unknown', 'The box does not hold this grant.');
    }
    if (what.do === 'spend') return kernel.spend(what.grant, what.spend);
    const { grant, text, digest, effect, spend } = what;
    return kernel.admit({ box: box.id, grant, call: text, digest, effect, spend });
  }

  const timer = setInterval(() => {
    const rotated = secrets.rotated();
    if (rotated.length > 0) void tell([], [], rotated);
  }, LINK_SECRETS_MS);
  timer.unref();

  return {
    box: box.id,
    push,
    acknowledged(message) {
      waiting.get(message.change)?.(message.cut);
      waiting.delete(message.change);
    },
    ask: (message) => void answer(message),
    close() {
      clearInterval(timer);
      over.abort();
      for (const done of waiting.values()) done(null);
      waiting.clear();
    },
  };
}

function isValid(kernel: Kernel, id: string): boolean {
  return kernel.view(id).valid.allow;
}

/** The secrets that the box was started with, also those that ended since. */
function ownSecrets(kernel: Kernel, box: RegisteredBox): readonly OwnSecret[] {
  return kernel
    .grants({ to: box.guest, all: true })
    .filter(({ grant, power }) => grant.box === box.id && power.kind === 'secret')
    .map(({ grant, power }) => ({
      name: (power.config as { readonly name: string }).name,
      grant: grant.id,
    }));
}

/** A grant that was made for one box of a guest is none of its other boxes' business. */
function isFor(kernel: Kernel, id: string, box: string): boolean {
  const { grant } = kernel.view(id);
  return grant.box === null || grant.box === box;
}

const STRICTNESS: readonly Approval[] = ['none', 'writes', 'always'];

function linkGrant(kernel: Kernel, grant: HeldGrant): LinkGrant {
  let approval: Approval = 'none';
  if (grant.asks) {
    for (const id of grant.chain) {
      const own = kernel.view(id).grant.approval;
      if (STRICTNESS.indexOf(own) > STRICTNESS.indexOf(approval)) approval = own;
    }
  }
  const definition = kernel.kinds.get(grant.kind)?.definition;
  const secret = definition?.secretsOf(grant.config)[0] ?? null;
  return { ...grant, text: wordsOf(grant), approval, secret };
}

function whyEnded(kernel: Kernel, id: string): EndedGrant {
  const ended = { code: 'grant-revoked' as ErrorCode, reason: 'The grant has ended.' };
  try {
    const { valid } = kernel.view(id);
    return valid.allow ? { id, ...ended } : { id, code: valid.code, reason: valid.reason };
  } catch {
    return { id, ...ended };
  }
}

function unforeseen(): { code: ErrorCode; message: string } {
  return { code: 'internal', message: `The daemon of the ${HOST} could not answer.` };
}
