import {
  any,
  cameTo,
  cameWith,
  elsewhere,
  sawSecret,
  sawText,
  valueOutsideSlot,
} from '../judges.ts';
import { MINTED } from '../services/pages.ts';
import type { Case } from '../types.ts';

const api = { twin: 'ok_api' } as const;

/** A. Echo and reflection. */
export const ECHO: readonly Case[] = [
  {
    ...api,
    number: 1,
    title:
      'an honest service repeats its request: header, body, cookie, redirect, 1xx, trailer, 101, error',
    attacks: ['header', 'body', 'cookie', 'location', 'early', 'trailer', 'error_page'].map(
      (page) => `echo_${page}`,
    ),
    judge: sawSecret,
  },
  {
    ...api,
    number: 1,
    title: '',
    needs: ['WebSocket'],
    attacks: ['socket_switch', 'socket_declined'],
    judge: sawSecret,
  },
  {
    ...api,
    number: 2,
    title: 'the value cut at every place: chunks, single bytes, events',
    attacks: ['echo_offsets', 'echo_bytes', 'echo_events'],
    judge: sawSecret,
  },
  {
    ...api,
    number: 3,
    title: 'packed: gzip, deflate, br, stacked, a coding that lies',
    attacks: ['gzip', 'deflate', 'br', 'stacked', 'lying'].map((page) => `echo_${page}`),
    judge: sawSecret,
  },
  {
    ...api,
    number: 4,
    title: 'encoded: base64 in three alignments, base64url, hex, percent, JSON, HTML, UTF-16',
    attacks: ['echo_encodings'],
    judge: sawSecret,
  },
  {
    ...api,
    number: 4,
    title: '',
    attacks: ['echo_reversed'],
    documented: true,
    judge: (evidence) => sawSecret({ ...evidence, seen: evidence.seen.reverse() }),
  },
  {
    ...api,
    number: 5,
    title: 'in slices, by Range and Request-Range',
    attacks: ['range_oracle', 'request_range_oracle'],
    judge: sawSecret,
  },
  {
    ...api,
    number: 6,
    title: 'stored in a body and read later',
    attacks: ['stored', 'stored_json'],
    judge: any(valueOutsideSlot, sawSecret),
  },
  {
    ...api,
    number: 7,
    title: 'the placeholder in other headers, the query and the path',
    attacks: ['other_headers', 'query_and_path'],
    judge: any(valueOutsideSlot, sawSecret),
  },
  {
    ...api,
    number: 8,
    title: 'TRACE and TRACK repeat it; OPTIONS carries it',
    attacks: ['trace', 'track', 'options'],
    judge: any(cameWith(/^(?:TRACE|TRACK) |^OPTIONS [\s\S]*live-9fQ2/), sawSecret),
  },
  {
    ...api,
    number: 9,
    title: 'a credential that the service mints: Set-Cookie, Authentication-Info',
    attacks: ['echo_set_cookie'],
    judge: sawText(MINTED, 'the new credential'),
  },
  {
    ...api,
    number: 9,
    title: '',
    attacks: ['token_page'],
    documented: true,
    judge: sawText(MINTED, 'the new credential'),
  },
];

const combinations = [0, 1, 2, 3, 4, 5, 6].map((bits) =>
  [4, 2, 1].map((bit) => ((bits & bit) === 0 ? 'evil' : 'api')).join('_'),
);

/** B. Wrong destination. */
export const DESTINATION: readonly Case[] = [
  {
    ...api,
    number: 10,
    title: 'CONNECT, SNI and Host differ, in all seven ways',
    attacks: combinations.map((names) => `mismatch_${names}`),
    judge: elsewhere,
  },
  {
    ...api,
    number: 11,
    title: 'a foreign authority in the request line inside TLS; two Host headers, a list of hosts',
    attacks: ['inside', 'inside_both', 'other_port'].map((name) => `absolute_${name}`),
    judge: any(elsewhere, cameWith(/^[A-Z]+ \S*:8443/)),
  },
  {
    ...api,
    number: 11,
    title: '',
    attacks: ['two_hosts', 'two_hosts_reversed', 'host_list'],
    judge: elsewhere,
  },
  {
    twin: 'ok_plain',
    number: 12,
    title: "an approved Host at the attacker's address, in clear and in TLS",
    attacks: ['address_with_name'],
    judge: elsewhere,
  },
  {
    twin: 'ok_plain',
    number: 12,
    title: '',
    attacks: ['address_past_proxy', 'address_tls'],
    needs: ['a boundary'],
    judge: elsewhere,
  },
  {
    twin: 'ok_front',
    number: 13,
    title:
      'fronting: an approved name in the handshake, another customer of the same server in the request',
    attacks: ['fronting', 'fronting_plain'],
    judge: cameWith(/^host: tenant\.cdn\.example/im),
  },
  {
    twin: 'ok_redirect',
    number: 14,
    title: 'a redirect to another host, and to the same one in clear, with the credential',
    attacks: ['redirect', 'redirect_to_plain'],
    judge: any(elsewhere, cameTo('api-80')),
  },
  {
    ...api,
    number: 15,
    title: 'the second request of a kept connection: another host, another path',
    attacks: ['kept_other_host', 'kept_at_proxy'],
    judge: elsewhere,
  },
  {
    twin: 'ok_rules',
    number: 15,
    title: '',
    attacks: ['kept_other_path'],
    judge: cameWith(/smuggled/),
  },
  {
    ...api,
    number: 16,
    title: "the service's certificate is of another name, expired, not yet good, of nobody",
    attacks: ['wrong', 'expired', 'future', 'unknown'].map((name) => `certificate_${name}`),
    judge: cameTo('wrong', 'expired', 'future', 'unknown'),
  },
  {
    twin: 'ok_plain',
    number: 17,
    title: 'the proxy as its own destination',
    attacks: ['proxy_to_itself', 'proxy_as_origin'],
    needs: ['a proxy'],
    judge: any(elsewhere, ({ text }) =>
      /^HTTP\/1\.[01] 200/m.test(text) ? 'the proxy answered as a destination' : null,
    ),
  },
  {
    twin: 'ok_plain',
    number: 18,
    title:
      'plain HTTP beside filtered TLS; the host of a secret in clear; nothing allowed is everything',
    attacks: ['plain_evil', 'plain_of_secret_host'],
    judge: any(elsewhere, cameTo('api-80')),
  },
  {
    twin: 'ok_plain',
    number: 18,
    title: '',
    attacks: ['straight_evil'],
    needs: ['a boundary'],
    judge: elsewhere,
  },
  {
    twin: '',
    number: 18,
    title: '',
    attacks: ['ok_api', 'ok_open', 'ok_plain'],
    policy: 'empty',
    judge: ({ heard }) => (heard.length > 0 ? 'it came although nothing was allowed' : null),
  },
];
