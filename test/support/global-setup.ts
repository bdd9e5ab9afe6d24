import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './repository.ts';

/** Before any test: what `dist/` holds is what `src/` says. Does nothing when it already is. */
export function setup(): void {
  execFileSync('bash', [join(ROOT, 'scripts/setup')], { stdio: 'inherit' });
}
