import { listWords, quote, shorten } from '../../policy/quote.ts';
import type { HttpCall } from './call.ts';
import { measureOperations, type OperationType } from './graphql-document.ts';
import type { GraphqlRules } from './graphql-rules.ts';
import { GRAPHQL_BATCH_MAX } from './limits.ts';
import { type Objection, object } from './refusal.ts';

/** What a request by POST is made of (GraphQL over HTTP §5.4), and nothing else. */
const KEYS: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions']);

/**
 * Judges the parsed body of a request, and each item of a list of requests. Every operation of a
 * document must be allowed, whichever the request names.
 */
export function judgeGraphql(
  rules: GraphqlRules,
  call: HttpCall,
  value: unknown,
): Objection | null {
  if (call.method !== 'POST') return refused('a GraphQL request is sent by POST');
  const requests: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (requests.length === 0 || requests.length > GRAPHQL_BATCH_MAX) {
    return refused(`a list of GraphQL requests has 1 to ${GRAPHQL_BATCH_MAX} items`);
  }
  for (const request of requests) {
    const fault = judgeRequest(rules, request);
    if (fault !== null) return fault;
  }
  return null;
}

function judgeRequest(rules: GraphqlRules, request: unknown): Objection | null {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    return refused('its body is no GraphQL request');
  }
  const odd = Object.keys(request).find((key) => !KEYS.has(key));
  if (odd !== undefined) return refused(`a GraphQL request has no key ${quote(odd)}`);
  const { query, operationName, variables, extensions } = request as Record<string, unknown>;
  if (typeof query !== 'string') return refused('its body has no GraphQL document');
  if (!isAbsent(operationName) && typeof operationName !== 'string') {
    return refused('the operationName of its body is no string');
  }
  if (!isAbsent(variables) && (typeof variables !== 'object' || Array.isArray(variables))) {
    return refused('the variables of its body are no object');
  }
  // An extension can stand for another document, as a persisted query does.
  if (!isAbsent(extensions) && JSON.stringify(extensions) !== '{}') {
    return refused('GraphQL extensions are not looked into, and so not allowed');
  }
  return judgeDocument(rules, query);
}

function judgeDocument(rules: GraphqlRules, document: string): Objection | null {
  const measured = measureOperations(document);
  if (!measured.ok) {
    return object('body-unreadable', `its GraphQL document cannot be read: ${measured.reason}`);
  }
  for (const { type, fields, depth, aliases } of measured.operations) {
    const allowed = fieldsOf(rules, type);
    if (allowed === undefined) return refused(`the grant allows no GraphQL ${type}`);
    const odd = allowed === null ? undefined : fields.find((name) => !isNamed(allowed, name));
    if (odd !== undefined) {
      const only = shorten(listWords(allowed?.map((name) => quote(name)) ?? []));
      return refused(`the grant does not allow the field ${quote(odd)} of a ${type}, only ${only}`);
    }
    if (rules.depthMax !== undefined && depth > rules.depthMax) {
      return refused(`its fields nest deeper than ${rules.depthMax}`);
    }
    if (rules.aliasesMax !== undefined && aliases > rules.aliasesMax) {
      return refused(`it has more than ${rules.aliasesMax} aliases`);
    }
  }
  return null;
}

function fieldsOf(rules: GraphqlRules, type: OperationType): readonly string[] | null | undefined {
  if (type === 'query') return rules.query;
  return type === 'mutation' ? rules.mutation : rules.subscription;
}

/** `__typename` says what the answer itself says. */
function isNamed(allowed: readonly string[], name: string): boolean {
  return name === '__typename' || allowed.includes(name);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function refused(reason: string): Objection {
  return object('body-refused', reason);
}
