/**
 * A try of hostile code to reach what it was not given, as data. The program runs with `PRELUDE`
 * before it and may `await` and `return`. It has got through when a witness that exists only
 * outside shows it: the harness looks for the witness, never at whether anything threw.
 */
export interface Attempt {
  readonly name: string;
  readonly category: string;
  readonly code: string;
  /** Run in a second compartment after `code`, which is to learn the first one's `token`. */
  readonly neighbour?: string;
  /** Run in the first compartment again, which is to learn the second one's `secret`. */
  readonly after?: string;
  /** Without the prelude, and its value is that of its last expression. */
  readonly raw?: true;
  readonly language?: 'ts';
  /** Gets through `node:vm` on Node 20; elsewhere the number counts, not which. */
  readonly through?: true;
}

export function attempts(
  category: string,
  list: readonly Omit<Attempt, 'category'>[],
): readonly Attempt[] {
  return list.map((attempt) => ({ ...attempt, category }));
}

/**
 * What attempts begin with. `grab` takes a thing that may come from outside, walks from it to the
 * global object of its realm, and gives the witness that it finds there: a random text, or in a box,
 * where nobody can put one, the version of Node.
 */
export const PRELUDE = [
  'const witness = (g) => typeof g.outsideWitness === "string" ? g.outsideWitness : g.process?.version;',
  'const grab = (thing) => { for (const way of [',
  '() => thing.constructor.constructor("return globalThis")(),',
  '() => thing.constructor("return globalThis")(),',
  '() => Object.getPrototypeOf(thing).constructor.constructor("return globalThis")(),',
  '() => thing("return globalThis")(), () => thing,',
  ']) { try { const found = witness(way()); if (typeof found === "string") return found; } catch {} } };',
  'const send = globalThis.E ?? ((thing) => thing);',
  '',
].join(' ');
