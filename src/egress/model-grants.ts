import type { HeldGrant } from '../ocap/grant.ts';
import { judge } from '../ocap/judge.ts';
import type { Refused } from '../ocap/verdict.ts';
import { splitAuthority } from '../policy/authority.ts';
import type { HttpCall } from '../powers/http/call.ts';
import type { ModelConfig } from '../powers/model/config.ts';
import {
  type ModelCall,
  type ModelNarrowing,
  modelCallOfHttp,
  modelKind,
} from '../powers/model/kind.ts';
import type { LinkGrant } from '../wire/link.ts';
import type { HttpGrant } from './grant-index.ts';

/** A grant to ask a model, which a box uses by requests to its provider. */
export interface ModelGrant {
  /** As a way out to the provider, once the model's own rules have permitted the request. */
  readonly out: HttpGrant;
  readonly held: HeldGrant<ModelConfig, ModelNarrowing>;
}

/** What a request asks of a model; its cost is counted from the answer. */
export interface ModelUse {
  readonly config: ModelConfig;
  readonly call: ModelCall;
}

/** Null when its origin cannot be read, and so no request can be for it. */
export function modelGrant(grant: LinkGrant): ModelGrant | null {
  const held = grant as unknown as ModelGrant['held'];
  const origin = splitAuthority(held.config.origin, 0);
  if (!origin.ok) return null;
  const { scheme, host, port } = origin;
  const name = host.replace(/^\[|\]$/g, '');
  const config = { scheme, host: { type: 'exact' as const, name }, port };
  return { out: { ...grant, config, narrowings: [] }, held };
}

export function isFor({ out: { config } }: ModelGrant, call: HttpCall): boolean {
  const { scheme, host, port } = config;
  return (
    scheme === call.scheme && port === call.port && host.type === 'exact' && host.name === call.host
  );
}

export type ModelVerdict =
  | { readonly allow: true; readonly grant: HttpGrant; readonly model: ModelUse }
  | Refused;

/** The grant that lets this request, whose body was read, ask a model. Of several the nearest refusal explains. */
export function judgeModel(
  grants: readonly ModelGrant[],
  call: HttpCall,
  now: number,
): ModelVerdict | null {
  const path = call.query === '' ? call.path : `${call.path}?${call.query}`;
  let nearest: Refused | null = null;
  for (const { out, held } of grants) {
    const body = call.body?.bytes ?? new Uint8Array();
    const read = modelCallOfHttp(held.config, call.method, path, body);
    const verdict = read.ok
      ? judge(modelKind, [held], read.call, now)
      : { allow: false as const, code: read.code, reason: read.reason, distance: 0 };
    if (verdict.allow && read.ok) {
      return { allow: true, grant: out, model: { config: held.config, call: read.call } };
    }
    if (!verdict.allow && verdict.distance >= (nearest?.distance ?? 0)) nearest = verdict;
  }
  return nearest;
}

/** What a provider's own clients send, and nothing that changes what a body means. */
const HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'anthropic-version',
  'api-key',
  'authorization',
  'content-length',
  'content-type',
  'user-agent',
  'x-api-key',
]);

/** The headers that go to a provider; one as `anthropic-beta` could widen what was judged. */
export function modelHeaders(headers: readonly string[]): string[] {
  return headers.filter((_, at) => HEADERS.has((headers[at - (at % 2)] as string).toLowerCase()));
}
