import { PowerboxError } from '../wire/errors.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { gemini } from './gemini.ts';
import type { Kit } from './kit.ts';
import { opencode } from './opencode.ts';
import { pi } from './pi.ts';

export const KITS: readonly Kit[] = [claude, codex, gemini, opencode, pi];

/** The kit of that name. Throws `usage`, naming those that there are. */
export function findKit(name: string): Kit {
  const kit = KITS.find((candidate) => candidate.name === name);
  if (kit !== undefined) return kit;
  const shown = /^[\x20-\x7e]{1,40}$/.test(name) ? ` "${name}"` : '';
  const known = KITS.map((candidate) => candidate.name).join(', ');
  throw new PowerboxError('usage', `Cannot find the kit${shown}: the kits are ${known}.`, {
    hint: 'Run `powerbox kit ls`.',
  });
}
