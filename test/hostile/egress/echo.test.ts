import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { echoAnswer } from '../support/echo-service.ts';
import { reveals } from '../support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, startRawService } from '../support/service.ts';

/** With characters that encoders escape, and one that base64 splits. */
const TOKEN = 'tok_live-9fQ2+mZ7&xLw4%TbR6y~8KpV';

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;

beforeAll(async () => {
  const issuer = makeIssuer();
  const certificate = issuer.issue('api.acme.example');
  service = await startRawService({ certificate, answer: echoAnswer });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  const slots = ['header:authorization:bearer', 'header:authorization:basic-password'];
  await rig.secret('API_TOKEN', TOKEN, [
    ...['--for', 'https://api.acme.example'],
    ...slots.flatMap((slot) => ['--in', slot]),
  ]);
  const flags = ['--secret', 'API_TOKEN', '--allow', 'api.acme.example'];
  inBox = await rig.tricks('echo-tricks.py', flags);
  outside = await rig.control('echo-tricks.py', { API_TOKEN: TOKEN });
});
afterAll(async () => {
  rig.close();
  await service.close();
});

/** Without a box the value is read; in the box it is not, and what came instead is the point. */
function expectNothing(name: string, instead: RegExp): void {
  const [seen, control] = [inBox.seen[name] as Seen, outside[name] as Seen];
  expect(control.error).toBe(null);
  expect(reveals(control.bytes, TOKEN)).toBe(true);
  expect(reveals(seen.bytes, TOKEN)).toBe(false);
  expect(seen.text).toMatch(instead);
}

const PLACEHOLDER = /[A-Za-z0-9_+/=~-]{20}/;

