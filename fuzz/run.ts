import { mutate, splice } from './mutate.ts';
import { makeRandom } from './random.ts';
import type { FuzzTarget } from './target.ts';

/** Most of the processor that one input may take; one that takes more is a fault like any other. */
const CHECK_MS_MAX = 2_000;

/** Longest time that it may take in all: a busy machine stops a process for seconds. */
const WAIT_MS_MAX = 60_000;

/** Kinds of outcome that are remembered; beyond, a target makes too many of them. */
const OUTCOMES_MAX = 2_000;

export interface FuzzReport {
  readonly inputs: number;
  readonly outcomes: number;
  /** Null when every promise held. */
  readonly fault: { readonly input: Uint8Array; readonly error: unknown } | null;
}

/**
 * Changes inputs until the time is over or a promise is broken; then the input is made as short as
 * it can be. Which inputs are made depends on the seed alone.
 */
export async function fuzz(target: FuzzTarget, seed: number, ms: number): Promise<FuzzReport> {
  const random = makeRandom(seed);
  const words = [...target.words.map(bytesOf), new Uint8Array([0])];
  const known = target.seeds.map(bytesOf);
  const outcomes = new Set<string>();
  const ends = performance.now() + ms;
  await target.prepare?.();
  for (let inputs = 0; ; inputs++) {
    // The first inputs are the seeds as they are.
    const first = inputs < target.seeds.length ? known[inputs] : undefined;
    const input = first ?? mutate(known, words, random);
    const outcome = await tried(target, input);
    if (!outcome.ok) {
      const fault = { input: await shortest(target, input), error: outcome.error };
      return { inputs: inputs + 1, outcomes: outcomes.size, fault };
    }
    if (!outcomes.has(outcome.kind) && outcomes.size < OUTCOMES_MAX) {
      outcomes.add(outcome.kind);
      known.push(input);
    }
    // A promise that is kept at once does not let anything else run.
    if (inputs % 256 === 255) await new Promise((next) => setImmediate(next));
    if (performance.now() > ends && inputs >= target.seeds.length) {
      return { inputs: inputs + 1, outcomes: outcomes.size, fault: null };
    }
  }
}

type Tried =
  | { readonly ok: true; readonly kind: string }
  | { readonly ok: false; readonly error: unknown };

/** Feeds one input to the target. */
export async function tried(target: FuzzTarget, input: Uint8Array): Promise<Tried> {
  const started = performance.now();
  const before = process.cpuUsage();
  try {
    const kind = await target.check(input.slice());
    const { user, system } = process.cpuUsage(before);
    const worked = (user + system) / 1000;
    const took = performance.now() - started;
    if (worked <= CHECK_MS_MAX && took <= WAIT_MS_MAX) return { ok: true, kind };
    const text = `one input took ${Math.round(worked)} ms of processor in ${Math.round(took)} ms`;
    return { ok: false, error: new Error(text) };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Takes away ever smaller stretches, as long as what is left still breaks a promise. */
async function shortest(target: FuzzTarget, input: Uint8Array): Promise<Uint8Array> {
  let left = input;
  for (
    let size = Math.ceil(left.length / 2);
    size > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at + size <= left.length; ) {
      const shorter = splice(left, at, size, new Uint8Array());
      if ((await tried(target, shorter)).ok) at += size;
      else left = shorter;
    }
  }
  return left;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}
