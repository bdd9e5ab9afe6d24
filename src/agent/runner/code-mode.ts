import { receivedError } from '../../gateway/send-error.ts';
import type { RunnerSide } from '../../wire/runner.ts';
import { RESULT_CHARS_MAX } from '../limits.ts';
import { bounded, showValue } from './show.ts';
import type { CallOutcome, Toolbox } from './toolbox.ts';

/** One tool: source, evaluated in a compartment that runs as the guest. */
export function codeToolbox(side: Pick<RunnerSide, 'compartment' | 'heard'>): Toolbox {
  let opened = 0;
  return {
    offered: async () => [EVALUATE],
    async call(tool, { code }) {
      if (tool !== 'evaluate') return failed(`There is no tool ${tool}; there is evaluate.`);
      if (typeof code !== 'string' || code === '') {
        return failed('Cannot evaluate: give the source as a text, as {"code": "…"}.');
      }
      const { door, fresh } = await side.compartment();
      if (fresh) opened += 1;
      const anew =
        fresh && opened > 1 ? 'The compartment is a new one: what was kept in it is gone.\n' : '';
      const { text, failed: isFault } = await evaluated(door, code);
      const heard = await side.heard();
      const written = heard === '' ? '' : `${bounded(heard, RESULT_CHARS_MAX / 2)}\n`;
      return { text: `${anew}${written}${text}`, failed: isFault };
    },
  };
}

const EVALUATE = {
  name: 'evaluate',
  description:
    'Evaluates JavaScript or TypeScript in your compartment and gives what it returned or its last expression, after what it wrote to its console.',
  input: {
    type: 'object',
    properties: { code: { type: 'string', description: 'The source.' } },
    required: ['code'],
    additionalProperties: false,
  },
} as const;

type Door = Awaited<ReturnType<RunnerSide['compartment']>>['door'];

async function evaluated(door: Door, code: string): Promise<CallOutcome> {
  let value: unknown;
  try {
    value = await door.evaluate({ code });
    return { text: showValue(value, RESULT_CHARS_MAX / 2), failed: false };
  } catch (error) {
    const known = receivedError(error);
    if (known === undefined) throw error;
    return failed(`[${known.code}] ${known.message}`);
  } finally {
    letGo(value);
  }
}

function failed(text: string): CallOutcome {
  return { text, failed: true };
}

/** What is shown to a model is not used again. */
export function letGo(value: unknown): void {
  const isObject = (typeof value === 'object' || typeof value === 'function') && value !== null;
  if (isObject && Symbol.dispose in value) (value as Disposable)[Symbol.dispose]();
}
