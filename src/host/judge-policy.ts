import { judge } from '../ocap/judge.ts';
import type { Answer, PowerJudge, RuleJudge } from '../policy/check-needs.ts';
import type { PolicyPower } from '../policy/compartment.ts';
import { kindOfWords } from '../policy/http-words.ts';
import type { Policy } from '../policy/policy.ts';
import type { RecordedCall, RecordedFiles, RecordedModel } from '../policy/recorded-call.ts';
import { parseRule, ruleToGrant } from '../policy/rule.ts';
import type { FilesCall } from '../powers/files/call.ts';
import { filesPower } from '../powers/files/kind.ts';
import type { HttpCall } from '../powers/http/call.ts';
import type { HttpConfig } from '../powers/http/config.ts';
import { httpKind } from '../powers/http/kind.ts';
import type { HttpNarrowing } from '../powers/http/narrowing.ts';
import { httpPower } from '../powers/http/power.ts';
import type { ModelCall, ModelRule } from '../powers/model/kind.ts';
import { modelPower } from '../powers/model/power.ts';

/**
 * What a policy would say of a call that the record or the code tells of, by the definitions that
 * judge grants. Where a rule asks for something that neither tells, the answer is `unknown`, and
 * `refuse` only where the rest refuses already.
 */
export const judgePower: PowerJudge = (power, recorded) => {
  const kind = kindOfWords(power.power);
  if (kind !== null && kind !== recorded.kind) return 'refuse';
  const answer = answerOf(power, kind === null, recorded);
  // What a petname stands for may be something else entirely.
  return kind === null && answer === 'allow' ? 'unknown' : answer;
};

export const judgeRules: RuleJudge = (policy, recorded) => {
  if (recorded.kind !== 'http') return false;
  const grants = remembered(grantsOf, policy, ({ rules }) =>
    rules.map((rule, index) => ruleToGrant(rule, String(index))),
  );
  return judge<HttpConfig, HttpNarrowing, HttpCall>(httpKind, grants, recorded.call, 0).allow;
};

/** A policy is read once, however many calls are judged by it. */
const grantsOf = new WeakMap<Policy, readonly ReturnType<typeof ruleToGrant>[]>();
const narrowingsOf = new WeakMap<PolicyPower, unknown>();

function remembered<Key extends object, Value>(
  known: WeakMap<Key, unknown>,
  key: Key,
  make: (key: Key) => Value,
): Value {
  if (!known.has(key)) known.set(key, make(key));
  return known.get(key) as Value;
}

function answerOf(power: PolicyPower, isPetname: boolean, recorded: RecordedCall): Answer {
  switch (recorded.kind) {
    case 'http':
      return answerHttp(power, isPetname, recorded.call);
    case 'files':
      return answerFiles(power, isPetname, recorded.call);
    case 'model':
      return answerModel(power, isPetname, recorded.call);
  }
}

function answerHttp(power: PolicyPower, isPetname: boolean, call: HttpCall): Answer {
  // Whatever a petname is for, what it is narrowed to is known.
  if (isPetname) return narrowedHttp(readHttp(power, configOf(call)).narrowing, call);
  const { config, narrowing } = remembered(narrowingsOf, power, (one) => readHttp(one, null));
  return httpPower.concerns(config, call) ? narrowedHttp(narrowing, call) : 'refuse';
}

interface ReadHttp {
  readonly config: HttpConfig;
  readonly narrowing: HttpNarrowing;
}

function readHttp({ power, only }: PolicyPower, config: HttpConfig | null): ReadHttp {
  const words = config === null ? httpWords(power) : { config, own: [] };
  const texts = words.own.length > 0 ? words.own : only;
  const narrowing = texts.length === 0 ? WHOLE_HTTP : httpPower.readNarrowing(texts, words.config);
  return { config: words.config, narrowing };
}

const WHOLE_HTTP: HttpNarrowing = { methods: null, path: null };

function configOf({ scheme, host, port }: HttpCall): HttpConfig {
  return { scheme, port, host: { type: 'exact', name: host } };
}

