import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Answer,
  type Asked,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';

const TOKEN = 'tok_live-8sKd2LmQ9xVb4RtW7nYc';

let service: RawService;
let plain: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let arrived: readonly Asked[];
let heard: string;

/** A server that does not keep connections, so that nothing has to wait for a second answer. */
const answer: Answer = (asked, socket) => {
  socket.end(reply(`welcome to ${asked.target}`, ['Connection: close']));
};

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({ certificate: issuer.issue('api.acme.example'), answer });
  plain = await startRawService({ certificate: null, answer });
  rig = makeRig(
    {
      'api.acme.example:443': service.port,
      'plain.acme.example:80': plain.port,
    },
    issuer.certificate,
  );
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  const rules = ['GET,POST https://api.acme.example/open/**', 'GET http://plain.acme.example/**'];
  const flags = ['--secret', 'API_TOKEN', ...rules.flatMap((rule) => ['--allow', rule])];
  inBox = await rig.tricks('framing-tricks.py', flags);
  arrived = [...service.asked, ...plain.asked];
  heard = `${service.received()}\n${plain.received()}`;
  outside = await rig.control('framing-tricks.py', { API_TOKEN: TOKEN });
});
afterAll(async () => {
  rig.close();
  await Promise.all([service.close(), plain.close()]);
});

function textOf(name: string): string {
  return (inBox.seen[name] as Seen).text;
}

describe('a request that two readers understand differently', () => {
  it.each([
    ...['cl_te', 'te_cl', 'two_lengths', 'same_lengths', 'length_list', 'length_plus'],
    ...['length_minus', 'length_hex', 'length_tab', 'length_huge', 'length_name_space'],
    ...['coding_unknown', 'coding_identity', 'coding_not_last', 'coding_twice', 'coding_cr'],
    ...['coding_tab', 'coding_name_space', 'coding_http_1_0', 'folded_first', 'bare_lf'],
    ...[
      'bare_lf_one',
      'bare_cr',
      'cr_in_name',
      'nul_in_value',
      'nul_in_name',
      'no_colon',
      'no_name',
    ],
    ...['version_2', 'version_0_9', 'version_lower', 'line_tab', 'line_target_space'],
    ...['method_lower', 'method_odd', 'after_malformed', 'expect_odd', 'hidden_by_headers'],
    ...['h2c', 'h2c_list', 'h2c_no_connection', 'tls_upgrade', 'preface', 'socket_by_post'],
    ...['socket_as_post', 'socket_with_body', 'socket_not_named'],
  ])('32-35 (%s) is refused whole', (name) => {
    expect(textOf(name)).toMatch(/^HTTP\/1\.1 400 .*request-malformed/s);
    expect(arrived.filter(({ head }) => head.includes(name))).toEqual([]);
  });

  it.each([
    ...['chunk_size_plus', 'chunk_size_hex', 'chunk_size_huge', 'chunk_size_negative'],
    ...['chunk_extension_lf', 'chunk_bare_lf', 'chunk_no_crlf', 'chunk_trailer', 'folded'],
    ...['coding_underscore', 'length_name_tab', 'line_spaces', 'line_target_crlf'],
    ...['get_with_raw_body', 'after_denied', 'after_close', 'socket_early'],
  ])('32-33 (%s) is one request at most, and what follows is judged by itself', (name) => {
    expect(arrived.filter(({ target }) => target.includes(`/smuggled/${name}`))).toEqual([]);
    expect(textOf(name)).not.toContain(`welcome to /smuggled/${name}`);
    expect((outside[name] as Seen).text).toContain('HTTP/1.1 200');
  });

  it('32 arrives, if at all, in the one strict form', () => {
    expect(arrived.length).toBeGreaterThan(5);
    for (const { head } of arrived) {
      expect(head).toMatch(
        /^[A-Z]+ \/[\x21-\x7e]* HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~\w-]+: [^\r\n\0]*)+$/,
      );
      const framing = head.match(/^(?:content-length|transfer-encoding):.*$/gim) ?? [];
      expect(framing.length).toBeLessThan(2);
      expect(head.match(/^host:/gim)).toHaveLength(1);
    }
  });

  it('32 works without a box: the smuggled bytes reach the server as they are', () => {
    const bytes = service.received().slice(heard.length - plain.received().length);
    for (const name of ['cl_te', 'te_cl', 'bare_lf', 'after_denied', 'h2c', 'hidden_by_headers']) {
      expect(bytes).toContain(`/smuggled/${name}`);
    }
  });
});

