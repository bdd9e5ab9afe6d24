import { ESCALATIONS } from './escalations.ts';
import { LEAKS } from './leaks.ts';
import { DETOURS } from './leaks-by-detour.ts';
import { PERSISTENCE } from './persistence.ts';
import { PUSHES } from './pushes.ts';
import type { Scenario } from './scenario.ts';
import { SPENDING } from './spending.ts';

/** Every scenario; the place in this list is its number. */
export const SCENARIOS: readonly Scenario[] = [
  ...LEAKS,
  ...DETOURS,
  ...ESCALATIONS,
  ...PERSISTENCE,
  ...SPENDING,
  ...PUSHES,
];
