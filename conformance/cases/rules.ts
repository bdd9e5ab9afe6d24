import { any, cameTo, cameWith, elsewhere, framed, requested } from '../judges.ts';
import type { Case } from '../types.ts';

const numbered = (word: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${word}_${index}`);
const smuggled = cameWith(/smuggled/i);
const big = cameWith(/big/);

/** D. Paths, methods, bodies. */
export const RULES: readonly Case[] = [
  {
    twin: 'ok_rules',
    number: 25,
    title: 'paths that lead out of their rule; methods beside it',
    attacks: [
      ...numbered('path', 27),
      ...['delete', 'patch', 'lower', 'odd'].map((name) => `method_${name}`),
    ],
    judge: smuggled,
  },
  {
    twin: 'ok_encoded_slash',
    number: 26,
    title: 'an encoded slash where a rule needs one, and nowhere else',
    attacks: numbered('encoded_slash', 6),
    judge: smuggled,
  },
  {
    twin: 'ok_encoded_slash',
    number: 26,
    title: '',
    attacks: ['ok_encoded_slash'],
    judge: ({ arrived }) =>
      arrived.every(({ asked }) => asked.target === '/@acme%2Fcore')
        ? null
        : 'the slash came in another form',
  },
  {
    twin: 'ok_rules',
    number: 27,
    title: 'headers and parameters that name another method, path or host',
    attacks: [...numbered('override', 10), 'override_query'],
    judge: smuggled,
  },
  {
    twin: 'ok_query',
    number: 28,
    title: 'a parameter given twice, with `;`, as a list, in another spelling',
    attacks: numbered('query', 12),
    judge: big,
  },
  {
    twin: 'ok_json',
    number: 29,
    title: 'JSON that two readers read differently: doubled keys, codings, types, depth',
    needs: ['body rules'],
    attacks: [
      ...['plain', 'doubled', 'doubled_last', 'escaped_key', 'other_case', 'order_mark'],
      ...['trailing', 'trailing_comma', 'comment', 'single_quotes', 'utf_16', 'utf_16_le'],
      ...['utf_7', 'nul', 'nested', 'fallbacks'],
    ].map((name) => `json_${name}`),
    judge: big,
  },
  {
    twin: 'ok_json',
    number: 29,
    title: '',
    needs: ['body rules'],
    attacks: ['form', 'text', 'none', 'charset', 'charset_utf_7', 'twice', 'multipart', 'gzip'].map(
      (name) => `kind_${name}`,
    ),
    // A packed body is not read here; that it came is enough.
    judge: any(big, cameWith(/^content-encoding: gzip/im), cameWith(/\+AG0-/)),
  },
  {
    twin: 'ok_graph',
    number: 30,
    title: 'GraphQL: mutations, aliases, fragments, batches, several operations, GET, hashes',
    needs: ['GraphQL rules'],
    attacks: [
      ...['mutation', 'alias', 'fragment', 'inline', 'batch', 'operations', 'name', 'hash'],
      ...['directive', 'comment', 'doubled', 'subscription', 'get', 'both', 'raw'],
    ].map((name) => `graph_${name}`),
    judge: smuggled,
  },
  {
    twin: 'ok_model',
    number: 31,
    title: 'a model named in the path',
    attacks: numbered('model', 8),
    judge: big,
  },
  {
    twin: 'ok_json',
    number: 31,
    title: 'a model named in the path, in `fallbacks`, in a batch',
    needs: ['body rules'],
    attacks: ['fallbacks', 'lines', 'list', 'list_value'].map((name) => `model_${name}`),
    judge: big,
  },
];

/** E. Framing. */
export const FRAMING: readonly Case[] = [
  {
    twin: 'ok_chunked',
    number: 32,
    title: 'lengths and codings that contradict, odd line ends, folds, chunk sizes, versions',
    attacks: [
      ...['cl_te', 'te_cl', 'two_lengths', 'length_list', 'length_plus', 'length_tab'],
      ...['length_name_space', 'coding_unknown', 'coding_identity', 'coding_not_last'],
      ...['coding_tab', 'coding_http_1_0', 'folded', 'bare_lf', 'bare_cr', 'nul_in_value'],
      ...['chunk_size_plus', 'chunk_size_hex', 'chunk_size_huge', 'chunk_extension_lf'],
      ...['chunk_bare_lf', 'version_2', 'line_spaces'],
    ],
    judge: requested(/smuggled/),
  },
  {
    twin: 'ok_rules',
    number: 33,
    title: 'a second request behind a refused one, behind a close, in a body that nobody declared',
    attacks: ['pipelined_denied', 'pipelined_allowed', 'after_close', 'get_raw_body'],
    judge: requested(/smuggled/),
  },
  {
    twin: 'ok_h2',
    number: 34,
    title: 'HTTP/2 heads that break HTTP/1.1, lengths that lie, floods',
    needs: ['HTTP/2'],
    attacks: [
      ...['crlf_in_value', 'crlf_in_name', 'colon_in_name', 'nul_in_value', 'upper_name'],
      ...['transfer_encoding', 'connection', 'upgrade', 'path_spaces', 'path_space'],
      ...['path_relative', 'path_absolute', 'method_spaces', 'two_paths', 'pseudo_late'],
      ...['pseudo_unknown', 'two_hosts', 'foreign_authority', 'authority_userinfo'],
      ...['length_short', 'second_of_connection'],
    ].map((name) => `h2_${name}`),
    judge: any(
      cameWith(/smuggled/i),
      requested(/smuggled/),
      framed(/smuggled|evil\.example/i),
      elsewhere,
    ),
  },
  {
    twin: 'ok_h2',
    number: 34,
    title: '',
    needs: ['HTTP/2'],
    attacks: ['rapid_reset', 'continuations', 'table_bomb', 'settings_flood', 'ping_flood'].map(
      (name) => `h2_${name}`,
    ),
    // What a flood may cost: a hundred requests, or a head of 64 KiB.
    judge: ({ heard, arrived }) => {
      if (arrived.length > 100) return `${arrived.length} requests came`;
      const most = Math.max(0, ...heard.map((one) => one.heard.bytes.length));
      return most > 65_536 ? `${most} bytes came on one connection` : null;
    },
  },
  {
    twin: 'ok_rules',
    number: 35,
    title: 'Upgrade: h2c, a list of upgrades, the HTTP/2 preface in clear',
    attacks: ['h2c', 'h2c_beside', 'preface', 'socket_with_body'],
    judge: any(cameWith(/^(?:upgrade:.*h2c|http2-settings:)/im), requested(/^PRI|smuggled/)),
  },
  {
    twin: 'ok_plain',
    number: 36,
    title: 'a request in clear inside a tunnel, where TLS is expected or not',
    attacks: ['tunnel_plain_80', 'tunnel_plain_443', 'tunnel_other_host'],
    judge: any(cameWith(/smuggled/), elsewhere),
  },
  {
    twin: 'ok_plain',
    number: 37,
    title: 'other ports, addresses, protocols, a tunnel in a tunnel',
    attacks: [
      'odd_port_22',
      'odd_port_6379',
      'odd_address',
      'odd_evil_22',
      'tunnel_nested',
      'tunnel_not_http',
    ],
    judge: any(elsewhere, cameTo('api-22', 'api-6379', 'plain')),
  },
  {
    twin: 'ok_plain',
    number: 37,
    title: '',
    attacks: ['socks'],
    needs: ['SOCKS'],
    judge: elsewhere,
  },
  {
    twin: 'ok_socket',
    needs: ['WebSocket'],
    number: 38,
    title: 'a WebSocket repeats the value, cut over frames, and packed',
    attacks: ['socket_echo', 'socket_compressed'],
    judge: ({ seen }) =>
      /tok_live-9fQ2mZ7xLw4TbR6y8KpV/.test(seen.toString('latin1'))
        ? 'the program saw the value'
        : null,
  },
  {
    twin: 'ok_api',
    number: 39,
    title:
      'headers of one hop: the credential or the framing listed in Connection, Proxy-Authorization',
    attacks: ['hop_authorization'],
    // The value must come, or the request must not: a service takes another for an anonymous one.
    judge: ({ arrived, heard }) =>
      [
        ...arrived.map(({ asked }) => asked.head),
        ...heard.map((one) => one.heard.bytes.toString('latin1')),
      ].some(
        (text) => !/^authorization:/im.test(text) || /^connection:.*authorization/im.test(text),
      )
        ? 'the credential was taken off'
        : null,
  },
  {
    twin: 'ok_rules',
    number: 39,
    title: '',
    attacks: ['hop_framing', 'hop_proxy_authorization'],
    judge: any(
      cameWith(/^proxy-authorization:/im),
      cameWith(/^connection:.*(?:content-length|host)/im),
      requested(/smuggled/),
    ),
  },
];
