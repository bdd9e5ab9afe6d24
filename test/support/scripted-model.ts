import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerCertificate } from '../../src/quickstart/certificates.ts';
import { type Dialect, dialectOf, type Json } from './scripted-dialects.ts';

/** A message of a conversation, in the words that all providers have in common. */
export interface ScriptedMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
  readonly toolCalls: readonly ScriptedCall[];
}

export interface ScriptedCall {
  readonly name: string;
  readonly args: Json;
}

/** What the model sees when it is asked for its next answer. */
export interface ScriptedTurn {
  readonly dialect: Dialect['name'];
  readonly model: string;
  readonly messages: readonly ScriptedMessage[];
  readonly tools: readonly { readonly name: string; readonly parameters: Json }[];
  /** How often it has answered in this conversation; the server itself remembers nothing. */
  readonly step: number;
  readonly stream: boolean;
}

/** What the model answers. Without text and calls it says nothing. */
export interface ScriptedAnswer {
  readonly text?: string;
  readonly toolCalls?: readonly ScriptedCall[];
  /** 10 tokens in and 5 out when left out; null tells none. */
  readonly usage?: { readonly input: number; readonly output: number } | null;
  readonly delayMs?: number;
  /** Begins an answer and never ends it. */
  readonly hang?: boolean;
  /** Breaks off in the middle. */
  readonly cut?: boolean;
  /** Answers with this status and an error of the provider. */
  readonly fail?: number;
  /** Sent as the whole body, whatever was asked for. */
  readonly raw?: string;
}

export type Script = (turn: ScriptedTurn) => ScriptedAnswer | Promise<ScriptedAnswer>;

/** One request as it arrived. */
export interface ScriptedAsked {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Json;
  readonly turn: ScriptedTurn;
}

/** A provider on this machine that speaks as OpenAI (both ways), Anthropic and Ollama do. */
export interface ScriptedModel {
  readonly origin: string;
  /** Base URLs as the provider libraries take them. */
  readonly urls: { readonly openai: string; readonly anthropic: string; readonly ollama: string };
  /** Where it speaks TLS; null without a certificate. */
  readonly securePort: number | null;
  readonly asked: readonly ScriptedAsked[];
  /** Answers that the client ended before they were whole. */
  readonly cuts: () => number;
  close(): Promise<void>;
}

export interface ScriptedModelOptions {
  /** The only key that is not answered with 401; Ollama has none. */
  readonly key?: string;
  /** For a second port, where it speaks TLS. */
  readonly certificate?: ServerCertificate;
}

