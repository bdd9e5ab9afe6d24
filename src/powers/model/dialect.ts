import { type ModelConfig, type Provider, USUAL_URLS } from './config.ts';
import { TOKENS_DEFAULT } from './limits.ts';
import { field } from './usage.ts';

/** What one says to a model, whoever's it is. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly tools?: readonly ChatTool[] | undefined;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Of an assistant's message, as an answer gave them. */
  readonly toolCalls?: readonly ToolCall[] | undefined;
  /** Of a tool's message: the call that it answers. */
  readonly toolCallId?: string | undefined;
}

export interface ChatTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of an object. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a model answered, whoever's it is. */
export interface ChatAnswer {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** The provider's own word for why it ended. */
  readonly stop: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** The body that asks this provider. */
export function bodyOf(
  { provider, origin }: Pick<ModelConfig, 'provider' | 'origin'>,
  request: ChatRequest,
  stream: boolean,
): Json {
  const { model, temperature } = request;
  const maxTokens = request.maxTokens ?? TOKENS_DEFAULT;
  const given = temperature === undefined ? {} : { temperature };
  if (provider === 'ollama') {
    const options = { num_predict: maxTokens, ...given };
    return { model, messages: ollamaMessages(request), ...functions(request), stream, options };
  }
  if (provider === 'anthropic') {
    return { model, max_tokens: maxTokens, stream, ...given, ...anthropicWords(request) };
  }
  // Its own models know the newer name alone, many others that speak its dialect the older one.
  const newer = origin === new URL(USUAL_URLS.openai).origin;
  const bound = newer ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens };
  return {
    model,
    messages: openaiMessages(request),
    ...functions(request),
    stream,
    ...bound,
    ...given,
  };
}

function functions({ tools = [] }: ChatRequest): Json {
  if (tools.length === 0) return {};
  return { tools: tools.map((tool) => ({ type: 'function', function: tool })) };
}

function openaiMessages({ messages }: ChatRequest): readonly Json[] {
  return messages.map(({ role, content, toolCalls = [], toolCallId }) => ({
    role,
    content,
    ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map(openaiCall) }),
  }));
}

function openaiCall({ id, name, arguments: args }: ToolCall): Json {
  return { id, type: 'function', function: { name, arguments: JSON.stringify(args) } };
}

function ollamaMessages({ messages }: ChatRequest): readonly Json[] {
  const names = new Map(
    messages.flatMap(({ toolCalls = [] }) => toolCalls.map((one) => [one.id, one.name] as const)),
  );
  return messages.map(({ role, content, toolCalls = [], toolCallId }) => ({
    role,
    content,
    ...(toolCallId === undefined ? {} : { tool_name: names.get(toolCallId) ?? toolCallId }),
    ...(toolCalls.length === 0
      ? {}
      : {
          tool_calls: toolCalls.map(({ name, arguments: args }) => ({
            function: { name, arguments: args },
          })),
        }),
  }));
}

function anthropicWords({ messages, tools = [] }: ChatRequest): Json {
  const system = messages.filter(({ role }) => role === 'system').map(({ content }) => content);
  const others = messages.filter(({ role }) => role !== 'system').map(anthropicMessage);
  return {
    ...(system.length === 0 ? {} : { system: system.join('\n\n') }),
    messages: others,
    ...(tools.length === 0
      ? {}
      : {
          tools: tools.map(({ name, description, parameters }) => ({
            name,
            description,
            input_schema: parameters,
          })),
        }),
  };
}

function anthropicMessage({ role, content, toolCalls = [], toolCallId }: ChatMessage): Json {
  if (role === 'tool') {
    const result = { type: 'tool_result', tool_use_id: toolCallId ?? '', content };
    return { role: 'user', content: [result] };
  }
  if (toolCalls.length === 0) return { role, content };
  const text = content === '' ? [] : [{ type: 'text', text: content }];
  const uses = toolCalls.map(({ id, name, arguments: input }) => ({
    type: 'tool_use',
    id,
    name,
    input,
  }));
  return { role, content: [...text, ...uses] };
}

/** What an answer says that came whole. What cannot be read is left out. */
export function answerOf(provider: Provider, answer: unknown): ChatAnswer {
  if (provider === 'anthropic') return anthropicAnswer(answer);
  const choice = provider === 'ollama' ? answer : list(field(answer, 'choices'))[0];
  const message = field(choice, 'message');
  const stop = field(choice, provider === 'ollama' ? 'done_reason' : 'finish_reason');
  const toolCalls = list(field(message, 'tool_calls')).map((call, index) => {
    const made = field(call, 'function');
    const id = text(field(call, 'id')) || `call-${index}`;
    return {
      id,
      name: text(field(made, 'name')),
      arguments: argumentsOf(field(made, 'arguments')),
    };
  });
  return { text: text(field(message, 'content')), toolCalls, stop: text(stop) || null };
}

function anthropicAnswer(answer: unknown): ChatAnswer {
  const blocks = list(field(answer, 'content'));
  const words = blocks.filter((block) => field(block, 'type') === 'text');
  const uses = blocks.filter((block) => field(block, 'type') === 'tool_use');
  return {
    text: words.map((block) => text(field(block, 'text'))).join(''),
    toolCalls: uses.map((block) => ({
      id: text(field(block, 'id')),
      name: text(field(block, 'name')),
      arguments: argumentsOf(field(block, 'input')),
    })),
    stop: text(field(answer, 'stop_reason')) || null,
  };
}

/** The words that an event of a stream adds. */
export function textOfEvent(provider: Provider, event: unknown): string {
  if (provider === 'ollama') return text(field(field(event, 'message'), 'content'));
  if (provider === 'anthropic') return text(field(field(event, 'delta'), 'text'));
  return text(field(field(list(field(event, 'choices'))[0], 'delta'), 'content'));
}

function argumentsOf(value: unknown): Json {
  let parsed = value;
  if (typeof value === 'string') {
    try {
      parsed = JSON.parse(value);
    } catch {
      return {};
    }
  }
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as Json)
    : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
