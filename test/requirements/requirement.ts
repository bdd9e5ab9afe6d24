export interface Requirement {
  readonly id: string;
  /** The sentence of docs/security.md, word for word. */
  readonly promise: string;
  /** At least one: a test file, and a part of the title of a test (or suite) in it. */
  readonly verifiedBy: readonly (readonly [file: string, title: string])[];
}
