import type { ScriptedAnswer, ScriptedCall, ScriptedMessage } from './scripted-model.ts';

/** How each provider writes conversations and answers; the other half of scripted-model.ts. */

export type Json = { readonly [key: string]: unknown };

export interface Dialect {
  readonly name: 'chat' | 'responses' | 'messages' | 'ollama';
  readonly path: RegExp;
  /** Where the key is; null where there is none. */
  readonly slot: { readonly header: string; readonly prefix: string } | null;
  readonly streamType: string;
  messages(body: Json): readonly ScriptedMessage[];
  tools(body: Json): readonly { readonly name: string; readonly parameters: Json }[];
  whole(model: string, answer: ScriptedAnswer): Json;
  /** What is written one after the other when the answer streams. */
  pieces(model: string, answer: ScriptedAnswer): string[];
  failure(status: number): Json;
}

export function dialectOf(path: string): Dialect | undefined {
  return DIALECTS.find((dialect) => dialect.path.test(path));
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

/** The words of a content that is text, or parts of which some are. */
function words(content: unknown): string {
  if (typeof content === 'string') return content;
  return list(content)
    .map((part) => (typeof part.text === 'string' ? part.text : ''))
    .join('');
}

function argsOf(value: unknown): Json {
  return (typeof value === 'string' ? JSON.parse(value) : (value ?? {})) as Json;
}

function roleOf(role: unknown): ScriptedMessage['role'] {
  return role === 'developer' ? 'system' : (role as ScriptedMessage['role']);
}

function calls(answer: ScriptedAnswer): readonly (ScriptedCall & { readonly id: string })[] {
  return (answer.toolCalls ?? []).map((call) => ({ ...call, id: nextId('call') }));
}

let ids = 0;
function nextId(of: string): string {
  ids += 1;
  return `${of}_${ids}`;
}

/** Cut where a stream of a real provider could be cut, in the middle of words too. */
function cutUp(text: string): readonly string[] {
  const chars = Math.max(40, Math.ceil(text.length / PIECES_MAX));
  return text.match(new RegExp(`[\\s\\S]{1,${chars}}`, 'g')) ?? [];
}

/** Enough to be in pieces; each of them is a use with rows of its own. */
const PIECES_MAX = 12;

function used(answer: ScriptedAnswer): { input: number; output: number } | null {
  return answer.usage === undefined ? { input: 10, output: 5 } : answer.usage;
}

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
const typed = (data: Json): string => `event: ${String(data.type)}\n${event(data)}`;

const failure = (status: number): Json => ({
  error: { type: 'api_error', message: 'The script says so.', code: String(status), param: null },
});

function functionTools(body: Json): ReturnType<Dialect['tools']> {
  return list(body.tools).map((tool) => {
    const made = (tool.function ?? {}) as Json;
    return { name: String(made.name), parameters: (made.parameters ?? {}) as Json };
  });
}

function chatMessages(body: Json): readonly ScriptedMessage[] {
  return list(body.messages).map((message) => ({
    role: roleOf(message.role),
    text: words(message.content),
    toolCalls: list(message.tool_calls).map((call) => {
      const made = (call.function ?? {}) as Json;
      return { name: String(made.name), args: argsOf(made.arguments) };
    }),
  }));
}

function chatUsage(answer: ScriptedAnswer): Json {
  const usage = used(answer);
  if (usage === null) return {};
  const { input, output } = usage;
  const counts = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
  };
  return { usage: counts };
}

