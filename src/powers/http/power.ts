import { createRequire } from 'node:module';
import { z } from 'zod';
import { definePower, type Invocation, type MethodTable } from '../../ocap/power.ts';
import { canonicalHost } from '../../policy/host.ts';
import { publicSuffixBy } from '../../policy/public-suffix.ts';
import { quote } from '../../policy/quote.ts';
import { originText, parseRule } from '../../policy/rule.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { HttpCall } from './call.ts';
import type { HttpConfig } from './config.ts';
import { httpKind } from './kind.ts';
import { READ_BYTES_MAX } from './limits.ts';
import type { HttpNarrowing } from './narrowing.ts';
import { narrowingSchema } from './narrowing-schema.ts';
import { readOnly } from './read-only.ts';
import { callOfRequest, requestSchema } from './request-schema.ts';
import { writeOnly } from './write-only.ts';

const canonicalName = z.string().refine((name) => {
  const host = canonicalHost(name);
  return host.ok && host.host === name;
}, 'is no canonical host');

const SECRET_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

const configSchema: z.ZodType<HttpConfig> = z.strictObject({
  scheme: z.enum(['http', 'https']),
  host: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('exact'), name: canonicalName }),
    z.strictObject({ type: z.literal('below'), suffix: canonicalName }),
    z.strictObject({ type: z.literal('any') }),
  ]),
  port: z.int().min(1).max(65_535),
  credential: z.exactOptional(z.string().regex(SECRET_NAME, 'is no name of a secret').nullable()),
});

const headSchema = z.strictObject({
  status: z.int(),
  headers: z.array(z.tuple([z.string(), z.string()])),
});

const root: MethodTable = {
  fetch: {
    summary:
      'Sends a request and gives the whole answer, text when it is UTF-8, else bytes; follows no redirect.',
    args: [{ name: 'request', schema: requestSchema }],
    returns: z.strictObject({
      ...headSchema.shape,
      body: z.union([z.string(), z.instanceof(Uint8Array)]),
    }),
  },
  open: {
    summary: 'Sends a request and gives its answer to be read as it arrives.',
    args: [{ name: 'request', schema: requestSchema }],
    returns: { facet: 'answer' },
  },
};

const answer: MethodTable = {
  head: { summary: 'Gives the status and the headers.', args: [], returns: headSchema },
  read: {
    summary: 'Gives the next bytes of the body, or null at its end.',
    args: [
      {
        name: 'maxBytes',
        schema: z.int().min(1).max(READ_BYTES_MAX).optional(),
      },
    ],
    returns: z.instanceof(Uint8Array).nullable(),
  },
  text: { summary: 'Gives the rest of the body as text.', args: [], returns: z.string() },
  json: { summary: 'Gives the rest of the body as parsed JSON.', args: [], returns: z.unknown() },
};

export const httpPower = definePower<HttpConfig, HttpNarrowing, HttpCall>({
  ...httpKind,
  summary: 'Sends HTTP requests to one origin; a secret goes into its slot unseen.',
  config: configSchema,
  narrowing: narrowingSchema,
  facets: { root, answer },
  callOf,
  readConfig,
  describeConfig: (config) =>
    `${originText(config)}${secretOf(config) === null ? '' : ` with ${secretOf(config)}`}`,
  readNarrowing: readOnly,
  describeNarrowing: writeOnly,
  secretsOf: (config) => [secretOf(config) ?? []].flat(),
});

/** Reading on in an answer is judged as the request that it answers. */
function callOf(config: HttpConfig, { facet, at, method, args }: Invocation): HttpCall {
  if (facet === 'answer') return { ...(at as { readonly call: HttpCall }).call, reads: true };
  const request = requestSchema.safeParse(args[0]);
  if (facet !== 'root' || !request.success) {
    throw new PowerboxError('call-invalid', `Cannot read the arguments of ${quote(method)}.`);
  }
  return callOfRequest(config, request.data);
}

function secretOf({ credential }: HttpConfig): string | null {
  return credential ?? null;
}

/** `ORIGIN`, or `ORIGIN with SECRET`; what may be asked for there is a matter of grants. */
function readConfig(text: string): HttpConfig {
  const [origin = '', word, credential, ...rest] = text.trim().split(/ +/);
  if (rest.length > 0 || (word !== undefined && word !== 'with') || (word && !credential)) {
    throw powerFault(text, 'it is ORIGIN, or ORIGIN with SECRET');
  }
  if (credential !== undefined && !SECRET_NAME.test(credential)) {
    throw powerFault(text, 'the name of a secret has letters, digits and "_"');
  }
  const config = readOrigin(text, origin);
  if (credential === undefined) return { ...config, credential: null };
  if (config.host.type !== 'exact' || config.scheme !== 'https') {
    throw powerFault(text, 'a secret goes to one named host over https');
  }
  return { ...config, credential };
}

function readOrigin(text: string, origin: string): HttpConfig {
  try {
    const { config, narrowing } = parseRule(origin, { isPublicSuffix });
    if (narrowing.path === null) return config;
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    throw new PowerboxError('power-invalid', error.message, { hint: error.hint });
  }
  throw powerFault(text, 'a path belongs into --only of a grant');
}

/** The list is large, and few powers have a wildcard. */
function isPublicSuffix(name: string): boolean {
  const load = createRequire(import.meta.url);
  return publicSuffixBy(load('tldts') as typeof import('tldts'))(name);
}

function powerFault(text: string, reason: string): PowerboxError {
  return new PowerboxError(
    'power-invalid',
    `Cannot read the http power ${quote(text)}: ${reason}.`,
    {
      hint: 'Write it like http:https://api.example.com, or http:https://api.example.com with API_TOKEN.',
    },
  );
}
