import type { CliContext } from '../context.ts';

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