const chat: Dialect = {
  name: 'chat',
  path: /^\/v1\/chat\/completions$/,
  slot: { header: 'authorization', prefix: 'Bearer ' },
  streamType: 'text/event-stream',
  messages: chatMessages,
  tools: functionTools,
  failure,
  whole(model, answer) {
    const asks = calls(answer).map(({ id, name, args }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(args) },
    }));
    const message = {
      role: 'assistant',
      content: answer.text ?? null,
      ...(asks.length > 0 ? { tool_calls: asks } : {}),
    };
    const finish = asks.length > 0 ? 'tool_calls' : 'stop';
    const choices = [{ index: 0, message, finish_reason: finish }];
    const head = { id: nextId('chat'), object: 'chat.completion', created: 1, model };
    return { ...head, choices, ...chatUsage(answer) };
  },
  pieces(model, answer) {
    const head = { id: nextId('chat'), object: 'chat.completion.chunk', created: 1, model };
    const chunk = (delta: Json, finish: string | null = null): string =>
      event({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] });
    const asks = calls(answer);
    return [
      chunk({ role: 'assistant', content: '' }),
      ...cutUp(answer.text ?? '').map((content) => chunk({ content })),
      ...asks.flatMap(({ id, name, args }, index) => [
        chunk({
          tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
        }),
        ...cutUp(JSON.stringify(args)).map((piece) =>
          chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
        ),
      ]),
      chunk({}, asks.length > 0 ? 'tool_calls' : 'stop'),
      event({ ...head, choices: [], ...chatUsage(answer) }),
      'data: [DONE]\n\n',
    ];
  },
};

function responsesItems(answer: ScriptedAnswer): readonly Json[] {
  const content = [{ type: 'output_text', text: answer.text ?? '', annotations: [] }];
  const said = { type: 'message', role: 'assistant', id: nextId('msg'), status: 'completed' };
  return [
    ...(answer.text === undefined ? [] : [{ ...said, content }]),
    ...calls(answer).map(({ id, name, args }) => ({
      type: 'function_call',
      id: nextId('fc'),
      call_id: id,
      name,
      arguments: JSON.stringify(args),
      status: 'completed',
    })),
  ];
}

const responses: Dialect = {
  name: 'responses',
  path: /^\/v1\/responses$/,
  slot: { header: 'authorization', prefix: 'Bearer ' },
  streamType: 'text/event-stream',
  messages: (body) =>
    list(body.input).map((item) => {
      if (item.type === 'function_call_output') {
        return { role: 'tool', text: words(item.output), toolCalls: [] };
      }
      if (item.type === 'function_call') {
        const call = { name: String(item.name), args: argsOf(item.arguments) };
        return { role: 'assistant', text: '', toolCalls: [call] };
      }
      return { role: roleOf(item.role), text: words(item.content), toolCalls: [] };
    }),
  tools: (body) =>
    list(body.tools).map((tool) => ({
      name: String(tool.name),
      parameters: (tool.parameters ?? {}) as Json,
    })),
  failure,
  whole(model, answer) {
    const usage = used(answer) ?? { input: 0, output: 0 };
    return {
      id: nextId('resp'),
      object: 'response',
      created_at: 1,
      status: 'completed',
      model,
      output: responsesItems(answer),
      usage: { input_tokens: usage.input, output_tokens: usage.output },
    };
  },
  pieces(model, answer) {
    const whole = responses.whole(model, answer);
    const items = list(whole.output);
    return [
      typed({ type: 'response.created', response: { ...whole, output: [] } }),
      ...items.flatMap((item, output_index) => [
        typed({
          type: 'response.output_item.added',
          output_index,
          item: { ...item, ...(item.type === 'message' ? { content: [] } : { arguments: '' }) },
        }),
        ...cutUp(item.type === 'message' ? words(item.content) : String(item.arguments)).map(
          (delta) =>
            typed({
              type:
                item.type === 'message'
                  ? 'response.output_text.delta'
                  : 'response.function_call_arguments.delta',
              item_id: item.id,
              output_index,
              content_index: 0,
              delta,
            }),
        ),
        typed({ type: 'response.output_item.done', output_index, item }),
      ]),
      typed({ type: 'response.completed', response: whole }),
    ];
  },
};

function messagesBlocks(answer: ScriptedAnswer): readonly Json[] {
  return [
    ...(answer.text === undefined ? [] : [{ type: 'text', text: answer.text }]),
    ...calls(answer).map(({ id, name, args }) => ({ type: 'tool_use', id, name, input: args })),
  ];
}

