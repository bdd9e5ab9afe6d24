import { readFileSync } from 'node:fs';
import type { FileOverride } from '../boxes/contract.ts';

/** Where the box has the command; its own, as nothing else of the box lies there. */
export const INSIDE_FOLDER = '/run/powerbox';

/** What it is called there. */
export const INSIDE_NAME = 'powerbox';

/** The command `powerbox` that programs in the box have. */
export function insideCommand(): FileOverride {
  const content = readFileSync(new URL('./inside/powerbox.pl', import.meta.url), 'utf8');
  return { target: `${INSIDE_FOLDER}/${INSIDE_NAME}`, content, executable: true };
}