/** As the gateway reads them: a rule, perhaps with more behind it, or an origin with a secret. */
function httpWords(power: string): {
  readonly config: HttpConfig;
  readonly own: readonly string[];
} {
  const text = power.replace(/^http:(?!\/\/)/, '').trim();
  const [, words = ''] = /^(.*?)(?: +with +\S+)?$/s.exec(text) ?? [];
  const [, place = '', rest = ''] = /^((?:[A-Z][A-Z0-9_,-]* +)?\S*)(.*)$/s.exec(words) ?? [];
  const rule = parseRule(place.replace(/ +/, ' '), { isPublicSuffix: () => false });
  const { methods, path } = rule.narrowing;
  const isWhole = methods === null && path === null && rest === '';
  return { config: rule.config, own: isWhole ? [] : [`${rule.text}${rest}`] };
}

function narrowedHttp(narrowing: HttpNarrowing, call: HttpCall): Answer {
  const { any } = narrowing;
  const { known, isWhole } = remembered(knownPartsOf, narrowing, knownParts);
  if (!httpPower.permits(known, call).allow) return 'refuse';
  const own: Answer = isWhole ? 'allow' : 'unknown';
  if (any === undefined) return own;
  const answers = any.map((one) => narrowedHttp(one, call));
  if (answers.includes('allow')) return own;
  return answers.includes('unknown') ? 'unknown' : 'refuse';
}

const knownPartsOf = new WeakMap<HttpNarrowing, unknown>();

/** What a recorded call can be judged by, and whether that is all there is but the alternatives. */
function knownParts(narrowing: HttpNarrowing): {
  readonly known: HttpNarrowing;
  readonly isWhole: boolean;
} {
  const { methods, path, variables, any: _, ...parts } = narrowing;
  const known = { methods, path, ...(variables === undefined ? {} : { variables }) };
  return { known, isWhole: Object.keys(parts).length === 0 };
}

const READS: ReadonlySet<string> = new Set([
  ...['read', 'readText', 'list', 'stat', 'watch', 'subdirectory', 'readOnly'],
]);

function answerFiles(
  one: PolicyPower,
  isPetname: boolean,
  { method, targets }: RecordedFiles,
): Answer {
  const effect = READS.has(method) ? 'read' : 'write';
  const options = { offset: 0, length: null, append: false, create: true, exclusive: false };
  const call: FilesCall = { method, effect, targets, bytes: null, options, content: null };
  const { power, only } = one;
  if (
    !isPetname &&
    !filesPower.concerns(filesPower.readConfig(power.slice('files:'.length)), call)
  ) {
    return 'refuse';
  }
  if (only.length === 0) return 'allow';
  const narrowing = remembered(narrowingsOf, one, () =>
    filesPower.readNarrowing(only, { root: '/', access: 'rw', quotaBytes: null }),
  );
  if (!filesPower.permits(narrowing, call).allow) return 'refuse';
  return narrowing.maxBytes === null ? 'allow' : 'unknown';
}

function answerModel(
  { power, only }: PolicyPower,
  isPetname: boolean,
  recorded: RecordedModel,
): Answer {
  const config = modelPower.readConfig(isPetname ? 'openai' : power.slice('model:'.length));
  const { provider, base } = config;
  const { origin } = recorded;
  if (!isPetname && origin !== null && origin !== config.origin) return 'refuse';
  if (only.length === 0) return 'allow';
  const unknown = { stream: false, tools: false, extras: [], bytes: 0, body: null };
  const call: ModelCall = { ...recorded, ...unknown, provider, base, origin: config.origin };
  const answers = modelPower.readNarrowing(only, config).map((rule): Answer => {
    const known: ModelRule = { ...rule, stream: null, tools: null, extras: null, bytes: null };
    if (!modelPower.permits([known], call).allow) return 'refuse';
    const { stream, tools, extras, bytes } = rule;
    return [stream, tools, extras, bytes].every((part) => part === null) ? 'allow' : 'unknown';
  });
  if (answers.includes('allow')) return 'allow';
  return answers.includes('unknown') ? 'unknown' : 'refuse';
}
