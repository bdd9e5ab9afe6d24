import type { HttpCall } from '../powers/http/call.ts';
import type { LinkGrant } from '../wire/link.ts';
import { type HttpGrant, makeGrantIndex } from './grant-index.ts';
import { isFor, type ModelGrant, modelGrant } from './model-grants.ts';

/** The grants of a box, of the kinds that an egress can judge. */
export interface HeldGrants {
  add(grant: LinkGrant): void;
  remove(id: string): HttpGrant | undefined;
  has(id: string): boolean;
  all(): readonly HttpGrant[];
  near(call: HttpCall): readonly HttpGrant[];
  around(call: HttpCall): readonly HttpGrant[];
  /** Grants to ask a model whose provider is where the call goes. */
  modelsFor(call: HttpCall): readonly ModelGrant[];
}

export function makeHeldGrants(): HeldGrants {
  const index = makeGrantIndex();
  const models = new Map<string, ModelGrant>();
  const has = (id: string) => models.has(id) || index.get(id) !== undefined;
  return {
    add(grant) {
      if (has(grant.id)) return;
      if (grant.kind === 'http') index.add(grant as unknown as HttpGrant);
      const model = grant.kind === 'model' ? modelGrant(grant) : null;
      if (model !== null) models.set(grant.id, model);
    },
    remove(id) {
      const model = models.get(id);
      models.delete(id);
      return index.remove(id) ?? model?.out;
    },
    has,
    all: () => [...index.all(), ...[...models.values()].map(({ out }) => out)],
    near: index.near,
    around: index.around,
    modelsFor: (call) => [...models.values()].filter((model) => isFor(model, call)),
  };
}
