import { expect, test } from 'vitest';
import { isProtectedPath } from './protected-names.ts';

test.each([
  '.git',
  'sub/.git',
  '.git/config',
  '.git/hooks',
  '.git/hooks/pre-commit',
  '.GIT/Hooks/pre-commit',
  'a/b/.git/commondir',
  '.git/modules/m/config',
  '.git/modules/a/b/hooks/x',
  '.git/worktrees/w/commondir',
  '.vscode',
  '.vscode/tasks.json',
  '.envrc',
  '.claude/settings.json',
  '.gemini/settings.json',
  'opencode.json',
  'powerbox.json',
])('%s is protected', (path) => {
  expect(isProtectedPath(path)).toBe(true);
});

test.each([
  'src/main.ts',
  '.git/objects/aa/bb',
  '.git/refs/heads/main',
  '.git/index',
  '.gitignore',
  '.claude/notes.md',
  'sub/.envrc',
  '.github/workflows/ci.yml',
  'git/config',
])('%s is not', (path) => {
  expect(isProtectedPath(path)).toBe(false);
});