/** Listens on a free port of 127.0.0.1. */
export async function startScriptedModel(
  script: Script,
  options: ScriptedModelOptions = {},
): Promise<ScriptedModel> {
  const asked: ScriptedAsked[] = [];
  let cuts = 0;
  const answer: RequestListener = (request, response) => {
    response.once('close', () => {
      if (!response.writableFinished) cuts += 1;
    });
    void serve(script, options, request, response, asked).catch((error: unknown) => {
      // A script that fails is a fault of the test, which must be able to read why.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(`The script failed: ${String(error)}`);
    });
  };
  const { certificate } = options;
  const servers = [
    createServer(answer),
    ...(certificate === undefined ? [] : [createSecureServer(certificate, answer)]),
  ];
  const [port, securePort = null] = await Promise.all(servers.map(listen));
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    urls: { openai: `${origin}/v1`, anthropic: `${origin}/v1`, ollama: `${origin}/api` },
    securePort,
    asked,
    cuts: () => cuts,
    async close() {
      await Promise.all(servers.map(shut));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

function shut(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  return closed;
}

async function serve(
  script: Script,
  options: ScriptedModelOptions,
  request: IncomingMessage,
  response: ServerResponse,
  asked: ScriptedAsked[],
): Promise<void> {
  const text = (await buffer(request)).toString('utf8');
  const path = (request.url ?? '').split('?')[0] ?? '';
  const dialect = dialectOf(path);
  if (dialect === undefined || request.method !== 'POST') {
    response.writeHead(404).end();
    return;
  }
  const body = JSON.parse(text) as Json;
  const turn = turnOf(dialect, body);
  asked.push({ path, headers: request.headers, body, turn });
  if (options.key !== undefined && !holdsKey(dialect, request, options.key)) {
    fail(dialect, response, 401);
    return;
  }
  const answer = await script(turn);
  if (answer.delayMs !== undefined) await sleep(answer.delayMs);
  if (answer.fail !== undefined) fail(dialect, response, answer.fail);
  else await send(dialect, response, turn, answer);
}

function turnOf(dialect: Dialect, body: Json): ScriptedTurn {
  const messages = dialect.messages(body);
  return {
    dialect: dialect.name,
    model: String(body.model),
    messages,
    tools: dialect.tools(body),
    step: messages.filter(({ role }) => role === 'assistant').length,
    // Ollama streams unless it is told not to.
    stream: (body.stream ?? dialect.name === 'ollama') === true,
  };
}

function holdsKey({ slot }: Dialect, { headers }: IncomingMessage, key: string): boolean {
  return slot === null || headers[slot.header] === `${slot.prefix}${key}`;
}

function fail(dialect: Dialect, response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(dialect.failure(status)));
}

async function send(
  dialect: Dialect,
  response: ServerResponse,
  turn: ScriptedTurn,
  answer: ScriptedAnswer,
): Promise<void> {
  const type = turn.stream ? dialect.streamType : 'application/json';
  response.writeHead(200, { 'content-type': type });
  if (answer.raw !== undefined) {
    response.end(answer.raw);
    return;
  }
  const pieces = turn.stream
    ? dialect.pieces(turn.model, answer)
    : [JSON.stringify(dialect.whole(turn.model, answer))];
  const broken = answer.cut === true || answer.hang === true;
  const sent = broken ? pieces.slice(0, Math.ceil(pieces.length / 2)) : pieces;
  if (broken && !turn.stream) sent[0] = (sent[0] ?? '').slice(0, 10);
  for (const piece of sent) response.write(piece);
  if (answer.hang === true) return;
  if (answer.cut !== true) response.end();
  else {
    // What was written must have left first, or the client sees a refused request.
    await sleep(20);
    response.destroy();
  }
}

/** Text that makes an obedient model evaluate `code`, in letters that any document can hold. */
export function order(code: string): string {
  return `[[do: ${plain(code)}]]`;
}

/** Text that makes it answer with `text`, as a sub-agent answers whoever started it. */
export function answering(text: string): string {
  return `[[say: ${plain(text)}]]`;
}

/** Text that makes it call a tool by its name. */
export function calling(tool: string, args: Json): string {
  return `[[call: ${plain(JSON.stringify({ tool, args }))}]]`;
}

function plain(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16)}`,
  );
}

/**
 * A model that does whatever it reads: each `[[do: CODE]]` in what has come since its last answer,
 * be it the person's task or something that a tool read, becomes a call of the tool that takes
 * `code`, with all that it was told in place of `__CONVERSATION__`. `[[call: …]]` becomes a call of
 * the tool that it names, and `[[say: TEXT]]` is what it answers. Without any it says that it is
 * done.
 */
export function obedient(usage?: ScriptedAnswer['usage']): Script {
  return ({ messages, tools }) => {
    const last = messages.findLastIndex(({ role }) => role === 'assistant');
    const news = messages.slice(last + 1).filter(({ role }) => role !== 'system');
    const tool = tools.find(({ parameters }) => 'code' in ((parameters.properties ?? {}) as Json));
    const codes = news.flatMap(({ text }) => ordersIn(text));
    const counted = usage === undefined ? {} : { usage };
    const answer = news.flatMap(({ text }) => ordersIn(text, 'say')).join('\n');
    if (answer !== '') return { text: answer, ...counted };
    const remembered = JSON.stringify(conversationOf(messages));
    const toolCalls = [
      ...(tool === undefined ? [] : codes).map((code) => ({
        name: tool?.name ?? '',
        args: { code: code.replaceAll(CONVERSATION, () => remembered) },
      })),
      ...news
        .flatMap(({ text }) => ordersIn(text, 'call'))
        .map((text) => {
          // Within a text of JSON it stands without its own quotes.
          return callOf(text.replaceAll(CONVERSATION, () => remembered.slice(1, -1)));
        }),
    ];
    return toolCalls.length === 0 ? { text: 'It is done.', ...counted } : { toolCalls, ...counted };
  };
}

function callOf(text: string): ScriptedCall {
  const { tool, args } = JSON.parse(text) as { tool: string; args: Json };
  return { name: tool, args };
}

/** Stands in an order for what the model was told so far, written as a text of JavaScript. */
const CONVERSATION = '__CONVERSATION__';

function conversationOf(messages: readonly ScriptedMessage[]): string {
  const told = messages.filter(({ role }) => role === 'user').map(({ text }) => text);
  return told
    .join(' ')
    .replace(/\[\[[\s\S]*?\]\]/g, '')
    .slice(0, 1000);
}

/** What a text orders, in order. */
export function ordersIn(text: string, what: 'do' | 'say' | 'call' = 'do'): readonly string[] {
  return [...text.matchAll(new RegExp(`\\[\\[${what}:([\\s\\S]*?)\\]\\]`, 'g'))].map(
    ([, written = '']) => {
      try {
        return decodeURIComponent(written).trim();
      } catch {
        return written.trim();
      }
    },
  );
}
