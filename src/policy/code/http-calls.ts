import { faultOfMethod } from '../method.ts';
import { FETCHES, HTTP_CLIENTS } from './known-names.ts';
import { placeOfUrl } from './places.ts';
import { argumentsOf, type Reading } from './reading.ts';
import type { Root } from './roots.ts';
import { constantOf, type Expression, propertyOf, type Text, textsOf, wholeText } from './texts.ts';

const VERBS: ReadonlySet<string> = new Set([
  ...['get', 'post', 'put', 'patch', 'delete', 'head', 'options'],
]);

/** Reads `fetch(…)`, `new Request(…)`, and the calls of well-known clients. True when it was one. */
export function readHttpCall(root: Root, call: Expression, reading: Reading): boolean {
  const way = wayOf(root);
  if (way === null) return false;
  const [first, second] = argumentsOf(call);
  if (first === undefined) {
    reading.note('asks for a URL that is known only when it runs', call.node);
    return true;
  }
  const options = constantOf(first);
  // A client may be given the URL among its options.
  if (way.takesOptions && options?.node.type === 'ObjectExpression') {
    readRequest(null, options, call, reading);
    return true;
  }
  const methods = way.verb === null ? methodsOf(second) : [[way.verb.toUpperCase()] as Text];
  request(null, textsOf(first), methods, call, reading);
  return true;
}

interface Way {
  readonly verb: string | null;
  readonly takesOptions: boolean;
}

function wayOf({ from, name, path }: Root): Way | null {
  const [step, ...rest] = path;
  const fetches = { verb: null, takesOptions: false };
  if (from === 'free' && (name === 'fetch' || name === 'Request') && step === undefined) {
    return fetches;
  }
  if (from === 'import' && (FETCHES.has(name) || step === 'fetch') && path.length <= 1) {
    return FETCHES.has(name) || HTTP_CLIENTS.has(name) ? fetches : null;
  }
  if (!HTTP_CLIENTS.has(name) || rest.length > 0) return null;
  if (step === undefined || step === 'request') return { verb: null, takesOptions: true };
  return VERBS.has(step) ? { verb: step, takesOptions: false } : null;
}

/** A request as one object, `{ method, url }`; `as` is the power that is asked. */
export function readRequest(
  as: string | null,
  options: Expression,
  call: Expression,
  reading: Reading,
): void {
  const url = propertyOf(options, 'url');
  if (url === null || url === 'missing') {
    reading.note('asks for a URL that is known only when it runs', call.node);
    return;
  }
  request(as, textsOf(url), methodsOf(options), call, reading);
}

function request(
  as: string | null,
  urls: readonly Text[],
  methods: readonly Text[] | null,
  { node }: Expression,
  reading: Reading,
): void {
  for (const method of methods ?? [[null]]) {
    const name = wholeText(method)?.toUpperCase() ?? null;
    if (name === null || faultOfMethod(name) !== null) {
      reading.note('sends a request whose method is known only when it runs', node);
      continue;
    }
    for (const url of urls) {
      const place = placeOfUrl(url, as !== null);
      if (place.ok) {
        const { origin, path } = place;
        reading.need({ kind: 'http', as, origin, method: name, path }, node);
      } else {
        reading.note(`sends a ${name} request, but ${place.reason}`, node);
      }
    }
  }
}

/** Null when only the run can tell. */
function methodsOf(options: Expression | undefined): readonly Text[] | null {
  if (options === undefined) return [['GET']];
  const value = constantOf(options);
  if (value === null) return null;
  const method = propertyOf(value, 'method');
  if (method === 'missing') return [['GET']];
  return method === null ? null : textsOf(method);
}
