import type { Effect, PowerKind } from '../../ocap/power.ts';
import type { Verdict } from '../../ocap/verdict.ts';
import { quote } from '../../policy/quote.ts';
import { parseStrictJson } from '../../policy/strict-json.ts';
import type { ErrorCode } from '../../wire/errors.ts';
import { judgeRules, type RuleFault } from '../words/judge-rules.ts';
import { matchesAny } from '../words/wildcard.ts';
import { CHAT_PATHS, type ModelConfig, type Provider } from './config.ts';
import { REQUEST_BYTES_MAX, REQUEST_DEPTH_MAX } from './limits.ts';
import { type RequestFacts, readRequest } from './request.ts';

/** One request to a model. */
export interface ModelCall extends RequestFacts {
  readonly provider: Provider;
  readonly origin: string;
  readonly base: string;
  /** `next` reads on in an answer that streams. */
  readonly method: 'chat' | 'next';
  /** Of the body. */
  readonly bytes: number;
  /** What is sent, exactly; null for `next`. */
  readonly body: string | null;
}

/** All that is not null must hold. */
export interface ModelRule {
  /** Names, or patterns with `*`. */
  readonly models: readonly string[] | null;
  /** Most tokens of an answer; the request must bound them itself. */
  readonly tokens: number | null;
  /** False: no tools are offered. */
  readonly tools: boolean | null;
  /** False: answers come whole. */
  readonly stream: boolean | null;
  readonly messages: number | null;
  readonly bytes: number | null;
  /** Of `ModelConfig.extras`, those that may be used: patterns with `*`; empty for none. */
  readonly extras: readonly string[] | null;
}

/** A call is allowed that one of the rules allows. */
export type ModelNarrowing = readonly ModelRule[];

/** Light enough for the egress, which judges what a box sends to a provider by itself. */
export const modelKind: PowerKind<ModelConfig, ModelNarrowing, ModelCall> = Object.freeze({
  kind: 'model',
  concerns: (config: ModelConfig, call: ModelCall): boolean =>
    config.provider === call.provider && config.origin === call.origin && config.base === call.base,
  permits: (narrowing: ModelNarrowing, call: ModelCall): Verdict =>
    judgeRules(narrowing, call, faultOf, { code: 'model-refused', describe }),
  // What is asked leaves this machine, and costs.
  effect: ({ method }: ModelCall): Effect => (method === 'next' ? 'read' : 'write'),
  describe,
});

function faultOf(rule: ModelRule, call: ModelCall): RuleFault | null {
  if (rule.models !== null && !matchesAny(rule.models, call.model)) {
    return { distance: 1, reason: `the model must be ${rule.models.map(quote).join(' or ')}` };
  }
  const asked = faultOfUse(rule, call);
  if (asked !== null) return { distance: 2, reason: asked };
  return null;
}

function faultOfUse(rule: ModelRule, call: ModelCall): string | null {
  if (rule.tools === false && call.tools) return 'tools may not be offered';
  if (rule.stream === false && call.stream) return 'answers may not be streamed';
  if (rule.tokens !== null && (call.maxTokens === null || call.maxTokens > rule.tokens)) {
    return `the request must bound the answer to ${rule.tokens} tokens or fewer`;
  }
  if (rule.messages !== null && call.messages > rule.messages) {
    return `at most ${rule.messages} messages may be sent`;
  }
  if (rule.bytes !== null && call.bytes > rule.bytes) {
    return `at most ${rule.bytes} bytes may be sent`;
  }
  const { extras } = rule;
  if (extras === null) return null;
  const extra = call.extras.find((name) => !matchesAny(extras, name));
  return extra === undefined ? null : `${quote(extra)} may not be used`;
}

/** Of the conversation only the size, as it may be private. */
function describe(call: ModelCall): string {
  const what = call.method === 'next' ? 'read on from' : 'chat with';
  const messages = `${call.messages} ${call.messages === 1 ? 'message' : 'messages'}`;
  const bound = call.maxTokens === null ? 'any number of' : `at most ${call.maxTokens}`;
  return `${what} ${quote(call.model)} at ${call.origin} (${messages}, ${bound} tokens)`;
}

export type ReadModelCall =
  | { readonly ok: true; readonly call: ModelCall }
  | { readonly ok: false; readonly code: ErrorCode; readonly reason: string };

/**
 * The call that an HTTP request is, when it is one that the provider's model would answer. `path`
 * is in canonical form, with its query. What is judged is these bytes: they must be sent unchanged,
 * and without headers that change what they mean, as `anthropic-beta` does.
 */
export function modelCallOfHttp(
  config: ModelConfig,
  method: string,
  path: string,
  body: Uint8Array,
): ReadModelCall {
  const chat = config.base + CHAT_PATHS[config.provider];
  // The provider's own programs write this query; the header decides what it means.
  const known = path === chat || (config.provider === 'anthropic' && path === `${chat}?beta=true`);
  if (method !== 'POST' || !known) {
    return refused('model-refused', `Only POST ${config.origin}${chat} reaches the model.`);
  }
  if (body.length > REQUEST_BYTES_MAX) {
    return refused('call-invalid', `The request is longer than ${REQUEST_BYTES_MAX} bytes.`);
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return refused('body-unreadable', 'The request to the model is not UTF-8.');
  }
  return modelCallOfText(config, text, body.length);
}

/** The call that a body is. */
export function modelCallOfText(config: ModelConfig, body: string, bytes: number): ReadModelCall {
  const json = parseStrictJson(body, { depthMax: REQUEST_DEPTH_MAX, wellFormed: true });
  if (!json.ok) {
    return refused(
      'body-unreadable',
      `The request to the model is not strict JSON: ${json.reason}.`,
    );
  }
  const read = readRequest(config.provider, json.value);
  if (!read.ok) return refused('call-invalid', `Cannot ask the model: ${read.reason}.`);
  const extra = read.facts.extras.find((name) => !matchesAny(config.extras, name));
  if (extra !== undefined) {
    const reason = `The request makes use of ${quote(extra)}, which this power does not give.`;
    return refused('model-refused', reason);
  }
  const { provider, origin, base } = config;
  return { ok: true, call: { ...read.facts, provider, origin, base, method: 'chat', bytes, body } };
}

function refused(code: ErrorCode, reason: string): ReadModelCall {
  return { ok: false, code, reason };
}
