import type { z } from 'zod';
import type { MethodDefinition, MethodTable } from './power.ts';

/** A declaration whose methods are known to the compiler; `definePower` keeps them. */
interface Typed {
  readonly facets: Readonly<Record<string, MethodTable>>;
}

/**
 * What a holder of a facet can call: `MethodsOf<typeof files, 'root'>`. Every method answers with
 * a promise; a method that gives a facet answers with the methods of that.
 */
export type MethodsOf<D extends Typed, Facet extends keyof D['facets']> = {
  readonly [Method in keyof D['facets'][Facet]]: D['facets'][Facet][Method] extends MethodDefinition
    ? (
        ...args: ArgumentsOf<D['facets'][Facet][Method]['args']>
      ) => Promise<ResultOf<D, D['facets'][Facet][Method]['returns']>>
    : never;
};

type ArgumentsOf<Args> = Args extends readonly [...infer Before, infer Last]
  ? [...ArgumentsOf<Before>, ...ArgumentOf<Last>]
  : [];

type ArgumentOf<Arg> = Arg extends { readonly schema: infer Schema extends z.ZodType }
  ? undefined extends z.input<Schema>
    ? [argument?: z.input<Schema>]
    : [argument: z.input<Schema>]
  : never;

type ResultOf<D extends Typed, Returns> = Returns extends z.ZodType
  ? z.output<Returns>
  : Returns extends { readonly facet: infer Facet extends keyof D['facets'] }
    ? MethodsOf<D, Facet>
    : never;
