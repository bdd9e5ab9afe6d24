import { readFileSync } from 'node:fs';
import type { FileOverride } from '../boxes/contract.ts';

/** Where the box has the command; its own, as nothing else of the box lies there. */
export const INSIDE_FOLDER = '/run/powerbox';

/** The command `powerbox` that programs in the box have. */
export function insideCommand(): FileOverride {
  const content = readFileSync(new URL('./inside/powerbox.pl', import.meta.url), 'utf8');
  return { target: `${INSIDE_FOLDER}/powerbox`, content, executable: true };
}