describe('an honest server that repeats what it received', () => {
  it.each([
    ['1 in a header', 'header', /^HTTP\/1\.1 200 .*X-You-Sent: <\S{33}>/is],
    ['1 as the name of a header', 'header_name', /^HTTP\/1\.1 200/],
    ['1 in a body', 'body', /you sent \S{33}, thank you/],
    ['1 in a redirect', 'location', /Location: https:\/\/evil\.example\/\?t=\S{33}/],
    ['1 in the status line', 'status_line', /^HTTP\/1\.1 200 Hello \S{33}\r\n/],
    ['1 in an error page', 'error_page', /^HTTP\/1\.1 500 .*bad token \S{33}/s],
    ['1 in a trailer', 'trailer', /^HTTP\/1\.1 200/],
    ['1 as the name of a trailer', 'trailer_name', /^HTTP\/1\.1 200/],
    ['1 in an interim answer', 'early', /^HTTP\/1\.1 200/],
    ['1 in the answer to an upgrade', 'switch', /^HTTP\/1\.1 101 .*X-You-Sent: \S{33}\r\n/s],
    [
      '38 in an answer that upgrades and does not prove it read the key',
      'switch_unproven',
      /^HTTP\/1\.1 502 .*upstream-unreachable/s,
    ],
    [
      '1 in the answer that declines an upgrade',
      'web_socket_declined',
      /^HTTP\/1\.1 426 .*no socket for \S{33}/s,
    ],
    ['2 cut at every place', 'offsets', /#32 \r\n\w+\r\n\S{33}\./],
    ['2 byte by byte', 'bytes', /200 OK/],
    ['2 in events', 'events', /"turn":2,"sent":"\r\n\w+\r\n\S{33}"/],
    ['3 in gzip', 'gzip', /you sent \S{33}/],
    ['3 in gzip by its old name', 'x_gzip', /you sent \S{33}/],
    ['3 in deflate', 'deflate', /you sent \S{33}/],
    ['3 in brotli', 'br', /you sent \S{33}/],
    ['3 in gzip that was asked for', 'accept_encoding', /you sent \S{33}/],
    ['3 in stacked codings', 'stacked', /response-unscrubbable/],
    ['3 in two headers of codings', 'two_codings', /response-unscrubbable/],
    ['3 in an unknown coding', 'unknown_coding', /response-unscrubbable/],
    ['3 in a transfer coding', 'transfer_coding', /you sent \S{33}|response-unscrubbable/],
    ['4 in every usual encoding', 'encodings', /token%3D/],
    [
      '4 in HTTP Basic behind a user name of any length',
      'basic',
      /Authorization: Basic [A-Za-z0-9+/]{44}/i,
    ],
    ['5 in parts, by Range', 'range_oracle', PLACEHOLDER],
    ['5 in parts, by Request-Range', 'request_range_oracle', PLACEHOLDER],
    ['6 later, from its store', 'stored', /keep \S{33}/],
    ['7 from any other header', 'other_headers', /X-Anything: \S{33}/],
    ['7 from query, path and body', 'other_places', /\?q=\S{33}/],
    ['8 by OPTIONS', 'options', /^OPTIONS|Bearer \S{33}/im],
    ['8 by TRACE', 'trace', /method-not-granted/],
    ['38 over a WebSocket, cut at every place', 'web_socket', /101 .*\S{33}\./s],
  ])('%s does not get the value into the box', (_, name, instead) => {
    expectNothing(name, instead);
  });

  it('3 under the name of a coding that it does not have is cut off', () => {
    expect(reveals((outside.lying as Seen).bytes, TOKEN)).toBe(true);
    expect((inBox.seen.lying as Seen).text).not.toContain('you sent');
  });

  it('9 in a cookie does not get even the cookie into the box', () => {
    expectNothing('cookie', /^HTTP\/1\.1 200/);
    expect((inBox.seen.cookie as Seen).text).not.toMatch(/set-cookie/i);
  });

  it('38 over a WebSocket with an extension that nobody agreed on is cut off', () => {
    expect(reveals((outside.web_socket_compressed as Seen).bytes, TOKEN)).toBe(true);
    const { text, bytes } = inBox.seen.web_socket_compressed as Seen;
    expect(reveals(bytes, TOKEN)).toBe(false);
    expect(text).not.toMatch(/^HTTP\/1\.1 101/);
  });

  it('50 with 64 MiB of zeros in gzip is cut off early', () => {
    expect((outside.bomb as Seen).bytes.length).toBeGreaterThan(50_000);
    const { bytes, seconds } = inBox.seen.bomb as Seen;
    expect(bytes.length).toBeLessThan(32 << 20);
    expect(seconds).toBeLessThan(5);
  });

  it('received the value from the box all the while, but never by OPTIONS or outside its slot', () => {
    const whole = service.asked.filter(({ head }) => head.includes('Connection: close') === false);
    expect(whole.length).toBeGreaterThan(20);
    expect(whole.filter(({ head }) => head.includes(`Bearer ${TOKEN}`)).length).toBeGreaterThan(20);
    const fromBox = whole.filter(({ method, path }) => method === 'OPTIONS' || path !== '/echo');
    for (const { head, method, body } of fromBox) {
      const outsideSlot = head.replace(/^authorization: bearer .*$/im, '') + body.toString();
      expect(reveals(outsideSlot, TOKEN)).toBe(false);
      if (method === 'OPTIONS') expect(reveals(head, TOKEN)).toBe(false);
    }
  });

  it('leaves a row for every request, and the value in none of them', async () => {
    const asked = inBox.rows.filter(({ kind }) => kind === 'request');
    expect(asked.length).toBeGreaterThan(50);
    for (const page of ['/header', '/gzip', '/socket', '/range']) {
      expect(asked.some(({ url }) => url?.endsWith(`acme.example${page}`))).toBe(true);
    }
    expect(asked.filter(({ scrubbed }) => (scrubbed ?? 0) > 0).length).toBeGreaterThan(15);
    expect(reveals(JSON.stringify(inBox.rows), TOKEN)).toBe(false);
    expect(reveals(inBox.stderr, TOKEN)).toBe(false);
    const state = rig.state().toString('latin1');
    for (const form of ['latin1', 'base64', 'hex'] as const) {
      expect(state).not.toContain(Buffer.from(TOKEN).toString(form).slice(0, 40));
    }
  });
});
