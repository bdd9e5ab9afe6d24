import { z } from 'zod';
import { definePower, type Effect, type Invocation } from '../../ocap/power.ts';
import { quote } from '../../policy/quote.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { fitting } from '../words/fitting.ts';
import { TEXTS_MAX } from '../words/limits.ts';
import {
  DATA_BYTES_MAX,
  DERIVED_BYTES_MAX,
  DERIVED_BYTES_MIN,
  MAC_CHARS_MAX,
  PURPOSE_CHARS_MAX,
} from './limits.ts';
import {
  ALGORITHMS,
  describeSecretCall,
  ENCODINGS,
  permitsSecret,
  SECRET_METHODS,
  type SecretCall,
  type SecretNarrowing,
} from './rule.ts';
import {
  KEY_FORMS,
  readSecretConfig,
  readSecretNarrowing,
  SECRET_NAME,
  type SecretConfig,
  writeSecretConfig,
  writeSecretNarrowing,
} from './texts.ts';

const Data = z.union([z.string(), z.instanceof(Uint8Array)]);
const Mac = z.string().max(MAC_CHARS_MAX);
const SignOptions = z
  .strictObject({
    algorithm: z.enum(ALGORITHMS).optional(),
    encoding: z.enum(ENCODINGS).optional(),
  })
  .optional();
const Purpose = z.string().min(1).max(PURPOSE_CHARS_MAX);
const DerivedLength = z.int().min(DERIVED_BYTES_MIN).max(DERIVED_BYTES_MAX);
const DeriveOptions = z.strictObject({ encoding: z.enum(ENCODINGS).optional() }).optional();

const SecretRule = z.strictObject({
  methods: z.array(z.enum(SECRET_METHODS)).min(1).nullable(),
  algorithms: z.array(z.enum(ALGORITHMS)).min(1).nullable(),
  bytes: z.int().min(0).nullable(),
  prefix: z.string().max(PURPOSE_CHARS_MAX).nullable(),
  purposes: z.array(Purpose).min(1).nullable(),
});

const Narrowing = z.array(SecretRule).min(1).max(TEXTS_MAX);

const Config = z.strictObject({
  name: z.string().regex(SECRET_NAME),
  algorithm: z.enum(ALGORITHMS).nullable(),
  key: z.enum(KEY_FORMS),
});

/**
 * A secret that can be used and never seen: HMAC (RFC 2104) over the data exactly as given, and
 * keys derived with HKDF-SHA-256 (RFC 5869) for one purpose each.
 *
 * A narrowing is written as words: `sign`, `verify` and `derive` (methods),
 * `algorithm=hmac-sha256`, `bytes=64K`, `prefix="v1:"` (how the data must begin),
 * `purpose=cookies/*`. All words of one text must hold; of several texts one must. `any` narrows
 * nothing. The power is written `secret:NAME`, and may say `algorithm=hmac-sha512`, `key=base64`.
 */
export const secretPower = definePower<SecretConfig, SecretNarrowing, SecretCall>({
  kind: 'secret',
  summary: 'Sign and verify data and derive keys with a secret that nobody sees.',
  config: Config,
  narrowing: Narrowing,
  facets: {
    root: {
      sign: {
        summary: 'Gives the HMAC of the data, in hexadecimal unless another encoding is asked for.',
        args: [
          { name: 'data', schema: Data },
          { name: 'options', schema: SignOptions },
        ],
        returns: z.string(),
      },
      verify: {
        summary: 'Says whether an HMAC of the data is right.',
        args: [
          { name: 'data', schema: Data },
          { name: 'mac', schema: Mac },
          { name: 'options', schema: SignOptions },
        ],
        returns: z.boolean(),
      },
      derive: {
        summary: 'Gives a key for one purpose; the same purpose gives the same key.',
        args: [
          { name: 'purpose', schema: Purpose },
          { name: 'length', schema: DerivedLength },
          { name: 'options', schema: DeriveOptions },
        ],
        returns: z.string(),
      },
    },
  },
  concerns: (config, call) => config.name === call.secret,
  permits: permitsSecret,
  effect: ({ method }) => EFFECTS[method],
  describe: describeSecretCall,
  callOf,
  readConfig: (text) => fitting(Config, readSecretConfig(text), 'power-invalid'),
  describeConfig: writeSecretConfig,
  readNarrowing: (texts) => fitting(Narrowing, readSecretNarrowing(texts), 'narrowing-invalid'),
  describeNarrowing: writeSecretNarrowing,
  secretsOf: ({ name }) => [name],
});

/** A signature speaks for its giver, and a derived key outlives every grant. */
const EFFECTS: Readonly<Record<SecretCall['method'], Effect>> = {
  sign: 'write',
  verify: 'read',
  derive: 'irrevocable',
};

function callOf(config: SecretConfig, { facet, method, args }: Invocation): SecretCall {
  if (facet !== 'root') throw invalid(`it has no ${quote(facet)}`);
  if (method === 'derive') {
    const options = parsed(DeriveOptions, args[2], 'the options');
    return {
      method,
      secret: config.name,
      purpose: wellFormed(parsed(Purpose, args[0], 'the purpose')),
      length: parsed(DerivedLength, args[1], 'the length'),
      encoding: options?.encoding ?? 'hex',
    };
  }
  if (method !== 'sign' && method !== 'verify') throw invalid(`it has no method ${quote(method)}`);
  const options = parsed(SignOptions, args[method === 'sign' ? 1 : 2], 'the options');
  const algorithm = options?.algorithm ?? config.algorithm ?? 'hmac-sha256';
  if (config.algorithm !== null && algorithm !== config.algorithm) {
    throw invalid(`it is for ${config.algorithm} only`);
  }
  const encoding = options?.encoding ?? 'hex';
  const data = hexOf(parsed(Data, args[0], 'the data'));
  const common = { secret: config.name, algorithm, data, encoding };
  if (method === 'sign') return { method, ...common };
  return { method, ...common, mac: parsed(Mac, args[1], 'the mac') };
}

function hexOf(data: string | Uint8Array): string {
  const bytes =
    typeof data === 'string'
      ? Buffer.from(wellFormed(data), 'utf8')
      : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length > DATA_BYTES_MAX) {
    throw invalid(`the data is longer than ${DATA_BYTES_MAX} bytes`);
  }
  return bytes.toString('hex');
}

/** Half a character has no UTF-8 of its own: different texts would have one signature. */
function wellFormed(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw invalid('a text holds half a character');
  return text;
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(`${what} cannot be read`);
}

function invalid(reason: string): PowerboxError {
  return new PowerboxError('call-invalid', `Cannot use the secret: ${reason}.`);
}
