import type { BodyRules } from './body-rules.ts';
import type { GraphqlRules } from './graphql-rules.ts';
import type { HeaderRules } from './header-rules.ts';
import type { QueryRules } from './query-rules.ts';

/** Plain data. Every part that is there must permit a call; a part that is left out permits all. */
export interface HttpNarrowing {
  /** Upper-case methods; null allows all but TRACE and CONNECT. */
  readonly methods: readonly string[] | null;
  /** Path pattern, which may have `{variables}`; null allows every path. */
  readonly path: string | null;
  /** The only values of a variable of the path, encoded as in the path. */
  readonly variables?: Readonly<Record<string, readonly string[]>>;
  readonly query?: QueryRules;
  readonly headers?: HeaderRules;
  /** The request has a JSON body, and it keeps these rules. */
  readonly body?: BodyRules;
  /** The request begins a WebSocket, and every message sent over it is JSON that keeps these rules. */
  readonly message?: BodyRules;
  /** The request is a GraphQL request by POST, and it keeps these rules. */
  readonly graphql?: GraphqlRules;
  /** Longest body of the request. */
  readonly requestBytesMax?: number;
  /** Longest body of the answer; one that is longer is cut. */
  readonly responseBytesMax?: number;
  /** One of these must permit the call as well. */
  readonly any?: readonly HttpNarrowing[];
}
