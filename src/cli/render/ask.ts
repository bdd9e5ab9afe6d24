import type { CliContext } from '../context.ts';
import { visible } from './text.ts';

/** A yes or no from a person; no when there is nobody at a terminal to ask. */
export async function askPerson(context: CliContext, question: string): Promise<boolean> {
  if (context.stdin.isTTY !== true) return false;
  const { createInterface } = await import('node:readline/promises');
  const lines = createInterface({ input: context.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(question)).trim());
  } finally {
    lines.close();
  }
}

/** Whether a policy that is new or has changed may be used, once its difference was shown. */
export async function askPolicy(context: CliContext, lines: readonly string[]): Promise<boolean> {
  for (const line of lines) context.err(`  ${visible(line)}`);
  return askPerson(context, 'Accept this powerbox.json? [y/N] ');
}
