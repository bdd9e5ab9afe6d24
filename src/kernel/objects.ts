import { isLive, type Live } from '../ocap/live.ts';
import { type Membrane, makeMembrane } from '../ocap/membrane.ts';
import { isFound } from '../powers/directory/found.ts';
import { PowerboxError } from '../wire/errors.ts';
import { makeGivenObjects, type PassedBy } from './given-objects.ts';
import type { Node } from './graph.ts';
import type { Reference } from './kernel.ts';
import { isCallback, isReference, makeReference } from './reference.ts';

/** Someone who holds a grant, and the grants that it came through. */
export interface Holding {
  readonly holder: string;
  readonly node: Node;
  readonly requires: readonly string[];
}

/** The objects that came back through grants, and the membranes that they came back through. */
export interface Objects {
  membraneOf(holding: Holding): Membrane;
  /** Closes what a reference stands for; the root object of a grant stays. */
  release(reference: Reference): void;
  /** Closes everything that was given through this grant, or by way of it. */
  closeAll(node: Node): void;
}

export function makeObjects(passedBy: PassedBy, now: () => number): Objects {
  const membranes = new WeakMap<Node, Map<string, Membrane>>();
  const given = makeGivenObjects(passedBy, now);

  function makeFor(holding: Holding): Membrane {
    const membrane = makeMembrane({
      isInner: (value) => isLive(value) || isFound(value),
      isOuter: (value) => isCallback(value) || isReference(value),
      wrapInner(inner) {
        if (!isFound(inner)) return given.give(holding, inner as Live);
        const requires = [...holding.requires, holding.node.grant.id];
        const words = { grant: inner.grant, requires, kind: inner.kind, facet: 'root' };
        return makeReference(words, { holder: holding.holder, live: null });
      },
      wrapOuter(outer) {
        if (!isCallback(outer)) {
          throw new PowerboxError(
            'call-invalid',
            'Cannot pass a reference of another grant here: only its own come back in.',
          );
        }
        return (...args: readonly unknown[]) => {
          // A holder's function is called only while every grant that it passed is valid.
          passedBy(holding);
          const answer = outer(...(membrane.outward(args) as unknown[]));
          return answer instanceof Promise ? answer.then(membrane.inward) : membrane.inward(answer);
        };
      },
    });
    return membrane;
  }

  return {
    membraneOf(holding) {
      const { node, requires, holder } = holding;
      const own = membranes.get(node) ?? new Map<string, Membrane>();
      membranes.set(node, own);
      const key = [holder, ...requires].join(' ');
      const membrane = own.get(key) ?? makeFor(holding);
      own.set(key, membrane);
      return membrane;
    },
    release: given.forget,
    closeAll: ({ grant }) => given.closeAll(grant.id),
  };
}
