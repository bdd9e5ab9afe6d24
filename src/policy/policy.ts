import type { Compartments } from './compartment.ts';
import type { Rule } from './rule.ts';

/** What a policy file says, once read. Nothing is granted by it before the host accepts it. */
export interface Policy {
  readonly limits: PolicyLimits;
  readonly workspace: 'rw' | 'ro' | 'copy';
  /** `SRC[:DST][:ro|rw|copy]`, as for --mount. */
  readonly mounts: readonly string[];
  readonly rules: readonly Rule[];
  /** Names of secrets in the vault. */
  readonly secrets: readonly string[];
  /** Files whose values the box sees as placeholders. */
  readonly mask: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly compartments: Compartments;
}

/** Each in the text of its flag: `--memory 512M`, `--cpus 1.5`, `--timeout 10m`. */
export interface PolicyLimits {
  readonly memory?: string;
  readonly cpus?: string;
  readonly pids?: string;
  readonly disk?: string;
  readonly timeout?: string;
}

/** What a box has without a policy. */
export const EMPTY_POLICY: Policy = {
  limits: {},
  workspace: 'rw',
  mounts: [],
  rules: [],
  secrets: [],
  mask: [],
  env: {},
  compartments: {},
};
