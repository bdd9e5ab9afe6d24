/**
 * Where credentials travel, beside the slots of the vault. On an origin that has a secret, each of
 * these would let a box act as somebody else (with an attacker's own key, for example), so a request
 * that carries one is refused unless the place is a slot that holds the box's own placeholder.
 */

/** Header names in lower case. `authorization` is looked at scheme by scheme. */
export const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'api-key',
  'apikey',
  'authorization',
  'circle-token',
  'dd-api-key',
  'dd-application-key',
  'fastly-key',
  'job-token',
  'ocp-apim-subscription-key',
  'private-token',
  'proxy-authorization',
  'x-access-token',
  'x-amz-security-token',
  'x-api-key',
  'x-api-token',
  'x-apikey',
  'x-auth-email',
  'x-auth-key',
  'x-auth-token',
  'x-authorization',
  'x-aws-ec2-metadata-token',
  'x-forwarded-access-token',
  'x-functions-key',
  'x-github-token',
  'x-gitlab-token',
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-ms-authorization-auxiliary',
  'x-figma-token',
  'x-postmark-server-token',
  'x-session-token',
  'x-shopify-access-token',
  'x-vault-token',
  'x-consul-token',
  'x-honeycomb-team',
  'x-insert-key',
  'x-jfrog-art-api',
  'x-license-key',
  'x-query-key',
  'xi-api-key',
]);

/** What services call such a header when the list above does not know them. */
const CREDENTIAL_NAME =
  /(?:^|[-_])(?:(?:\w*api|access|app|auth|service|account|secret|private)[-_]?key|token|secret|password|passwd|auth|authorization|credentials?|jwt|signature)$/;
/** Forgery tokens prove where a form came from, not who sends it. */
const HARMLESS_NAME = /(?:^|[-_])(?:csrf|xsrf)[-_]?token$/;

/** `name` in lower case. */
export function isCredentialHeader(name: string): boolean {
  return CREDENTIAL_HEADERS.has(name) || (CREDENTIAL_NAME.test(name) && !HARMLESS_NAME.test(name));
}

/** Keys of a query, and of a form that has a slot, in lower case. */
export const CREDENTIAL_QUERY_KEYS: ReadonlySet<string> = new Set([
  'access_key',
  'access_token',
  'accesstoken',
  'api-key',
  'api_key',
  'api_secret',
  'api_token',
  'apikey',
  'app_secret',
  'auth',
  'auth_key',
  'auth_token',
  'authorization',
  'awsaccesskeyid',
  'bearer_token',
  'client_assertion',
  'client_secret',
  'googleaccessid',
  'id_token',
  'jwt',
  'key',
  'oauth_token',
  'passwd',
  'password',
  'personal_access_token',
  'private_token',
  'refresh_token',
  'sas',
  'secret',
  'session_token',
  'sig',
  'signature',
  'subscription-key',
  'token',
  'x-amz-credential',
  'x-amz-security-token',
  'x-amz-signature',
  'x-api-key',
  'x-goog-credential',
  'x-goog-signature',
]);

/** Any case; `key[]` and `key[0]` are read as `key` by some servers. */
export function isCredentialKey(key: string): boolean {
  return CREDENTIAL_QUERY_KEYS.has(key.toLowerCase().replace(/\[[^\]]*\]$/, ''));
}

/**
 * WebSocket clients in browsers cannot set headers, so some services take a credential among the
 * sub-protocols (RFC 6455 section 11.3.4).
 */
export function isCredentialProtocol(value: string): boolean {
  return /key|token|bearer|auth|secret/i.test(value);
}
