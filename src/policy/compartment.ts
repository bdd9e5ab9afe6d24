/** What a policy file says of one compartment. */
export interface CompartmentPolicy {
  /** Beyond what every compartment has. */
  readonly globals: readonly CompartmentGlobal[];
  /** By the name that the code sees. */
  readonly powers: Readonly<Record<string, PolicyPower>>;
  /** Packages that it may import by bare name. */
  readonly packages: readonly string[];
  /** Modules of the platform that it may import. Always empty: a compartment has none of Node's. */
  readonly builtins: readonly string[];
  readonly isolation: 'own' | 'shared';
  /** In the text of the file: `memory`, `timeout`, `cpu`, `turn`, `output`. */
  readonly limits: Readonly<Record<string, string>>;
}

export type CompartmentGlobal = 'clock' | 'random';

export interface PolicyPower {
  /** As `makePower` takes it, or a petname. */
  readonly power: string;
  /** What is left out narrows nothing. */
  readonly only: readonly string[];
  readonly budget: readonly string[];
  readonly approval: 'none' | 'writes' | 'always';
}

export type Compartments = Readonly<Record<string, CompartmentPolicy>>;

/** What a compartment has that no policy speaks of. */
export const EMPTY_COMPARTMENT: CompartmentPolicy = {
  globals: [],
  powers: {},
  packages: [],
  builtins: [],
  isolation: 'own',
  limits: {},
};

/** Null when there is none of this name; a name of `Object.prototype` names nothing. */
export function compartmentOf(compartments: Compartments, name: string): CompartmentPolicy | null {
  return Object.hasOwn(compartments, name) ? (compartments[name] ?? null) : null;
}
