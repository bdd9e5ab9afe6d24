import { chmodSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PowerboxError } from '../wire/errors.ts';

/** Where everything of one POWERBOX_HOME lies. Two homes share nothing. */
export interface Home {
  readonly root: string;
  readonly config: string;
  /** The key of the vault and of the journal; useless without them, as they are without it. */
  readonly key: string;
  readonly vault: string;
  readonly journal: string;
  /** Guests, powers, grants, names and mail. */
  readonly state: string;
  readonly boxes: string;
  readonly policies: string;
}

/** The home that `env` names: POWERBOX_HOME, else the XDG state folder. Makes it, mode 0700. */
export function openHome(env: Readonly<Record<string, string | undefined>>): Home {
  const state = env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state');
  const wanted = env.POWERBOX_HOME || join(state, 'powerbox');
  const root = ownFolder(wanted);
  return {
    root,
    config: join(root, 'config.json'),
    key: join(root, 'key'),
    vault: ownFolder(join(root, 'vault')),
    journal: join(root, 'journal.db'),
    state: join(root, 'state.db'),
    boxes: ownFolder(join(root, 'boxes')),
    policies: join(root, 'accepted-policies.json'),
  };
}

function ownFolder(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const real = realpathSync(path);
    const stat = lstatSync(real);
    if (stat.uid !== process.getuid?.()) {
      throw new PowerboxError('state-unusable', `Cannot use ${real}: it belongs to another user.`);
    }
    if ((stat.mode & 0o077) !== 0) chmodSync(real, 0o700);
    return real;
  } catch (error) {
    if (PowerboxError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new PowerboxError('state-unusable', `Cannot make the folder ${path}: ${reason}.`);
  }
}
