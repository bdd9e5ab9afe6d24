import { setImmediate as turn } from 'node:timers/promises';
import type { Reference } from '../../../../src/kernel/kernel.ts';
import { callback } from '../../../../src/kernel/reference.ts';
import { checkAudit } from './audit.ts';
import {
  type Break,
  give,
  HOST,
  openWorld,
  PLACES,
  referenceOf,
  SECRET,
  uses,
  type World,
} from './cast.ts';
import { below, chainOf, type Entry, lives, may, mayGive, rootEntry, spend } from './ledger.ts';
import type { Step } from './programs.ts';

/** Something that a property forbids. */
export interface Finding {
  readonly law: 'revocation' | 'attenuation' | 'audit' | 'exactness';
  readonly what: string;
}

/** A slow call on its way. */
interface Slow {
  readonly entry: Entry;
  state: 'going' | 'done' | 'failed';
}

interface Held {
  readonly entry: Entry;
  readonly place: string;
  readonly facet: 'bucket' | 'stream';
  readonly reference: Reference;
}

interface Watcher {
  readonly entry: Entry;
  calls: number;
}

export interface Run {
  readonly world: World;
  readonly entries: Entry[];
  readonly findings: Finding[];
  /** Which grant each effect was done under, in order. */
  readonly under: Entry[];
  readonly seen: { effects: number; refused: number; revoked: number };
}

/** Plays a program against a kernel, and holds what happens against the ledger. */
export async function play(steps: readonly Step[], broken?: Break): Promise<Run> {
  const runner = new Runner(openWorld(broken));
  for (const step of steps) await runner.step(step);
  await runner.end();
  return runner;
}

class Runner implements Run {
  readonly world: World;
  readonly entries: Entry[];
  readonly findings: Finding[] = [];
  readonly under: Entry[] = [];
  readonly seen = { effects: 0, refused: 0, revoked: 0 };
  readonly #removed = new Set<string>();
  #slow: Slow[] = [];
  #held: Held[] = [];
  #watchers: Watcher[] = [];

  constructor(world: World) {
    this.world = world;
    this.entries = world.roots.map((id, at) => rootEntry(id, at === 0 ? 'one' : 'two'));
  }

  async step(step: Step): Promise<void> {
    const { world } = this;
    if (step.do === 'give') return this.#give(step);
    if (step.do === 'draw') return this.#draw(this.#entry(step.grant), step.place, step.amount);
    if (step.do === 'slowly') return this.#slowly(this.#entry(step.grant), step);
    if (step.do === 'fail') return this.#fail(this.#entry(step.grant), step.place);
    if (step.do === 'bucket' || step.do === 'stream') {
      return this.#open(this.#entry(step.grant), step.place, step.do);
    }
    if (step.do === 'watch') return this.#watch(this.#entry(step.grant));
    if (step.do === 'object' || step.do === 'bucketOf') {
      const held = this.#held.at(step.object % Math.max(1, this.#held.length));
      if (held === undefined) return;
      if (step.do === 'object') return this.#useObject(held, step.amount);
      return this.#bucketOf(held);
    }
    if (step.do === 'ring') return this.#ring();
    if (step.do === 'letGo') return this.#letGo();
    if (step.do === 'restart') return this.#restart();
    if (step.do === 'wait') {
      world.clock.now += step.ms;
      return;
    }
    if (step.do === 'remove') return this.#remove(world.guests[step.guest % 4] ?? '');
    if (step.do === 'revoke') return this.#revoke(step.grant, step.byGiver);
  }

  /** Nothing that ended may come back, also not in a kernel that begins anew. */
  async end(): Promise<void> {
    await this.#letGo();
    await this.#restart();
    for (const entry of this.entries) {
      if (!lives(entry, this.world.clock.now)) await this.#probe(entry);
    }
    this.#compareWithParents();
    await this.world.kernel.close();
    this.findings.push(...checkAudit(this));
  }

