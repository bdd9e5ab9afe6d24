import { z } from 'zod';
import { method } from '../gateway/method.ts';
import type { MethodDefinition } from '../ocap/power.ts';
import type { RunnerSide } from '../wire/runner.ts';
import {
  CALLS_READ_MAX,
  INPUT_CHARS_MAX,
  NAME_CHARS_MAX,
  RESULT_CHARS_MAX,
  SHOWN_CHARS_MAX,
  STEP_CHARS_MAX,
  STEPS_MAX,
  TEXT_CHARS_MAX,
} from './limits.ts';
import { isSendable, isWellFormed } from './sendable.ts';

/** The shapes of what a runner says. It read what a model wrote, so it is taken for hostile. */

/** A cut text says by how much. */
const TOLD = 64;

const Name = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(NAME_CHARS_MAX + 8);
const Text = z.string().max(TEXT_CHARS_MAX).refine(isWellFormed);
const Shown = z.string().max(SHOWN_CHARS_MAX + TOLD);

const Event = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: Text }),
  z.strictObject({ type: z.literal('step'), step: z.int().min(1).max(STEPS_MAX) }),
  z.strictObject({ type: z.literal('tool'), tool: Name, text: Shown }),
  z.strictObject({ type: z.literal('result'), tool: Name, text: Shown, failed: z.boolean() }),
]);

const Input = z.string().max(INPUT_CHARS_MAX).refine(isObjectText);
const Call = z.strictObject({ id: Name, tool: Name, input: Input });
const Result = z.strictObject({
  id: Name,
  tool: Name,
  text: z
    .string()
    .max(RESULT_CHARS_MAX + TOLD)
    .refine(isWellFormed),
  failed: z.boolean(),
});
const Assistant = z.strictObject({
  role: z.literal('assistant'),
  text: Text,
  calls: z.array(Call).max(CALLS_READ_MAX),
});
const Results = z.strictObject({
  role: z.literal('tool'),
  results: z.array(Result).min(1).max(CALLS_READ_MAX),
});
/** An answer, and the result of each of its calls: nothing else comes from a model. */
const Step = z.union([z.tuple([Assistant]), z.tuple([Assistant, Results])]).refine(isWhole);

const End = z.strictObject({
  why: z.enum(['done', 'steps', 'failed']),
  code: z.string().max(NAME_CHARS_MAX).nullable(),
  reason: z.string().max(SHOWN_CHARS_MAX),
});

/** Events of one message; more of them come with the next. */
const EVENTS_PER_CALL_MAX = 4_096;

export const RUNNER_METHODS: Readonly<Record<keyof RunnerSide, MethodDefinition>> = {
  begin: method({}),
  door: method({}),
  compartment: method({}),
  heard: method({}),
  emit: method({ events: z.array(Event).max(EVENTS_PER_CALL_MAX) }),
  step: method({ messages: Step }),
  end: method({ words: End }),
};

function isObjectText(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (
      typeof value === 'object' && value !== null && !Array.isArray(value) && isSendable(value)
    );
  } catch {
    return false;
  }
}

/** A call without its result would make every later request of the conversation unreadable. */
function isWhole(step: readonly unknown[]): boolean {
  if (JSON.stringify(step).length > STEP_CHARS_MAX) return false;
  const [said, done] = step as readonly [
    z.infer<typeof Assistant>,
    z.infer<typeof Results> | undefined,
  ];
  const results = done?.results ?? [];
  if (results.length !== said.calls.length) return false;
  return said.calls.every(({ id, tool }, index) => {
    const result = results[index];
    return result?.id === id && result.tool === tool;
  });
}
