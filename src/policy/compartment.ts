/** What a policy file says of one compartment. */
export interface CompartmentPolicy {
  /** Beyond what every compartment has: `clock`, `random`. */
  readonly globals: readonly string[];
  /** By the name that the code sees. */
  readonly powers: Readonly<Record<string, PolicyPower>>;
  /** Packages that it may import by bare name. */
  readonly packages: readonly string[];
  /** Modules of the platform that it may import; a compartment has none of Node's. */
  readonly builtins: readonly string[];
  readonly isolation: 'own' | 'shared';
  readonly limits: Readonly<Record<string, string>>;
}

export interface PolicyPower {
  /** As `makePower` takes it, or a petname. */
  readonly power: string;
  readonly only: readonly string[];
  readonly budget: readonly string[];
  readonly approval: 'none' | 'writes' | 'always';
}
