/** An operation type that is left out may not be sent at all. */
export interface GraphqlRules {
  /** Names of the top-level fields that may be asked for; null for all. */
  readonly query?: readonly string[] | null;
  readonly mutation?: readonly string[] | null;
  readonly subscription?: readonly string[] | null;
  /** How deep fields may nest; a top-level field has depth 1. */
  readonly depthMax?: number;
  /** How many aliases may be there, fragments counted wherever they are spread. */
  readonly aliasesMax?: number;
}