  #entry(at: number): Entry {
    return this.entries[at % this.entries.length] as Entry;
  }

  #find(law: Finding['law'], what: string): void {
    this.findings.push({ law, what });
  }

  #give(step: Extract<Step, { do: 'give' }>): void {
    const { world } = this;
    const parent = this.#entry(step.grant);
    const to = world.guests[step.to % 4] ?? '';
    const { uses: budget, delegable } = step;
    const expires = step.lasts === null ? null : world.clock.now + step.lasts;
    const narrowing = step.places === null ? null : { places: step.places, most: step.most };
    const given = { narrowing, uses: budget, expires, delegable };
    const may = mayGive(parent, to, world.clock.now) && !this.#removed.has(to);
    const id = give(world, parent.to, parent.id, to, given);
    if (id === null) {
      if (may) this.#find('exactness', `could not give ${parent.id} on`);
      return;
    }
    if (!may) this.#find('revocation', `gave ${parent.id} on, which was not to be given`);
    const { well } = parent;
    const places = step.places ?? PLACES;
    const most = step.places === null ? Number.MAX_SAFE_INTEGER : step.most;
    const common = { id, well, from: parent.to, to, parent, expires, delegable };
    this.entries.push({ ...common, places, most, uses: budget, spent: 0, ended: false });
  }

  /** Does a thing, and says what is wrong when it had an effect that it should not, or had none. */
  async #try(
    entry: Entry,
    place: string | null,
    amount: number,
    doIt: () => Promise<boolean>,
    effects: 0 | 1,
  ): Promise<boolean> {
    const { world } = this;
    const allowed = may(entry, place, amount, world.clock.now);
    const alive = lives(entry, world.clock.now);
    const before = world.well.effects.length;
    const done = await doIt();
    const happened = world.well.effects.length - before;
    for (let count = 0; count < happened; count++) this.under.push(entry);
    this.seen.effects += happened;
    if (!done) this.seen.refused += 1;
    if ((done || happened > 0) && !allowed) {
      this.#find(alive ? 'attenuation' : 'revocation', `${entry.id} did ${amount} at ${place}`);
    }
    if (allowed && (!done || happened !== effects)) {
      this.#find('exactness', `${entry.id} could not do ${amount} at ${place}`);
    }
    if (done) spend(entry);
    return done;
  }

  async #draw(entry: Entry, place: string, amount: number): Promise<void> {
    const reference = referenceOf(this.world, entry.to, entry.id);
    if (reference === null) return this.#find('exactness', `${entry.id} is not there`);
    await this.#try(
      entry,
      place,
      amount,
      () => uses(this.world, entry.to, reference, 'draw', place, amount, `with ${SECRET}`),
      1,
    );
  }

  async #fail(entry: Entry, place: string): Promise<void> {
    const allowed = may(entry, place, 0, this.world.clock.now);
    const reference = this.world.kernel.reference(entry.to, entry.id);
    const error: unknown = await this.world.kernel
      .use(entry.to, reference, 'fail', [place])
      .catch((thrown: unknown) => thrown);
    if (String(error).includes(SECRET)) this.#find('audit', 'a failure told the key');
    if (allowed) spend(entry);
  }

  async #slowly(entry: Entry, step: { place: string; amount: number }): Promise<void> {
    const { world } = this;
    const allowed = may(entry, step.place, step.amount, world.clock.now);
    const reference = world.kernel.reference(entry.to, entry.id);
    const slow: Slow = { entry, state: 'going' };
    world.kernel.use(entry.to, reference, 'slowly', [step.place, step.amount]).then(
      () => {
        slow.state = 'done';
      },
      () => {
        slow.state = 'failed';
      },
    );
    await turn();
    await turn();
    const begun = slow.state !== 'failed';
    if (begun && !allowed) this.#find('attenuation', `${entry.id} began a slow call`);
    if (!begun && allowed) this.#find('exactness', `${entry.id} could not begin a slow call`);
    if (!begun) return;
    spend(entry);
    this.#slow.push(slow);
  }

  async #letGo(): Promise<void> {
    const { world } = this;
    const before = world.well.effects.length;
    const going = this.#slow.filter(({ entry }) => !chainOf(entry).some(({ ended }) => ended));
    world.well.letGo();
    await turn();
    const happened = world.well.effects.length - before;
    if (happened > going.length) this.#find('revocation', 'a call that was cut had an effect');
    // Effects come in the order of the calls; those of expired grants may be missing.
    const done = this.#slow.filter(({ state }) => state === 'done').map(({ entry }) => entry);
    for (let at = 0; at < happened; at++) this.under.push(done[at] ?? (going[at]?.entry as Entry));
    this.#slow = [];
  }

  async #open(entry: Entry, place: string, facet: 'bucket' | 'stream'): Promise<void> {
    const { kernel } = this.world;
    const reference = kernel.reference(entry.to, entry.id);
    await this.#try(
      entry,
      place,
      0,
      async () => {
        const given = await kernel.use(entry.to, reference, facet, [place]).catch(() => null);
        if (given === null) return false;
        this.#held.push({ entry, place, facet, reference: given as Reference });
        return true;
      },
      0,
    );
  }

  async #bucketOf(held: Held): Promise<void> {
    if (held.facet !== 'bucket') return;
    const { entry, place, reference } = held;
    const { kernel } = this.world;
    const doIt = async (): Promise<boolean> => {
      const given = await kernel.use(entry.to, reference, 'bucket', []).catch(() => null);
      if (given === null) return false;
      this.#held.push({ ...held, reference: given as Reference });
      return true;
    };
    await this.#try(entry, place, 0, doIt, 0);
  }

  async #useObject({ entry, place, facet, reference }: Held, amount: number): Promise<void> {
    const { world } = this;
    const draws = facet === 'bucket';
    await this.#try(
      entry,
      place,
      draws ? amount : 0,
      () =>
        draws
          ? uses(world, entry.to, reference, 'draw', amount, SECRET)
          : uses(world, entry.to, reference, 'next'),
      1,
    );
  }

  async #watch(entry: Entry): Promise<void> {
    const watcher: Watcher = { entry, calls: 0 };
    const call = callback(() => {
      watcher.calls += 1;
    });
    const reference = this.world.kernel.reference(entry.to, entry.id);
    const doIt = (): Promise<boolean> => uses(this.world, entry.to, reference, 'watch', call);
    if (await this.#try(entry, null, 0, doIt, 0)) this.#watchers.push(watcher);
  }

  async #ring(): Promise<void> {
    const before = this.#watchers.map(({ calls }) => calls);
    await this.world.well.ring();
    for (const [at, { entry, calls }] of this.#watchers.entries()) {
      const called = calls > (before[at] ?? 0);
      const alive = lives(entry, this.world.clock.now);
      if (called && !alive) this.#find('revocation', `${entry.id} was called back`);
      if (!called && alive) this.#find('exactness', `${entry.id} was not called back`);
    }
  }

  async #revoke(at: number, byGiver: boolean): Promise<void> {
    const { world } = this;
    const given = this.entries.filter(({ parent }) => parent !== null);
    const top = given[at % Math.max(1, given.length)];
    if (top === undefined) return;
    const by = byGiver ? top.from : HOST;
    try {
      await world.kernel.revoke(by, { grant: top.id }, 'a test');
    } catch {
      this.#find('revocation', `${top.id} could not be taken back by ${by}`);
    }
    await this.#ended([top]);
  }

  async #remove(guest: string): Promise<void> {
    if (this.#removed.has(guest)) return;
    this.#removed.add(guest);
    await this.world.kernel.removeGuest(guest, 'a test');
    await this.#ended(this.entries.filter(({ to }) => to === guest));
  }

  /** From the moment that `revoke` has returned, nothing of it works. */
  async #ended(tops: readonly Entry[]): Promise<void> {
    for (const top of tops) top.ended = true;
    this.seen.revoked += tops.length;
    const dead = new Set(tops.flatMap((top) => below(this.entries, top)));
    await turn();
    for (const { entry, state } of this.#slow) {
      if (dead.has(entry) && state === 'going') {
        this.#find('revocation', `a call under ${entry.id} goes on`);
      }
    }
    for (const entry of dead) await this.#probe(entry);
    for (const held of this.#held) if (dead.has(held.entry)) await this.#useObject(held, 0);
    await this.#ring();
  }

  /** Every way in which a dead grant could still be used. */
  async #probe(entry: Entry): Promise<void> {
    for (const place of PLACES) await this.#draw(entry, place, 0);
    await this.#open(entry, 'north', 'bucket');
    for (const to of this.world.guests) {
      const id = give(this.world, entry.to, entry.id, to);
      if (id !== null) this.#find('revocation', `${entry.id} was given on after its end`);
    }
  }

  async #restart(): Promise<void> {
    await this.world.restart();
    this.#slow = [];
    this.#held = [];
    this.#watchers = [];
  }

  /** Whatever a grant may now, that which it hangs on may. */
  #compareWithParents(): void {
    const { kernel } = this.world;
    const can = (entry: Entry, place: string, amount: number): boolean => {
      const reference = kernel.reference(entry.to, entry.id);
      return kernel.can(entry.to, reference, 'draw', [place, amount, '']).allow;
    };
    for (const entry of this.entries) {
      for (const place of PLACES) {
        for (const amount of [0, 1, 5, 50, 500, 5_000]) {
          if (entry.parent === null || !can(entry, place, amount)) continue;
          if (!can(entry.parent, place, amount)) {
            this.#find('attenuation', `${entry.id} may ${amount} at ${place}, its parent may not`);
          }
        }
      }
    }
  }
}
