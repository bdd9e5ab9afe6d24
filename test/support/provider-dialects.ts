/**
 * What model providers say, as far as an agent program needs it for one tool call: the first
 * answer asks for it, and once its result is in the conversation the answer is plain text.
 */

export interface Script {
  /** What the agent is to run in its shell. */
  readonly command: string;
  /** The last answer of the model. */
  readonly farewell: string;
}

export interface Answer {
  readonly type: 'text/event-stream' | 'application/json';
  readonly body: string;
  /** True when the answer asks for the tool call. */
  readonly asksForTool: boolean;
}

export interface Dialect {
  readonly name: 'responses' | 'chat' | 'messages' | 'gemini';
  readonly path: RegExp;
  /** The header that carries the key, and what stands in front of the key there. */
  readonly slot: readonly [header: string, prefix: string];
  answer(body: Json, script: Script, path: string): Answer;
}

export type Json = { readonly [key: string]: unknown };

/** What the model says next; `form` tells whether a tool takes an object or, as `custom`, text. */
type Say =
  | { readonly tool: string; readonly form: 'function'; readonly args: Json }
  | { readonly tool: string; readonly form: 'custom'; readonly input: string }
  | { readonly tool: null; readonly text: string };

const SHELL_TOOLS = ['exec_command', 'shell_command', 'shell', 'run_shell_command', 'bash', 'Bash'];

/** The tool call while its result is missing, then the farewell; no shell offered: the farewell. */
function next(tools: readonly Json[], answered: boolean, script: Script): Say {
  if (answered) return { tool: null, text: script.farewell };
  const shell = tools.find(({ name }) => SHELL_TOOLS.includes(String(name)));
  if (shell !== undefined) {
    const args = shellArguments(shell, script.command);
    return { tool: String(shell.name), form: 'function', args };
  }
  // Newer models of Codex are offered one tool, which runs JavaScript that calls the others.
  const exec = tools.find(({ name, type }) => name === 'exec' && type === 'custom');
  if (exec === undefined) return { tool: null, text: script.farewell };
  const call = JSON.stringify({ cmd: script.command });
  return { tool: 'exec', form: 'custom', input: `text(await tools.exec_command(${call}));` };
}

/** Shell tools differ in what they call the command line, and whether it is a list. */
function shellArguments(tool: Json, command: string): Json {
  const schema = (tool.parameters ?? tool.parametersJsonSchema ?? tool.input_schema ?? {}) as Json;
  const properties = (schema.properties ?? {}) as Json;
  if ('cmd' in properties) return { cmd: command };
  if (tool.name === 'shell') return { command: ['sh', '-c', command] };
  return { command, ...('description' in properties ? { description: 'One command.' } : {}) };
}

function argsOf(say: Say): Json {
  return say.tool !== null && say.form === 'function' ? say.args : {};
}

