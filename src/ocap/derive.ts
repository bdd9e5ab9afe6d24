import type { z } from 'zod';
import { PowerboxError } from '../wire/errors.ts';
import { ARGUMENT_FAULT_CHARS_MAX } from './limits.ts';
import type { MethodDefinition, MethodTable, PowerDefinition } from './power.ts';
import type { Verdict } from './verdict.ts';

/** The parts of a declaration that say which methods there are. */
export type Declared = Pick<PowerDefinition<unknown, unknown, unknown>, 'kind' | 'facets'>;

/** Gives the arguments as their schemas understood them; throws `method-unknown`, `call-invalid`. */
export type Guard = (facet: string, method: string, args: readonly unknown[]) => readonly unknown[];

/**
 * Names that mean something to a promise, to a client's stub, or to every object. A kind that
 * declared one could be called by accident, or could not be called at all.
 */
const RESERVED = new Set(['then', 'catch', 'finally', 'dup', 'map', 'onRpcBroken', 'toJSON']);

const NAME = /^[a-z][A-Za-z0-9]{0,63}$/;

/**
 * Compiles what a kind declares of its arguments to one function. Only names that the kind
 * declared itself are methods: whatever every object has, such as `constructor`, is none.
 */
export function guardOf(definition: Declared): Guard {
  const facets = new Map(
    Object.entries(definition.facets).map(([facet, methods]) => [
      checkedName(definition, facet),
      new Map(
        Object.entries(methods).map(([method, declared]) => [
          checkedName(definition, method),
          guardMethod(`${definition.kind} ${method}`, declared),
        ]),
      ),
    ]),
  );
  return (facet, method, args) => {
    const guard = facets.get(facet)?.get(method);
    if (guard === undefined) throw methodUnknown(definition.kind, facet, method);
    return guard(args);
  };
}

export function methodUnknown(kind: string, facet: string, method: string): PowerboxError {
  const of = facet === 'root' ? `a power of kind ${kind}` : `the ${shown(facet)} of a ${kind}`;
  return new PowerboxError(
    'method-unknown',
    `Cannot call ${shown(method)}: ${of} has no such method.`,
  );
}

function checkedName(definition: Declared, name: string): string {
  if (NAME.test(name) && !(name in Object.prototype) && !RESERVED.has(name)) return name;
  throw new PowerboxError(
    'power-invalid',
    `Cannot use the kind ${shown(definition.kind)}: ${shown(name)} is no name for a method or a facet.`,
  );
}

function guardMethod(
  label: string,
  declared: MethodDefinition,
): (args: readonly unknown[]) => readonly unknown[] {
  const names = declared.args.map((arg) => arg.name);
  const schemas = declared.args.map((arg) => arg.schema);
  const count = schemas.length;
  return (args) => {
    if (args.length > count) {
      throw new PowerboxError(
        'call-invalid',
        `Cannot call ${label}: it takes ${count} arguments, and ${args.length} were given.`,
      );
    }
    const passed: unknown[] = [];
    for (let index = 0; index < count; index += 1) {
      const result = schemas[index]?.safeParse(args[index]);
      if (result?.success !== true) {
        throw new PowerboxError(
          'call-invalid',
          `Cannot call ${label}: the argument ${names[index]} ${fault(result?.error.issues[0])}.`,
        );
      }
      passed.push(result.data);
    }
    return passed;
  };
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Where within the argument, and why. Holds no value: messages of a schema name types only. */
function fault(issue: Issue | undefined): string {
  if (issue === undefined) return 'cannot be read';
  const at = issue.path.map((part) => `/${String(part)}`).join('');
  const why = issue.message.replace(/\.$/, '').replace(/^Invalid input: /, '');
  const text = at === '' ? `is refused: ${why}` : `is refused at ${at}: ${why}`;
  return text.length > ARGUMENT_FAULT_CHARS_MAX
    ? `${text.slice(0, ARGUMENT_FAULT_CHARS_MAX)}…`
    : text;
}

/** Words of a caller in a sentence: quoted, printable, short. */
function shown(text: unknown): string {
  return JSON.stringify(String(text).slice(0, 64)).replace(/[^\x20-\x7e]/g, '?');
}

/**
 * One sentence: what a grant with these narrowings (root first) says of a call, and why. Says the
 * same as the judge, because it asks the same functions.
 */
export function explainVerdict<Config, Narrowing, Call>(
  definition: PowerDefinition<Config, Narrowing, Call>,
  config: Config,
  narrowings: readonly Narrowing[],
  call: Call,
): string {
  const done = definition.describe(call);
  const power = definition.describeConfig(config);
  if (!definition.concerns(config, call)) {
    return `${done} is not allowed: it does not concern ${power}.`;
  }
  for (const narrowing of narrowings) {
    const verdict: Verdict = definition.permits(narrowing, call);
    if (!verdict.allow) return verdict.reason;
  }
  const rules = narrowings.flatMap((narrowing) => definition.describeNarrowing(narrowing));
  const within = rules.length === 0 ? 'without a rule' : `within ${rules.join(', then ')}`;
  return `${done} is allowed by ${power}, ${within}.`;
}

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
