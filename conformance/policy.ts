import type { Policy, Rule, Secret, Variant } from './types.ts';

/** With characters that encoders escape, and one that base64 splits. */
export const TOKEN = 'tok_live-9fQ2mZ7xLw4TbR6y8KpV';
export const OTHER_TOKEN = 'key_live-4hN8sVq1Jd5WcYt3GzXe';
export const BUDGET = 3;

const https = (name: string): string => `https://${name}.acme.example`;

const BAD_CERTIFICATES = ['wrong', 'expired', 'unknown', 'future'];
/** Names of the approved domain that lead to the machine itself, its metadata and its network. */
export const INNER = ['inner', 'mapped', 'meta', 'own', 'lan', 'rebind'];
export const ADMIN_PORT = 8081;

const RULES: readonly Rule[] = [
  ...['api', 'other', 'open', 'front', 'h2', 'gone', ...BAD_CERTIFICATES].map((name) => ({
    origin: https(name),
  })),
  { origin: 'https://*.wild.example' },
  { origin: 'http://plain.acme.example', methods: ['GET'] },
  { origin: https('rules'), methods: ['GET', 'POST'], path: '/open/**' },
  { origin: https('params'), methods: ['GET'], path: '/q', query: { model: ['small'] } },
  {
    origin: https('params'),
    methods: ['POST'],
    path: '/json',
    body: { '/model': ['small'] },
  },
  { origin: https('params'), methods: ['POST'], path: '/graphql', graphql: ['viewer'] },
  { origin: https('params'), methods: ['POST'], path: '/models/small/invoke' },
  { origin: https('npm'), methods: ['GET'], path: '/@acme%2F*' },
  { origin: https('repos'), methods: ['GET', 'POST'], path: '/repos/acme/**' },
  { origin: https('fetch'), methods: ['POST'], path: '/v1/messages', body: { '/text': null } },
  { origin: https('budget'), path: '/spend/**', uses: BUDGET },
  ...INNER.map((name) => ({ origin: `http://${name}.acme.example:${ADMIN_PORT}` })),
];

const SECRETS: readonly Secret[] = [
  {
    name: 'API_TOKEN',
    value: TOKEN,
    origins: ['api', 'repos', ...BAD_CERTIFICATES].map(https),
    slot: 'bearer',
  },
  {
    name: 'OTHER_TOKEN',
    value: OTHER_TOKEN,
    origins: [https('other')],
    slot: { header: 'x-api-key' },
  },
  {
    name: 'BAD_TOKEN',
    value: 'bad_live-2kQ7\r\nX-Injected: smuggled',
    origins: [https('other')],
    slot: { header: 'x-api-key' },
  },
  { name: 'GONE_TOKEN', value: null, origins: [https('gone')], slot: { header: 'x-gone' } },
];

/** What every target is told to allow; each in its own words. */
export const POLICY: Policy = { rules: RULES, secrets: SECRETS };

/** What is told in a start of its own. */
export const VARIANTS: Readonly<Record<Variant, Policy>> = {
  empty: { rules: [], secrets: [] },
  'store down': { ...POLICY, storeDown: true },
};
