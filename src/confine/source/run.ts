import type { EvaluateText, Outcome, Program } from '../contract.ts';
import { exportsOf } from './exports.ts';
import { ModuleGraph } from './graph.ts';

export interface RunOptions {
  readonly evaluate: EvaluateText;
  /** Names that the code sees: endowments, the given globals, all intrinsics. */
  readonly known: (name: string) => boolean;
  readonly program: Program;
}

/**
 * Reads, links and runs a program, with all modules that it names. What is wrong with any of them
 * is found before anything of it runs. Throws what it throws, and `source-invalid`,
 * `module-missing` and `endowment-missing`.
 *
 * Its value is what it returns at its top level, or that of its last statement that is no
 * declaration; a promise is waited for.
 */
export async function runProgram({ evaluate, known, program }: RunOptions): Promise<Outcome> {
  const graph = new ModuleGraph(program, { evaluate, known });
  const entry = await graph.loadEntry();
  try {
    const value = await graph.evaluate(entry);
    return { value, exports: exportsOf(entry) };
  } catch (error) {
    // What the code was told of a module that is not there is an error of its own; this is ours.
    throw graph.faultOf(error) ?? error;
  }
}
