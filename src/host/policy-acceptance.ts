import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../policy/policy.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import { POLICY_BYTES_MAX } from './limits.ts';
import { readOrdinary } from './read-ordinary.ts';

const POLICY_FILE = 'powerbox.json';
interface Accepted {
  /** SHA-256 of the file's bytes, hex. */
  readonly hash: string;
  /** The text that was accepted, to show what has changed since. */
  readonly text: string;
}

/**
 * The policy of a folder, if there is one and the host has accepted exactly these bytes. What was
 * accepted is kept outside the workspace, where no box can write. `ask` is shown what would change,
 * in words. Throws `policy-invalid` or `policy-not-accepted`.
 */
export async function acceptedPolicy(
  home: Home,
  folder: string,
  accept: boolean,
  ask: (lines: readonly string[]) => Promise<boolean>,
): Promise<Policy | null> {
  return acceptedPolicyAt(home, join(folder, POLICY_FILE), accept, ask);
}

/** The same for a policy of any name. */
export async function acceptedPolicyAt(
  home: Home,
  path: string,
  accept: boolean,
  ask: (lines: readonly string[]) => Promise<boolean>,
): Promise<Policy | null> {
  const text = readText(path);
  if (text === null) return null;
  const { parsePolicy } = await import('../policy/file.ts');
  const policy = await parsePolicy(text, path);
  const known = readAccepted(home);
  const before = known[path];
  const hash = createHash('sha256').update(text).digest('hex');
  if (before?.hash === hash) return policy;
  if (!accept) {
    const { diffPolicy } = await import('../policy/diff.ts');
    const old =
      before === undefined ? null : await parsePolicy(before.text, path).catch(() => null);
    const heading =
      before === undefined ? `${path} is new. With it a box:` : `${path} has changed. A box now:`;
    if (!(await ask([heading, ...diffPolicy(old, policy).map((line) => `- ${line}`)]))) {
      throw new PowerboxError(
        'policy-not-accepted',
        `Cannot use ${path}: it was not accepted as it is now.`,
      );
    }
  }
  writeAccepted(home, { ...known, [path]: { hash, text } });
  return policy;
}

function readText(path: string): string | null {
  try {
    const text = readOrdinary(path, POLICY_BYTES_MAX);
    if (typeof text !== 'string') throw new Error(`it is ${text.why}`);
    // While a box runs in a folder without a policy, an empty one stands in for it there.
    return text.trim() === '' || text.trim() === '{}' ? null : text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new PowerboxError('policy-invalid', `Cannot read ${path}: ${(error as Error).message}.`);
  }
}

function readAccepted(home: Home): Record<string, Accepted> {
  try {
    return JSON.parse(readFileSync(home.policies, 'utf8')) as Record<string, Accepted>;
  } catch {
    // Nothing readable is nothing accepted.
    return {};
  }
}

function writeAccepted(home: Home, accepted: Record<string, Accepted>): void {
  writeFileSync(`${home.policies}.new`, JSON.stringify(accepted), { mode: 0o600 });
  renameSync(`${home.policies}.new`, home.policies);
}
