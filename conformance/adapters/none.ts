import type { Adapter, Policy } from '../types.ts';
import { outputOf, PYTHON, runProgram } from './program.ts';

/**
 * No protection: the program has the values themselves and the network. The positive control: an
 * attack that does not succeed here proves nothing elsewhere.
 */
export const none: Adapter = {
  name: 'none',
  version: () => 'no protection',
  missing: '',
  lacks: {
    'a proxy': 'there is none',
    SOCKS: 'there is no proxy',
    'a secret store': 'there is none',
  },
  async start(stage, policy) {
    const cwd = stage.workspace();
    const variables = { ...valuesOf(policy), POLICY_FILES: JSON.stringify([`${cwd}/leaked.txt`]) };
    return {
      env: variables,
      async run(words) {
        const env = { ...stage.env, ...variables };
        return outputOf(
          await runProgram([...stage.enter, PYTHON, 'run.py', ...words], { cwd, env }),
        );
      },
      close: async () => {},
    };
  },
};

export function valuesOf(policy: Policy): Record<string, string> {
  const known = policy.secrets.filter(({ value }) => value !== null);
  return Object.fromEntries(known.map(({ name, value }) => [name, value as string]));
}
