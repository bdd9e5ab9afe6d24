import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a provider of models was asked. */
export interface ModelAsked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Readonly<Record<string, unknown>>;
}

/** A provider of all three dialects on this machine, which counts tokens as it is told. */
export interface ModelService {
  readonly origin: string;
  readonly asked: readonly ModelAsked[];
  /** Resolves when a client has cut an answer. */
  readonly cut: Promise<void>;
  close(): Promise<void>;
}

export interface ModelServiceOptions {
  readonly words: readonly string[];
  readonly input: number;
  readonly output: number;
  /** False leaves the usage out. */
  readonly counts?: boolean;
  /** Never ends a streamed answer. */
  readonly hangs?: boolean;
  /** Breaks off before the end of a streamed answer. */
  readonly breaks?: boolean;
  /** Answers every request with this status. */
  readonly fails?: number;
}

export async function startModelService(options: ModelServiceOptions): Promise<ModelService> {
  const asked: ModelAsked[] = [];
  let tellCut = (): void => {};
  const cut = new Promise<void>((done) => {
    tellCut = done;
  });
  const server = createServer((request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) tellCut();
    });
    void answer(options, request, response, asked).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    cut,
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      return closed;
    },
  };
}

async function answer(
  options: ModelServiceOptions,
  request: IncomingMessage,
  response: ServerResponse,
  asked: ModelAsked[],
): Promise<void> {
  const body = JSON.parse((await buffer(request)).toString('utf8')) as ModelAsked['body'];
  const { url: path = '', headers } = request;
  asked.push({ path, headers, body });
  if (options.fails !== undefined) {
    response.writeHead(options.fails, { location: '/elsewhere' });
    response.end(JSON.stringify({ error: { message: 'no such thing\u0007' } }));
    return;
  }
  const dialect = path.endsWith('/messages') ? anthropic : path === '/api/chat' ? ollama : openai;
  const streams = body.stream ?? dialect === ollama;
  if (streams !== true) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(dialect.whole(options, body)));
    return;
  }
  response.writeHead(200, { 'content-type': dialect.streamType });
  const pieces = dialect.pieces(options, body);
  for (const piece of options.breaks === true ? pieces.slice(0, 2) : pieces) response.write(piece);
  if (options.breaks === true) setTimeout(() => response.destroy(), 50);
  else if (options.hangs !== true) response.end();
}

interface Dialect {
  readonly streamType: string;
  whole(options: ModelServiceOptions, body: ModelAsked['body']): unknown;
  pieces(options: ModelServiceOptions, body: ModelAsked['body']): readonly string[];
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

const openai: Dialect = {
  streamType: 'text/event-stream',
  whole: ({ words, ...options }, body) => ({
    choices: [{ message: { content: words.join('') }, finish_reason: 'stop' }],
    model: body.model,
    ...openaiUsage(options),
  }),
  pieces(options, body) {
    const asked = (body.stream_options as { include_usage?: boolean } | undefined)?.include_usage;
    return [
      ...options.words.map((content) => data({ choices: [{ delta: { content } }] })),
      ...(asked === true ? [data({ choices: [], ...openaiUsage(options) })] : []),
      ...(options.hangs === true ? [] : ['data: [DONE]\n\n']),
    ];
  },
};

function openaiUsage({ input, output, counts }: Omit<ModelServiceOptions, 'words'>): object {
  if (counts === false) return {};
  return { usage: { prompt_tokens: input, completion_tokens: output } };
}

const anthropic: Dialect = {
  streamType: 'text/event-stream',
  whole: ({ words, input, output, counts }) => ({
    content: [{ type: 'text', text: words.join('') }],
    stop_reason: 'end_turn',
    ...(counts === false ? {} : { usage: { input_tokens: input, output_tokens: output } }),
  }),
  pieces: ({ words, input, output }) => [
    data({ type: 'message_start', message: { usage: { input_tokens: input, output_tokens: 1 } } }),
    ...words.map((text) => data({ type: 'content_block_delta', delta: { text } })),
    data({ type: 'message_delta', usage: { output_tokens: output } }),
    data({ type: 'message_stop' }),
  ],
};

const ollama: Dialect = {
  streamType: 'application/x-ndjson',
  whole: ({ words, ...options }) => ({
    message: { content: words.join('') },
    done: true,
    done_reason: 'stop',
    ...ollamaUsage(options),
  }),
  pieces: ({ words, ...options }) => [
    ...words.map((content) => `${JSON.stringify({ message: { content }, done: false })}\n`),
    `${JSON.stringify({ message: { content: '' }, done: true, ...ollamaUsage(options) })}\n`,
  ],
};

function ollamaUsage({ input, output, counts }: Omit<ModelServiceOptions, 'words'>): object {
  return counts === false ? {} : { prompt_eval_count: input, eval_count: output };
}
