import { fileURLToPath } from 'node:url';

/** The program that makes the system calls of a start, and what runs it. */
export const PLAYER: string = fileURLToPath(new URL('./namespace.pl', import.meta.url));
export const PERL = '/usr/bin/perl';
export const PLAYER_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/bin:/bin',
  LC_ALL: 'C',
};

/** What the outermost process of a box ignores, so that the terminal's keys reach the program alone. */
export const TERMINAL_SIGNALS: readonly string[] = ['INT', 'QUIT'];

/**
 * The program started by env(1), which undoes what was ignored, finds the program in the box's PATH
 * and says 126 or 127, as a shell does, when it cannot be started.
 */
export function throughEnv(program: readonly string[], ignored: readonly string[]): string[] {
  const reset = ignored.length === 0 ? [] : [`--default-signal=${ignored.join(',')}`];
  // env would take a program with `=` in its name for a variable.
  const named = program[0]?.includes('=') ? [PERL, '-e', 'exec {$ARGV[0]} @ARGV', '--'] : [];
  return ['/usr/bin/env', ...reset, ...named, ...program];
}
