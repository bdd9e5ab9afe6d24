import { PowerboxError } from '../../wire/errors.ts';
import type { EvaluateText, Outcome, Program } from '../contract.ts';
import { fileWord, UNNAMED } from './faults.ts';
import { readSource } from './read.ts';

export interface RunOptions {
  readonly evaluate: EvaluateText;
  /** Names that the code sees: endowments, the given globals, all intrinsics. */
  readonly known: (name: string) => boolean;
  readonly program: Program;
}

/** Reads, prepares and runs a program. Throws what it throws, and what no program may be. */
export async function runProgram({ evaluate, known, program }: RunOptions): Promise<Outcome> {
  const file = program.file ?? UNNAMED;
  const source = await readSource(program.code, file, program.language);
  for (const { name, line, use } of source.freeNames) {
    if (use === 'typeof' || known(name)) continue;
    throw new PowerboxError(
      'endowment-missing',
      `Cannot evaluate ${fileWord(file)}: line ${line} uses ${name}, which it was not given.`,
      { hint: `Grant it with --give ${name}=POWER.` },
    );
  }
  const last = source.ast.body.at(-1);
  let body = source.text;
  if (last?.type === 'ExpressionStatement') {
    const { start, end } = last.expression;
    body = `${body.slice(0, start)}return (${body.slice(start, end)})${body.slice(end)}`;
  }
  const work = evaluate(`(async () => {${body}\n})`) as () => Promise<unknown>;
  return { value: await work(), exports: {} };
}