describe('a path that leads out of its rule', () => {
  it.each(Array.from({ length: 24 }, (_, index) => index))('25 (path_%i) is refused', (index) => {
    const name = `path_${index}`;
    const status = /^HTTP\/1\.1 (\d+)/.exec(textOf(name))?.[1];
    expect(['400', '403']).toContain(status);
    expect(textOf(name)).toMatch(/path-ambiguous|path-not-granted|request-malformed/);
    expect((outside[name] as Seen).text).toContain('HTTP/1.1 200');
  });

  it('25-27 is all that does not arrive: what did lies in /open and is allowed by its method', () => {
    for (const { target, method, head } of arrived) {
      if (/^host: plain/im.test(head)) continue;
      expect(target).toMatch(/^\/open\//);
      expect(target).not.toMatch(/\.\.|%2e|\\|%5c|%00/i);
      expect(['GET', 'POST']).toContain(method);
    }
  });

  it('27 loses the headers that name another path, method or host', () => {
    const asked = arrived.find(({ path }) => path === '/open/o');
    expect(asked?.head).not.toMatch(/smuggled|evil\.example|DELETE|override/i);
    const control = service.asked.filter(({ path }) => path === '/open/o').at(-1);
    expect(control?.head).toMatch(/X-Original-URL: \/smuggled\/o/);
  });

  it.each([
    ['destination', /path-not-granted/],
    ['copy_source', /path-not-granted/],
    ['method_in_query', /method-not-granted/],
  ])('27 names a second one (%s): refused', (name, code) => {
    expect(textOf(name)).toMatch(code);
    expect((outside[name] as Seen).text).toContain('HTTP/1.1 200');
  });
});

describe('what belongs to one hop', () => {
  it('39 takes neither the framing nor anything else of the request with it', () => {
    const asked = arrived.find(({ path }) => path === '/open/hop');
    expect(asked?.body.toString()).toBe('hello');
    expect(asked?.head).not.toMatch(/^(?:x-mine|authorization):/im);
    expect(asked?.head).toMatch(/^host: api\.acme\.example$/im);
  });

  it('39 is not forwarded, least of all a credential for a proxy', () => {
    const asked = arrived.find(({ path }) => path === '/open/own');
    expect(asked?.head).toContain(`Authorization: Bearer ${TOKEN}`);
    expect(asked?.head).not.toMatch(/^(?:proxy-.*|te|keep-alive|trailer):/im);
  });
});

describe('what is not HTTP in TLS', () => {
  it('36 in a tunnel is judged like the rest', () => {
    expect(textOf('plain_in_tunnel_80')).toMatch(/method-not-granted/);
    expect(textOf('plain_in_tunnel_443')).toMatch(/not-granted/);
    for (const port of [80, 443]) {
      expect(arrived.some(({ target }) => target.includes(`plain_in_tunnel_${port}`))).toBe(false);
    }
    expect((outside.plain_in_tunnel_80 as Seen).text).toContain('welcome to /smuggled/plain');
  });

  it('37 does not leave: other protocols are cut, each with a row', () => {
    expect(
      textOf('not_http').match(/Reset|EHLO|request-malformed|400/gi)?.length,
    ).toBeGreaterThanOrEqual(5);
    expect(heard).not.toContain('not_http');
    const cut = inBox.rows.filter(({ code }) => code === 'protocol-refused');
    expect(cut.length).toBeGreaterThanOrEqual(4);
  });

  it('leaves rows, and the value in none', () => {
    expect(inBox.rows.filter(({ verdict }) => verdict === 'deny').length).toBeGreaterThan(80);
    expect(JSON.stringify(inBox)).not.toContain(TOKEN);
    expect(rig.state().includes(TOKEN)).toBe(false);
  });
});
