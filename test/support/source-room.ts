import 'ses';
import type { Program } from '../../src/confine/contract.ts';
import { runProgram } from '../../src/confine/source/run.ts';

/**
 * A real compartment of SES to evaluate in, without `lockdown()`, which would break the test
 * runner: SES's checks of the text and its scopes are those of a locked realm.
 */
export function makeRoom(globals: Readonly<Record<string, unknown>> = {}): SourceRoom {
  const room = new Compartment({ globals: { ...globals }, __options__: true });
  const evaluate = (text: string): unknown => room.evaluate(text);
  const known = (name: string): boolean => name in room.globalThis;
  return {
    evaluate,
    known,
    run: (program) => {
      const words = typeof program === 'string' ? { code: program } : program;
      return runProgram({ evaluate, known, program: words });
    },
  };
}

export interface SourceRoom {
  evaluate(text: string): unknown;
  known(name: string): boolean;
  run(program: string | Program): ReturnType<typeof runProgram>;
}
