import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NaiveGateway, startNaiveGateway } from '../support/naive-gateway.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Answer,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';

const TOKEN = 'tok_live-3hT6yUj8iK0oL2pQwEr5';

const MALFORMED = [
  ...['crlf_in_value', 'lf_in_value', 'cr_in_value', 'nul_in_value', 'bell_in_value'],
  ...['space_before_value', 'space_after_value', 'crlf_in_name', 'colon_in_name'],
  ...['space_in_name', 'upper_name', 'nul_in_name', 'high_name', 'empty_name', 'chunked'],
  ...['chunked_get', 'connection', 'connection_close', 'keep_alive', 'proxy_connection'],
  ...['upgrade_h2c', 'upgrade_websocket', 'te_chunked', 'expect_odd', 'length_plus'],
  ...['length_list', 'length_without_body', 'two_lengths', 'two_hosts', 'two_methods'],
  ...['two_paths', 'two_authorities', 'two_schemes', 'pseudo_after', 'pseudo_unknown'],
  ...['pseudo_status', 'pseudo_empty', 'no_method', 'no_scheme', 'no_path', 'no_authority'],
  ...['method_lower', 'method_space', 'method_empty', 'scheme_odd', 'scheme_empty'],
  ...['path_space', 'path_crlf', 'path_fragment', 'path_absolute', 'path_star', 'path_empty'],
  ...['path_relative', 'path_high', 'authority_user', 'authority_list', 'authority_space'],
  ...['authority_crlf', 'authority_port', 'authority_empty', 'connect', 'connect_other'],
  ...['connect_protocol', 'protocol_get', 'websocket_ended', 'many_headers'],
];
const MISMATCHES = [
  ...['mismatch_authority', 'mismatch_port', 'mismatch_host', 'mismatch_host_port'],
  ...['mismatch_scheme', 'mismatch_all'],
];
const PATHS = Array.from({ length: 13 }, (_, index) => `path_${index}`);
const WRONG = [
  ...['even', 'zero', 'data_zero', 'data_idle', 'reset_idle', 'window_idle', 'window_none'],
  ...['window_large', 'push', 'ping', 'settings', 'settings_window', 'continuation'],
  ...['interrupted', 'other_continuation', 'padding', 'index', 'huffman', 'table_size', 'length'],
].map((name) => `wrong_${name}`);

/** What works where nothing is checked: as a second request, and as it is. */
const SMUGGLED = ['crlf_in_value', 'path_crlf', 'longer_body', 'method_space'];
const PASSED = ['chunked', 'upper_name', 'colon_in_name', 'two_hosts', 'mismatch_authority'];
const EFFECTIVE = [...SMUGGLED, ...PASSED];

let service: RawService;
let plain: RawService;
let gateway: NaiveGateway;
let rig: Rig;
let bare: Rig;
let inBox: TrickRun;

const answer: Answer = ({ target, header }, socket) => {
  const echo = header('authorization') ?? 'nobody';
  socket.end(reply(`welcome to ${target} as ${echo}`, ['Connection: close']));
};

