import {
  jsonSchema,
  type LanguageModel,
  type ModelMessage,
  stepCountIs,
  streamText,
  type ToolSet,
  tool,
} from 'ai';
import { receivedError } from '../../gateway/send-error.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type {
  AgentCall,
  AgentMessage,
  AgentResult,
  RunnerEnd,
  RunnerSide,
  RunnerTask,
} from '../../wire/runner.ts';
import {
  CALLS_MAX,
  CALLS_READ_MAX,
  INPUT_CHARS_MAX,
  INPUT_DEPTH_MAX,
  NAME_CHARS_MAX,
  RESULT_CHARS_MAX,
  RESULTS_CHARS_MAX,
  SHOWN_CHARS_MAX,
  TEXT_CHARS_MAX,
} from '../limits.ts';
import { isSendable } from '../sendable.ts';
import { trimmed } from '../trim.ts';
import type { Emitter } from './emitter.ts';
import { modelMessages } from './messages.ts';
import { bounded, wellFormed } from './show.ts';
import type { OfferedTool, Toolbox } from './toolbox.ts';

export interface LoopParts {
  readonly task: RunnerTask;
  readonly model: LanguageModel;
  readonly toolbox: Toolbox;
  readonly side: Pick<RunnerSide, 'step'>;
  readonly emitter: Emitter;
  system(): Promise<string>;
}

/**
 * Answer after answer, until one calls no tool. What a step adds is kept before the next begins, so
 * whatever ends a run leaves a conversation in which every call has its result.
 */
export async function runLoop(parts: LoopParts): Promise<RunnerEnd> {
  const { task, side, emitter } = parts;
  let messages = task.messages;
  let { cut } = task;
  for (let step = 1; step <= task.steps; step += 1) {
    emitter.emit({ type: 'step', step });
    const answer = await askModel(parts, modelMessages(messages, cut));
    const results = await callAll(parts, answer.calls);
    const added = addedBy(answer, results);
    await emitter.flush();
    await side.step(added);
    if (answer.calls.length === 0) return endOf(task, answer);
    const all = [...messages, ...added];
    messages = trimmed(all);
    cut += all.length - messages.length;
  }
  const reason = `The model has answered ${task.steps} times, and may not again in this run.`;
  return { why: 'steps', code: null, reason };
}

function addedBy(answer: Answer, results: readonly AgentResult[]): readonly AgentMessage[] {
  const said = { role: 'assistant', text: answer.text, calls: answer.calls } as const;
  return results.length === 0 ? [said] : [said, { role: 'tool', results }];
}

/** Says why a run could not go on. */
export function failedEnd(error: unknown): RunnerEnd {
  const known = PowerboxError.is(error) ? error : receivedError(error);
  if (known !== undefined) return { why: 'failed', code: known.code, reason: known.message };
  const words = error instanceof Error ? error.message : 'it failed';
  const reason = `The answer of the model cannot be used: ${bounded(wellFormed(words), 300)}`;
  return { why: 'failed', code: null, reason };
}

interface Answer {
  readonly text: string;
  readonly calls: readonly AgentCall[];
  /** Why the provider let it end there. */
  readonly finish: string;
}

/** An answer that was cut is none, though what there is of it is kept. */
function endOf({ answerTokens }: RunnerTask, { text, finish }: Answer): RunnerEnd {
  if (finish === 'length') {
    const reason = `The answer of the model was cut off at its ${answerTokens} tokens.`;
    return { why: 'failed', code: null, reason };
  }
  if (finish === 'content-filter') {
    return { why: 'failed', code: null, reason: 'The provider has held the answer back.' };
  }
  if (text === '' && finish !== 'stop') {
    return { why: 'failed', code: null, reason: 'The provider has ended an answer without words.' };
  }
  return { why: 'done', code: null, reason: 'The model has answered.' };
}

