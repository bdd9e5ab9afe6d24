/**
 * All that a kind of a third party is made with: `import { definePower } from 'powerbox/power'`.
 * A kind is one module that exports `definition` and `open`; examples/dice-power.mjs is one.
 */
export { z } from 'zod';
export { PowerboxError } from '../wire/errors.ts';
export type { Spend } from './budget.ts';
export { type EndSignal, type Live, live, type UseContext } from './live.ts';
export {
  definePower,
  type Effect,
  type Invocation,
  type MethodDefinition,
  type PowerDefinition,
} from './power.ts';
export { ALLOWED, refuse, type Verdict } from './verdict.ts';
