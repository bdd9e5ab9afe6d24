export type HostPattern =
  | { readonly type: 'exact'; readonly name: string }
  /** Any name one or more labels below `suffix`; never `suffix` itself, never an address. */
  | { readonly type: 'below'; readonly suffix: string }
  | { readonly type: 'any' };

/** The network, one origin at a time. */
export interface HttpConfig {
  readonly scheme: 'http' | 'https';
  readonly host: HostPattern;
  readonly port: number;
  /** Name of the secret that goes into its slot by itself; null or left out for none. */
  readonly credential?: string | null;
}
