import type { Attempt } from './attempt.ts';
import { CALLBACKS, RESULTS } from './attempts/callbacks.ts';
import { CALLERS } from './attempts/callers.ts';
import { CONSTRUCTORS } from './attempts/constructors.ts';
import { ERRORS } from './attempts/errors.ts';
import { EVALUATORS } from './attempts/evaluators.ts';
import { GENERATORS } from './attempts/generators.ts';
import { GLOBALS } from './attempts/globals.ts';
import { IMPORTS } from './attempts/imports.ts';
import { NEIGHBOURS } from './attempts/neighbours.ts';
import { PLATFORM } from './attempts/platform.ts';
import { PROMISES } from './attempts/promises.ts';
import { PROTOTYPES } from './attempts/prototypes.ts';
import { PROXIES } from './attempts/proxies.ts';
import { REGEXPS } from './attempts/regexps.ts';
import { SYMBOLS } from './attempts/symbols.ts';
import { SYNTAX, TYPES } from './attempts/syntax.ts';

/** The whole battery. */
export const ATTEMPTS: readonly Attempt[] = [
  ...CONSTRUCTORS,
  ...EVALUATORS,
  ...PROTOTYPES,
  ...PROXIES,
  ...GENERATORS,
  ...PROMISES,
  ...ERRORS,
  ...SYMBOLS,
  ...REGEXPS,
  ...CALLBACKS,
  ...RESULTS,
  ...CALLERS,
  ...IMPORTS,
  ...SYNTAX,
  ...TYPES,
  ...GLOBALS,
  ...PLATFORM,
  ...NEIGHBOURS,
];