beforeAll(async () => {
  const issuer = makeIssuer();
  const certificate = issuer.issue('api.acme.example');
  service = await startRawService({ certificate, answer });
  plain = await startRawService({ certificate: null, answer });
  gateway = await startNaiveGateway(certificate, plain.port);
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  bare = makeRig({ 'api.acme.example:443': gateway.port }, issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  const flags = ['--secret', 'API_TOKEN', '--allow', 'GET,POST https://api.acme.example/open/**'];
  [inBox] = await Promise.all([
    rig.tricks('http2-tricks.py', flags),
    bare.control('http2-tricks.py', { API_TOKEN: TOKEN }, EFFECTIVE),
  ]);
}, 120_000);
afterAll(async () => {
  rig.close();
  bare.close();
  await Promise.all([service.close(), plain.close(), gateway.close()]);
});

function textOf(name: string): string {
  return (inBox.seen[name] as Seen).text;
}

function arrivedAs(name: string): readonly string[] {
  return service.asked.filter(({ head }) => head.includes(name)).map(({ head }) => head);
}

describe('a request of HTTP/2 that would be another one in HTTP/1.1', () => {
  it.each(MALFORMED)('34 (%s) is refused, with a reason, and does not arrive', (name) => {
    expect(textOf(name)).toMatch(/^STREAM 1 400 .*x-powerbox-code: request-malformed/s);
    expect(textOf(name)).toContain('"error":"request-malformed"');
    expect(arrivedAs(`/${name} `)).toEqual([]);
    expect(service.received()).not.toContain(`/smuggled/${name}`);
  });

  it.each(MISMATCHES)('10-11 (%s) names two hosts: refused', (name) => {
    expect(textOf(name)).toMatch(/^STREAM 1 421 .*x-powerbox-code: target-mismatch/s);
    expect(arrivedAs(name)).toEqual([]);
  });

  it('10 is refused before a request where SNI and connection differ', () => {
    expect(textOf('mismatch_sni')).toMatch(/Reset|SSL|EOF/);
    expect(arrivedAs('mismatch_sni')).toEqual([]);
  });

  it('10, 15 is judged by itself on a connection that was used for another host', () => {
    expect(textOf('coalesced')).toMatch(/STREAM 1 200 .*STREAM 3 421 .*STREAM 5 200 /s);
    expect(arrivedAs('coalesced')).toHaveLength(2);
  });

  it.each(PATHS)('24-26 (%s) does not lead out of its rule', (name) => {
    expect(textOf(name)).toMatch(
      /^STREAM 1 40[03] .*x-powerbox-code: (?:path-ambiguous|path-not-granted|request-malformed)/s,
    );
    expect(arrivedAs(`/${name} `)).toEqual([]);
  });

  it.each(['longer_body', 'shorter_body'])(
    '34 (%s) has another length than it says: no whole request arrives, the connection goes on',
    (name) => {
      expect(textOf(name)).toMatch(/STREAM 1 \d*(?:None)? ?\[RST 1\]/);
      expect(textOf(name)).toMatch(/STREAM 3 200 /);
      expect(arrivedAs(`/${name} `)).toEqual([]);
      expect(service.received()).not.toContain(`/smuggled/${name}`);
    },
  );

  it('34 has no body where its head says so, whatever comes', () => {
    // It is whole with its head: what follows may come before or after its answer.
    for (const head of arrivedAs('/body_of_none ')) expect(head).toMatch(/^content-length: 0$/im);
    expect(service.received()).not.toContain('/smuggled/body_of_none');
    expect(textOf('body_of_none')).toMatch(/STREAM 3 200 /);
  });

  it('8, 34 has no second head, and no method that shows the first', () => {
    expect(textOf('trailers_pseudo')).toContain('[RST 1]');
    expect(service.received()).not.toContain('smuggled/trailers_pseudo');
    expect(textOf('trace')).toContain('x-powerbox-code: method-not-granted');
  });

  it('33 is judged by itself after others were refused on the same connection', () => {
    const text = textOf('after_refused');
    expect(text).toMatch(/STREAM 1 403 .*STREAM 3 400 .*STREAM 5 200 .*welcome to \/open\/after/s);
  });

  it('39 loses what belongs to its hop, before the slot is filled', () => {
    const [head, ...more] = arrivedAs('/open/own_hop');
    expect(more).toEqual([]);
    expect(head).toContain(`Bearer ${TOKEN}`);
    expect(head).not.toMatch(
      /^(?:te|trailer|proxy-.*|http2-settings|expect|cookie|x-original-url):/im,
    );
    expect(head?.match(/^host:/gim)).toHaveLength(1);
    expect(textOf('own_hop')).toMatch(/STREAM 1 200 /);
  });

  it('1 shows the program what it sent, not the value', () => {
    expect(textOf('own_hop')).toContain('welcome to /open/own_hop as Bearer ');
    expect(JSON.stringify(inBox)).not.toContain(TOKEN);
    expect(Object.values(inBox.seen).some(({ bytes }) => bytes.includes(TOKEN))).toBe(false);
    expect(rig.state().includes(TOKEN)).toBe(false);
  });
});

describe('what is not HTTP/2 as it is written down', () => {
  it.each(WRONG)('34 (%s) ends its connection, and nothing arrives', (name) => {
    expect(textOf(name)).toMatch(/CONNECTION \[GOAWAY (?:1|3|6|9)\]/);
    expect(service.received()).not.toContain(`/smuggled/${name}`);
  });

  it('35 does not begin in clear, in a tunnel, or as another protocol', () => {
    expect(textOf('text_for_frames')).toContain('GOAWAY 1');
    expect(textOf('no_settings')).toContain('GOAWAY 1');
    expect(textOf('preface_in_tunnel')).toMatch(/Reset|^$/);
    expect(textOf('frames_over_http1')).toMatch(/400|Reset/);
    expect(service.received()).not.toMatch(/smuggled/);
  });

  it('36 is served in a tunnel like everywhere', () => {
    expect(textOf('in_tunnel')).toMatch(/STREAM 1 200 .*welcome to \/open\/in_tunnel/s);
  });

  it('leaves a row for each, with its reason', () => {
    const rows = inBox.rows.filter(({ kind }) => kind === 'connection');
    const malformed = rows.filter(({ code }) => code === 'request-malformed');
    expect(malformed.length).toBeGreaterThanOrEqual(MALFORMED.length + WRONG.length);
    const mismatches = rows.filter(({ code }) => code === 'target-mismatch');
    expect(mismatches.length).toBeGreaterThanOrEqual(MISMATCHES.length + 2);
    const uses = inBox.rows.filter(
      ({ verdict, kind }) => kind === 'request' && verdict === 'allow',
    );
    expect(uses.length).toBeGreaterThan(8);
    for (const use of uses) expect(use).toHaveProperty('status');
  });
});

describe('without a box, before a gateway that checks nothing', () => {
  it.each(SMUGGLED)('34 (%s) is a second request, or another one', (name) => {
    expect(plain.received()).toContain(`/smuggled/${name}`);
  });

  it.each(PASSED)('34 (%s) arrives', (name) => {
    expect(plain.received()).toContain(`/open/${name} `);
  });
});
