import type { FuzzTarget } from './target.ts';

/** Every target, each in a file of its own beside this one. */
export const TARGETS: readonly FuzzTarget[] = [];