async function askModel(parts: LoopParts, messages: ModelMessage[]): Promise<Answer> {
  const { task, model, toolbox, emitter } = parts;
  const cut = new AbortController();
  const { fullStream } = streamText({
    model,
    system: await parts.system(),
    messages,
    // They have nothing to execute: the library reads calls, and this loop does them in order.
    tools: toolSet(await toolbox.offered()),
    maxOutputTokens: task.answerTokens,
    maxRetries: 0,
    stopWhen: stepCountIs(1),
    abortSignal: cut.signal,
    onError: () => undefined,
  });
  let text = '';
  let inputs = 0;
  let finish = '';
  const calls: AgentCall[] = [];
  try {
    for await (const part of fullStream) {
      if (part.type === 'error') throw part.error;
      if (part.type === 'finish-step') finish = part.finishReason;
      if (part.type === 'text-delta') {
        const words = wellFormed(part.text);
        text += words;
        if (text.length > TEXT_CHARS_MAX) throw tooLong('longer than any answer may be');
        emitter.emit({ type: 'text', text: words });
      }
      if (part.type === 'tool-call') {
        const call = readCall(part.toolCallId, part.toolName, part.input, calls);
        calls.push(call);
        inputs += call.input.length;
        if (calls.length > CALLS_READ_MAX || inputs > INPUT_CHARS_MAX) {
          throw tooLong('a flood of calls');
        }
      }
    }
  } finally {
    cut.abort();
  }
  return { text: wellFormed(text), calls, finish };
}

function tooLong(what: string): PowerboxError {
  return new PowerboxError('agent-failed', `Cannot read the answer of the model: it is ${what}.`);
}

function toolSet(offered: readonly OfferedTool[]): ToolSet {
  return Object.fromEntries(
    offered.map(({ name, description, input }) => [
      name,
      tool({ description, inputSchema: jsonSchema(input) }),
    ]),
  );
}

/** Names and numbers as every provider takes them back, whatever the model wrote. */
function readCall(
  id: string,
  name: string,
  input: unknown,
  before: readonly AgentCall[],
): AgentCall {
  const plain = (text: string): string => text.replace(/[^A-Za-z0-9_-]/g, '_');
  const wanted = plain(id).slice(0, NAME_CHARS_MAX) || 'call';
  const isTaken = before.some((call) => call.id === wanted);
  const tool = plain(name).slice(0, 64) || 'none';
  const isObject = typeof input === 'object' && input !== null && !Array.isArray(input);
  const text = isObject ? wellFormedJson(input) : '{}';
  return { id: isTaken ? `${wanted}-${before.length}` : wanted, tool, input: text };
}

/** What is too long, or cannot be sent again, is not kept: the call is made without arguments. */
function wellFormedJson(input: object): string {
  const mended = mendedTexts(input, INPUT_DEPTH_MAX);
  const text = isSendable(mended) ? JSON.stringify(mended) : '{}';
  return text.length > INPUT_CHARS_MAX ? '{}' : text;
}

/** With its texts well-formed, down to where nothing is sent any more. */
function mendedTexts(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => mendedTexts(item, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, mendedTexts(item, depth - 1)]),
  );
}

async function callAll(
  { toolbox, emitter }: LoopParts,
  calls: readonly AgentCall[],
): Promise<readonly AgentResult[]> {
  const results: AgentResult[] = [];
  let room = RESULTS_CHARS_MAX;
  for (const { id, tool: name, input } of calls) {
    const isOver = results.length >= CALLS_MAX;
    if (isOver) {
      const text = `Not done: an answer may make ${CALLS_MAX} calls at most.`;
      results.push({ id, tool: name, text, failed: true });
      continue;
    }
    const given = JSON.parse(input) as Readonly<Record<string, unknown>>;
    emitter.emit({ type: 'tool', tool: name, text: shownInput(given) });
    const { text, failed } = await outcomeOf(toolbox, name, given);
    const told = fitting(wellFormed(text), Math.min(RESULT_CHARS_MAX, room));
    room -= JSON.stringify(told).length;
    emitter.emit({ type: 'result', tool: name, text: bounded(told, SHOWN_CHARS_MAX), failed });
    results.push({ id, tool: name, text: told, failed });
  }
  return results;
}

/** As JSON no longer than this, but for a few words that say so. */
function fitting(text: string, charsMax: number): string {
  const most = Math.max(0, charsMax);
  const { length } = JSON.stringify(text);
  if (length <= most) return text;
  // A mark that no text should hold takes six in JSON.
  return bounded(text, Math.floor(length < text.length * 1.5 ? most / 1.5 : most / 6));
}

function shownInput(input: Readonly<Record<string, unknown>>): string {
  const { code } = input;
  return bounded(typeof code === 'string' ? code : JSON.stringify(input), SHOWN_CHARS_MAX);
}

async function outcomeOf(
  toolbox: Toolbox,
  name: string,
  input: Readonly<Record<string, unknown>>,
): Promise<{ readonly text: string; readonly failed: boolean }> {
  try {
    return await toolbox.call(name, input);
  } catch (error) {
    const known = receivedError(error);
    const words = error instanceof Error ? error.message : String(error);
    return { text: known === undefined ? words : `[${known.code}] ${known.message}`, failed: true };
  }
}
