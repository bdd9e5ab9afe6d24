import { ALLOWED, type Verdict } from '../../ocap/verdict.ts';
import { quote } from '../../policy/quote.ts';
import { type BodyRules, firstTokens, judgeBody } from './body-rules.ts';
import type { HttpCall } from './call.ts';
import { judgeHeaders } from './header-rules.ts';
import { readJsonBody, readJsonMessage } from './json-body.ts';
import { judgeGraphql } from './judge-graphql.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { judgeQuery, readQuery } from './query-rules.ts';
import { looseKey, type Objection, object, refuseFor } from './refusal.ts';

/** Nearer than any refusal of a method or a path, and further away than one of the time only. */
const DISTANCE = { query: 5, headers: 6, size: 7, body: 8, message: 9 } as const;

/** Is there nothing in it but methods, a path and its variables? */
export function isPlain(narrowing: HttpNarrowing): boolean {
  return (
    narrowing.query === undefined &&
    narrowing.headers === undefined &&
    narrowing.body === undefined &&
    narrowing.message === undefined &&
    narrowing.graphql === undefined &&
    narrowing.requestBytesMax === undefined &&
    narrowing.any === undefined
  );
}

/**
 * Everything of one narrowing but its methods, its path and its alternatives. `assumeBody` takes a
 * body that was not read for one that keeps every rule; it decides whether to read it, no more.
 */
export function judgeParts(
  narrowing: HttpNarrowing,
  call: HttpCall,
  what: string,
  assumeBody: boolean,
): Verdict {
  const { query, headers, requestBytesMax, body, message, graphql } = narrowing;
  const inQuery = query === undefined ? null : judgeQuery(query, call.query);
  if (inQuery !== null) return refuseFor(what, inQuery, DISTANCE.query);
  const inHeaders = headers === undefined ? null : judgeHeaders(headers, call.headers);
  if (inHeaders !== null) return refuseFor(what, inHeaders, DISTANCE.headers);
  const inSize =
    requestBytesMax === undefined ? null : judgeSize(requestBytesMax, call, assumeBody);
  if (inSize !== null) return refuseFor(what, inSize, DISTANCE.size);
  if (body !== undefined || graphql !== undefined) {
    const inBody = judgeContent(narrowing, call, assumeBody);
    if (inBody !== null) return refuseFor(what, inBody, DISTANCE.body);
  }
  const inMessage = message === undefined ? null : judgeMessage(message, call);
  return inMessage === null ? ALLOWED : refuseFor(what, inMessage, DISTANCE.message);
}

function judgeSize(max: number, call: HttpCall, assumeBody: boolean): Objection | null {
  if (call.websocket === true) {
    return object('body-refused', 'nothing limits what a WebSocket sends, and the grant does');
  }
  if (call.body === null) return null;
  const length = call.body?.bytes.length ?? declaredLength(call);
  if (length === null) {
    return assumeBody ? null : object('body-refused', 'the length of its body is not known');
  }
  return length <= max ? null : object('body-refused', `its body is longer than ${max} bytes`);
}

/** Framing is checked before anything is judged, so that what is declared is what is sent. */
function declaredLength({ headers }: HttpCall): number | null {
  const value = headers?.find(([name]) => name === 'content-length')?.[1];
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

function judgeContent(
  narrowing: HttpNarrowing,
  call: HttpCall,
  assumeBody: boolean,
): Objection | null {
  const { body, graphql, query } = narrowing;
  if (call.websocket === true) {
    return object('body-refused', 'no rule for a body can hold for a WebSocket');
  }
  const beside = judgeBeside(call, query === undefined, body, graphql !== undefined);
  if (beside !== null) return beside;
  if (assumeBody && call.body === undefined) return null;
  const json = readJsonBody(call);
  if (!json.ok) return json.objection;
  const inFields = body === undefined ? null : judgeBody(body, json.value);
  if (inFields !== null || graphql === undefined) return inFields;
  return judgeGraphql(graphql, call, json.value);
}

/** A WebSocket may begin; what is said over it is judged one message at a time. */
function judgeMessage(rules: BodyRules, call: HttpCall): Objection | null {
  if (call.websocket !== true) {
    return object('body-refused', 'it is no WebSocket, and the grant has rules for messages');
  }
  if (call.message === undefined) return null;
  const json = readJsonMessage(call.message);
  return json.ok ? judgeBody(rules, json.value, 'message') : json.objection;
}

/** Query keys that servers of GraphQL read, some of them rather than the body. */
const GRAPHQL_KEYS: readonly string[] = [
  'query',
  'mutation',
  'operationName',
  'variables',
  'extensions',
  'documentId',
  'id',
];

/**
 * Many servers take a field from the query when it is there as well as in the body, so the query
 * may not name what the rules for the body name.
 */
function judgeBeside(
  call: HttpCall,
  anyQuery: boolean,
  body: BodyRules | undefined,
  graphql: boolean,
): Objection | null {
  const pairs = readQuery(call.query);
  if (pairs === null) return object('body-refused', 'servers may read its query in different ways');
  if (pairs.length === 0) return null;
  if (anyQuery && body?.only === true) {
    return object('body-refused', 'the grant names every field, and so it may have no query');
  }
  const named = [
    ...(body === undefined ? [] : firstTokens(body)),
    ...(graphql ? GRAPHQL_KEYS : []),
  ];
  const loose = new Set(named.map(looseKey));
  const odd = pairs.find(([key]) => loose.has(looseKey(key)));
  if (odd === undefined) return null;
  return object(
    'body-refused',
    `its query has the key ${quote(odd[0])}, which belongs in the body`,
  );
}
