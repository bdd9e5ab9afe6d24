/**
 * What a box may never write in a workspace, because a program of the host would run it or obey
 * it: git's own configuration, editors', shells' and agents' start-up files, and the policy.
 */

/** What takes the place of a missing name, so that the box cannot make it. */
export type StandIn = { readonly folder: true } | { readonly content: string };

export interface ProtectedName {
  /** Relative to the folder it is protected in. */
  readonly path: string;
  /** None: protected only where it exists. */
  readonly standIn?: StandIn;
}

const EMPTY: StandIn = { content: '' };
const FOLDER: StandIn = { folder: true };
const file = (path: string): ProtectedName => ({ path, standIn: EMPTY });
const folder = (path: string): ProtectedName => ({ path, standIn: FOLDER });

/** At the root of a workspace. */
export const WORKSPACE_NAMES: readonly ProtectedName[] = [
  { path: 'powerbox.json', standIn: { content: '{}\n' } },
  folder('.vscode'),
  folder('.idea'),
  folder('.zed'),
  folder('.fleet'),
  folder('.husky'),
  { path: '.mcp.json', standIn: { content: '{"mcpServers":{}}\n' } },
  // Agents name programs in these. No stand-in: an agent in the box may make its own.
  { path: '.claude/settings.json' },
  { path: '.claude/settings.local.json' },
  { path: '.codex/config.toml' },
  { path: '.cursor/hooks.json' },
  { path: '.cursor/mcp.json' },
  { path: '.gemini/settings.json' },
  { path: 'opencode.json' },
  ...[
    '.envrc',
    '.mise.toml',
    '.exrc',
    '.nvimrc',
    '.nvim.lua',
    '.vimrc',
    '.dir-locals.el',
    '.bashrc',
    '.bash_profile',
    '.bash_login',
    '.bash_logout',
    '.profile',
    '.zshrc',
    '.zshenv',
    '.zprofile',
    '.zlogin',
  ].map(file),
];

/** In the folder of a git repository, and of each submodule below `.git/modules`. `.` as commondir says what its absence says. */
export const GIT_NAMES: readonly ProtectedName[] = [
  folder('hooks'),
  file('config'),
  file('config.worktree'),
  { path: 'commondir', standIn: { content: '.\n' } },
];

/** In `.git/worktrees/NAME`: git reads these before it reads any configuration. */
export const WORKTREE_NAMES: readonly ProtectedName[] = [
  { path: 'gitdir' },
  { path: 'commondir' },
  file('config.worktree'),
];

/**
 * Whether `path`, relative to a workspace, is one that no box may write; wherever a `.git` lies.
 * Names are compared without case, as some file systems do.
 */
export function isProtectedPath(path: string): boolean {
  const parts = path.toLowerCase().split('/');
  if (WORKSPACE_NAMES.some(({ path: name }) => isAtOrBelow(parts, name.split('/')))) return true;
  const git = parts.indexOf('.git');
  if (git < 0) return false;
  const inside = parts.slice(git + 1);
  if (inside.length === 0) return true;
  const own = GIT_NAMES.some(({ path: name }) => isAtOrBelow(inside, [name]));
  const nested = inside[0] === 'modules' && inside.some((part) => isGitName(part));
  const worktree =
    inside[0] === 'worktrees' && WORKTREE_NAMES.some(({ path: name }) => inside[2] === name);
  return own || nested || worktree;
}

function isGitName(part: string): boolean {
  return GIT_NAMES.some(({ path }) => path === part);
}

function isAtOrBelow(parts: readonly string[], name: readonly string[]): boolean {
  return name.every((part, index) => parts[index] === part);
}
