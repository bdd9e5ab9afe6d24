/**
 * A policy as it is written: the JSON of `powerbox.json`, of which only those parts have a type
 * that are made here. What is there is passed on as it is; `parsePolicy` judges the whole.
 */
export interface PolicyDraft {
  readonly version: 1;
  readonly powers?: readonly unknown[];
  readonly secrets?: readonly string[];
  readonly compartments?: Readonly<Record<string, CompartmentDraft>>;
  readonly [key: string]: unknown;
}

export interface CompartmentDraft {
  readonly globals?: readonly string[];
  readonly powers?: Readonly<Record<string, PowerDraft>>;
  readonly packages?: readonly string[];
  readonly [key: string]: unknown;
}

export type PowerDraft = string | { readonly power: string; readonly only?: readonly string[] };

/** The keys of the file in the order in which a person reads it; others come after them. */
const ORDER = [
  ...['$schema', 'version', 'limits', 'workspace', 'mounts', 'powers', 'secrets', 'mask', 'env'],
  'compartments',
];

/** The text of the file: the same for the same policy, so that what changed is what is shown. */
export function writeDraft(draft: PolicyDraft): string {
  const keys = Object.keys(draft).filter((key) => draft[key] !== undefined);
  const rank = (key: string): number => {
    const at = ORDER.indexOf(key);
    return at === -1 ? ORDER.length : at;
  };
  const sorted = keys.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const whole = Object.fromEntries(sorted.map((key) => [key, draft[key]]));
  return `${JSON.stringify(whole, null, 2)}\n`;
}