/** The least value of a JSON schema, for requests that want their answer in a form. */
function example(schema: Json): unknown {
  if (Array.isArray(schema.enum)) return schema.enum[0];
  const type = String(schema.type).toLowerCase();
  if (type === 'object') {
    const properties = Object.entries((schema.properties ?? {}) as Json);
    return Object.fromEntries(properties.map(([name, of]) => [name, example(of as Json)]));
  }
  if (type === 'array') return [];
  if (type === 'boolean') return false;
  return type === 'integer' || type === 'number' ? 1 : 'none';
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function events(frames: readonly (readonly [name: string | null, data: unknown])[]): string {
  return frames
    .map(([name, data]) => {
      const head = name === null ? '' : `event: ${name}\n`;
      return `${head}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;
    })
    .join('');
}

function reply(stream: boolean, say: Say, body: string): Answer {
  const type = stream ? 'text/event-stream' : 'application/json';
  return { type, body, asksForTool: say.tool !== null };
}

/** Tools of a request, of items that add tools, and of the namespaces among them. */
function responsesTools(holders: readonly Json[]): readonly Json[] {
  return holders
    .flatMap(({ tools }) => list(tools))
    .flatMap((tool) => (tool.type === 'namespace' ? list(tool.tools) : [tool]));
}

function responsesItem(say: Say): Json {
  const base = { id: 'item_1', status: 'completed' };
  if (say.tool === null) {
    const content = [{ type: 'output_text', text: say.text, annotations: [] }];
    return { ...base, type: 'message', role: 'assistant', content };
  }
  const call = { ...base, call_id: 'call_1', name: say.tool };
  return say.form === 'custom'
    ? { ...call, type: 'custom_tool_call', input: say.input }
    : { ...call, type: 'function_call', arguments: JSON.stringify(say.args) };
}

const responses: Dialect = {
  name: 'responses',
  path: /^\/v1\/responses$/,
  slot: ['authorization', 'Bearer '],
  answer(body, script) {
    const input = list(body.input);
    const answered = input.some(({ type }) => String(type).endsWith('_call_output'));
    const say = next(responsesTools([body, ...input]), answered, script);
    const item = responsesItem(say);
    const response = { id: 'resp_1', object: 'response', model: body.model, output: [item] };
    const usage = {
      input_tokens: 1,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 1,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 2,
    };
    const done = { ...response, status: 'completed', usage };
    if (body.stream !== true) return reply(false, say, JSON.stringify(done));
    const frames: readonly Json[] = [
      { type: 'response.created', response: { ...response, status: 'in_progress', output: [] } },
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress' },
      },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: done },
    ];
    return reply(true, say, events(frames.map((frame) => [String(frame.type), frame])));
  },
};

const chat: Dialect = {
  name: 'chat',
  path: /^\/v1\/chat\/completions$/,
  slot: ['authorization', 'Bearer '],
  answer(body, script) {
    const answered = list(body.messages).some(({ role }) => role === 'tool');
    const tools = list(body.tools).map((tool) => (tool.function ?? {}) as Json);
    const say = next(tools, answered, script);
    const message =
      say.tool === null
        ? { role: 'assistant', content: say.text }
        : {
            role: 'assistant',
            content: null,
            tool_calls: [
              {
                index: 0,
                id: 'call_1',
                type: 'function',
                function: { name: say.tool, arguments: JSON.stringify(argsOf(say)) },
              },
            ],
          };
    const finish = say.tool === null ? 'stop' : 'tool_calls';
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const base = { id: 'chat_1', created: 1, model: body.model };
    if (body.stream !== true) {
      const choices = [{ index: 0, message, finish_reason: finish }];
      return reply(
        false,
        say,
        JSON.stringify({ ...base, object: 'chat.completion', choices, usage }),
      );
    }
    const chunk = (delta: unknown, reason: string | null) => ({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
    const last = { ...chunk({}, finish), usage };
    return reply(
      true,
      say,
      events([
        [null, chunk(message, null)],
        [null, last],
        [null, '[DONE]'],
      ]),
    );
  },
};

const messages: Dialect = {
  name: 'messages',
  path: /^\/v1\/messages$/,
  slot: ['x-api-key', ''],
  answer(body, script) {
    const answered = list(body.messages).some(({ content }) =>
      list(content).some(({ type }) => type === 'tool_result'),
    );
    const say = next(list(body.tools), answered, script);
    const block =
      say.tool === null
        ? { type: 'text', text: say.text }
        : { type: 'tool_use', id: 'toolu_1', name: say.tool, input: argsOf(say) };
    const stop = say.tool === null ? 'end_turn' : 'tool_use';
    const usage = { input_tokens: 1, output_tokens: 1 };
    const base = { id: 'msg_1', type: 'message', role: 'assistant', model: body.model };
    if (body.stream !== true) {
      const whole = { ...base, content: [block], stop_reason: stop, stop_sequence: null, usage };
      return reply(false, say, JSON.stringify(whole));
    }
    const opened = say.tool === null ? { type: 'text', text: '' } : { ...block, input: {} };
    const delta =
      say.tool === null
        ? { type: 'text_delta', text: say.text }
        : { type: 'input_json_delta', partial_json: JSON.stringify(argsOf(say)) };
    const start = { ...base, content: [], stop_reason: null, stop_sequence: null, usage };
    const frames: readonly Json[] = [
      { type: 'message_start', message: start },
      { type: 'content_block_start', index: 0, content_block: opened },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      {
        type: 'message_delta',
        delta: { stop_reason: stop, stop_sequence: null },
        usage: { output_tokens: 1 },
      },
      { type: 'message_stop' },
    ];
    return reply(true, say, events(frames.map((frame) => [String(frame.type), frame])));
  },
};

const gemini: Dialect = {
  name: 'gemini',
  path: /^\/v1beta\/models\/[^/:]+:(?:generateContent|streamGenerateContent)$/,
  slot: ['x-goog-api-key', ''],
  answer(body, script, path) {
    const answered = list(body.contents).some(({ parts }) =>
      list(parts).some((part) => 'functionResponse' in part),
    );
    const tools = list(body.tools).flatMap((tool) => list(tool.functionDeclarations));
    const config = (body.generationConfig ?? {}) as Json;
    const wanted = config.responseJsonSchema ?? config.responseSchema;
    const farewell =
      wanted === undefined ? script.farewell : JSON.stringify(example(wanted as Json));
    const say = next(tools, answered, { ...script, farewell });
    const part =
      say.tool === null
        ? { text: say.text }
        : { functionCall: { id: 'call_1', name: say.tool, args: argsOf(say) } };
    const whole = {
      candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      modelVersion: 'local',
    };
    const stream = path.endsWith(':streamGenerateContent');
    return reply(stream, say, stream ? events([[null, whole]]) : JSON.stringify(whole));
  },
};

export const DIALECTS: readonly Dialect[] = [responses, chat, messages, gemini];