const messages: Dialect = {
  name: 'messages',
  path: /^\/v1\/messages$/,
  slot: { header: 'x-api-key', prefix: '' },
  streamType: 'text/event-stream',
  messages(body) {
    const system: ScriptedMessage[] =
      body.system === undefined
        ? []
        : [{ role: 'system', text: words(body.system), toolCalls: [] }];
    return [...system, ...list(body.messages).flatMap(readMessage)];
  },
  tools: (body) =>
    list(body.tools).map((tool) => ({
      name: String(tool.name),
      parameters: (tool.input_schema ?? {}) as Json,
    })),
  failure: (status) => ({ type: 'error', ...failure(status) }),
  whole(model, answer) {
    const usage = used(answer) ?? { input: 0, output: 0 };
    return {
      id: nextId('msg'),
      type: 'message',
      role: 'assistant',
      model,
      content: messagesBlocks(answer),
      stop_reason: (answer.toolCalls ?? []).length > 0 ? 'tool_use' : 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: usage.input, output_tokens: usage.output },
    };
  },
  pieces(model, answer) {
    const { content, stop_reason, usage, ...head } = messages.whole(model, answer);
    const { input_tokens, output_tokens } = usage as Json;
    const begun = { input_tokens, output_tokens: 1 };
    return [
      typed({ type: 'message_start', message: { ...head, content: [], usage: begun } }),
      ...list(content).flatMap((block, index) => {
        const isText = block.type === 'text';
        const opened = isText ? { ...block, text: '' } : { ...block, input: {} };
        const whole = isText ? String(block.text) : JSON.stringify(block.input);
        return [
          typed({ type: 'content_block_start', index, content_block: opened }),
          ...cutUp(whole).map((piece) => {
            const delta = isText
              ? { type: 'text_delta', text: piece }
              : { type: 'input_json_delta', partial_json: piece };
            return typed({ type: 'content_block_delta', index, delta });
          }),
          typed({ type: 'content_block_stop', index }),
        ];
      }),
      typed({
        type: 'message_delta',
        delta: { stop_reason, stop_sequence: null },
        usage: { output_tokens },
      }),
      typed({ type: 'message_stop' }),
    ];
  },
};

/** Results of tools stand in messages of the user there. */
function readMessage(message: Json): readonly ScriptedMessage[] {
  const parts = list(message.content);
  const results = parts
    .filter(({ type }) => type === 'tool_result')
    .map(({ content }) => ({ role: 'tool' as const, text: words(content), toolCalls: [] }));
  const toolCalls = parts
    .filter(({ type }) => type === 'tool_use')
    .map(({ name, input }) => ({ name: String(name), args: argsOf(input) }));
  const text = words(message.content);
  const itself = { role: roleOf(message.role), text, toolCalls };
  const says = text !== '' || toolCalls.length > 0 || message.role === 'assistant';
  return [...results, ...(says ? [itself] : [])];
}

const ollama: Dialect = {
  name: 'ollama',
  path: /^\/api\/chat$/,
  slot: null,
  streamType: 'application/x-ndjson',
  messages: chatMessages,
  tools: functionTools,
  failure: () => ({ error: 'The script says so.' }),
  whole(model, answer) {
    const tool_calls = calls(answer).map(({ name, args }) => ({
      function: { name, arguments: args },
    }));
    const usage = used(answer);
    return {
      model,
      created_at: '2026-01-01T00:00:00Z',
      message: {
        role: 'assistant',
        content: answer.text ?? '',
        ...(tool_calls.length > 0 ? { tool_calls } : {}),
      },
      done: true,
      done_reason: 'stop',
      ...(usage === null ? {} : { prompt_eval_count: usage.input, eval_count: usage.output }),
    };
  },
  pieces(model, answer) {
    const { message, ...last } = ollama.whole(model, answer);
    const head = { model: last.model, created_at: last.created_at, done: false };
    const line = (data: Json): string => `${JSON.stringify(data)}\n`;
    const { tool_calls } = message as Json;
    return [
      ...cutUp(answer.text ?? '').map((content) =>
        line({ ...head, message: { role: 'assistant', content } }),
      ),
      ...list(tool_calls).map((call) =>
        line({ ...head, message: { role: 'assistant', content: '', tool_calls: [call] } }),
      ),
      line({ ...last, message: { role: 'assistant', content: '' } }),
    ];
  },
};

const DIALECTS: readonly Dialect[] = [chat, responses, messages, ollama];
