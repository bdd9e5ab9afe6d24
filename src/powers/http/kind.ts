import type { Effect, PowerKind } from '../../ocap/power.ts';
import { ALLOWED, refuse, type Verdict } from '../../ocap/verdict.ts';
import { formatOrigin } from '../../policy/authority.ts';
import { matchHost } from '../../policy/host.ts';
import { givesMethod } from '../../policy/method.ts';
import {
  type CompiledPattern,
  compilePathPattern,
  matchPath,
  sharedSegments,
} from '../../policy/path-pattern.ts';
import { listWords, shorten } from '../../policy/quote.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { isPlain, judgeParts } from './judge-parts.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { refuseFor } from './refusal.ts';
import { judgeSecondResource } from './second-resource.ts';

/**
 * A call is judged by its method and its path, then by its query, its headers and its body. Of the
 * refusals of several grants the nearest explains: one of the later parts is nearer than one where
 * only the method was missing, and that nearer than one where only the path was.
 */
export const httpKind: PowerKind<HttpConfig, HttpNarrowing, HttpCall> = Object.freeze({
  kind: 'http',
  concerns: (config: HttpConfig, call: HttpCall): boolean =>
    config.scheme === call.scheme && config.port === call.port && matchHost(config.host, call.host),
  permits: (narrowing: HttpNarrowing, call: HttpCall): Verdict => judgeCall(narrowing, call, false),
  effect: (call: HttpCall): Effect => {
    // It begins as a GET, and nobody judges what is said over it.
    if (call.websocket === true) return 'write';
    return call.reads === true || SAFE_METHODS.has(call.method) ? 'read' : 'write';
  },
  describe,
});

/** RFC 9110 §9.2.1. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Longest method that a refusal shows. */
const METHOD_CHARS_SHOWN_MAX = 32;

/** Most methods that a refusal lists. */
const METHODS_SHOWN_MAX = 8;

const DISTANCE = { nothing: 1, path: 2, method: 3, second: 4 } as const;

/** A narrowing is compiled once; it is never changed. */
const compiled = new WeakMap<HttpNarrowing, CompiledPattern>();

/** Would it permit the call if the body, which nobody has read yet, were right? */
export function couldPermit(narrowing: HttpNarrowing, call: HttpCall): boolean {
  return judgeCall(narrowing, call, true).allow;
}

function judgeCall(narrowing: HttpNarrowing, call: HttpCall, assumeBody: boolean): Verdict {
  const path = judgePath(narrowing, call);
  if (!givesMethod(narrowing.methods, call.method)) {
    const distance = path.allow ? DISTANCE.method : DISTANCE.nothing;
    return refuse('method-not-granted', explainMethod(narrowing, call), distance);
  }
  if (!path.allow) return path;
  const second = judgeSecondResource(narrowing, call);
  if (second !== null) return refuseFor(describe(call), second, DISTANCE.second);
  if (isPlain(narrowing)) return path;
  const verdict = judgeParts(narrowing, call, describe(call), assumeBody);
  if (!verdict.allow || narrowing.any === undefined) return verdict;
  return judgeAny(narrowing.any, call, assumeBody);
}

function judgeAny(
  alternatives: readonly HttpNarrowing[],
  call: HttpCall,
  assumeBody: boolean,
): Verdict {
  let nearest = refuse(
    'narrowing-refused',
    `${describe(call)} is not allowed: the grant has no alternative for it.`,
    DISTANCE.nothing,
  );
  for (const alternative of alternatives) {
    const verdict = judgeCall(alternative, call, assumeBody);
    if (verdict.allow) return verdict;
    if (verdict.distance > nearest.distance) nearest = verdict;
  }
  return nearest;
}

function judgePath(narrowing: HttpNarrowing, call: HttpCall): Verdict {
  if (narrowing.path === null) return ALLOWED;
  const pattern = patternOf(narrowing, narrowing.path);
  if (!pattern.ok) {
    return refuse(
      'path-not-granted',
      `${describe(call)} is not allowed: the path of the grant cannot be read, as ${pattern.reason}.`,
      DISTANCE.path,
    );
  }
  const match = matchPath(pattern.pattern, call.path);
  if (match === 'match') return ALLOWED;
  const shared = sharedSegments(pattern.pattern, call.path);
  // More shared segments are nearer, and never as near as a path that matches.
  const distance = DISTANCE.path + shared / (shared + 1);
  const only = `this box may only use ${pathText(narrowing)} there`;
  return match === 'ambiguous'
    ? refuse(
        'path-ambiguous',
        `${describe(call)} is not allowed: servers read a path with an empty or doubly encoded segment in different ways, and ${only}.`,
        distance,
      )
    : refuse('path-not-granted', `${describe(call)} is not allowed: ${only}.`, distance);
}

/** The path pattern of a narrowing, with the values that its variables are pinned to. */
export function patternOf(narrowing: HttpNarrowing, path: string): CompiledPattern {
  let pattern = compiled.get(narrowing);
  if (pattern === undefined) {
    pattern = compilePathPattern(path, narrowing.variables);
    compiled.set(narrowing, pattern);
  }
  return pattern;
}

/** The path pattern with the values that its variables are pinned to. */
function pathText({ path, variables = {} }: HttpNarrowing): string {
  const pins = Object.entries(variables).map(([name, values]) => `${name}=${values.join('|')}`);
  return shorten([path ?? '', ...pins].join(' '));
}

function explainMethod(narrowing: HttpNarrowing, call: HttpCall): string {
  const { methods, path } = narrowing;
  const where = path === null ? 'there' : `on ${pathText(narrowing)} there`;
  if (methods === null) {
    return `${describe(call)} is not allowed: no box may use this method; other methods may be used ${where}.`;
  }
  const shown = methods.slice(0, METHODS_SHOWN_MAX);
  const more = methods.length > shown.length ? ['others'] : [];
  return `${describe(call)} is not allowed: this box may only use ${listWords([...shown, ...more])} ${where}.`;
}

/** Without the query, as its values may be private. */
function describe(call: HttpCall): string {
  const verb = call.method.slice(0, METHOD_CHARS_SHOWN_MAX);
  const part =
    call.message !== undefined ? 'a message over ' : call.reads === true ? 'the answer of ' : '';
  const method = `${part}${verb}`;
  const kept = call.websocket === true ? ' (WebSocket)' : '';
  return `${method} ${formatOrigin(call.scheme, call.host, call.port)}${shorten(call.path)}${kept}`;
}
