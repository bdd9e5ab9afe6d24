import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  API,
  type BoxShell,
  curl,
  type GuestPlace,
  makeGuestPlace,
} from '../support/boxed-guests.ts';

/**
 * A box whose grants have rules for bodies, answers and documents, and everything that goes around
 * such rules elsewhere. The same requests go to /free, where there is a plain grant: what is
 * refused at /pay arrives there, so that none is refused for another reason.
 */

const GRANTS = [
  'POST /pay body /amount:number>=1<=100 /currency=EUR|USD -/admin',
  'POST /graphql graphql query=viewer depth<=3',
  'POST /small request<=1000',
  'GET /answer/** response<=1000',
  'GET /socket body /x',
  '/free',
];

const GOOD = '{"amount": 5, "currency": "EUR"}';

let place: GuestPlace;
let box: BoxShell;

beforeAll(async () => {
  place = await makeGuestPlace((request, response) => {
    if (request.url === '/answer/declared') response.end('x'.repeat(1001));
    else if (request.url === '/answer/streamed') {
      response.write('y'.repeat(600));
      setTimeout(() => response.end('y'.repeat(600)), 100);
    } else if (request.url === '/answer/short') response.end('z'.repeat(1000));
    else return false;
    return true;
  });
  await place.json('guest', 'add', 'alice');
  box = await place.shell('--as', 'alice');
  const only = GRANTS.flatMap((rule) => ['--only', rule]);
  await place.json('grant', API, 'to', 'alice', ...only);
});

afterAll(async () => {
  await box?.end();
  await place?.close();
});

/** What the service saw of the requests to a path, bodies in order. */
function arrived(path: string): string[] {
  return place.demo.api.requests.filter(({ url }) => url.startsWith(path)).map(({ body }) => body);
}

/** Sends a body that is written with `printf`, so that any byte can be in it. */
function post(path: string, printf: string, ...flags: string[]): Promise<string> {
  const type = flags.some((flag) => /content-type/i.test(flag))
    ? []
    : ["-H 'content-type: application/json'"];
  const words = ['-H "expect:"', ...type, ...flags, '--data-binary @-'];
  return box.run(`printf '${printf}' | ${curl(path, ...words)}`);
}

function codeIn(printed: string): string {
  return /"error":"([a-z-]+)"/.exec(printed)?.[1] ?? printed.slice(-4).trim();
}

describe('a grant with rules for bodies', () => {
  it('lets through what keeps them, byte for byte, however it is framed', async () => {
    const bodies = [
      GOOD,
      ' {"currency":"\\\\u0045UR",\\n"amount":1.0e2}',
      '{"amount":5,"currency":"USD","x":[]}',
    ];
    for (const body of bodies) expect(await post('/pay', body)).toMatch(/ (?:200|404)$/);
    expect(await post('/pay', GOOD, "-H 'transfer-encoding: chunked'")).toMatch(/ (?:200|404)$/);
    expect(await post('/pay', GOOD, "-H 'expect: 100-continue'")).toMatch(/ (?:200|404)$/);
    expect(arrived('/pay')).toEqual([
      GOOD,
      ' {"currency":"\\u0045UR",\n"amount":1.0e2}',
      '{"amount":5,"currency":"USD","x":[]}',
      GOOD,
      GOOD,
    ]);
  });

  it.each<[string, string, string, ...string[]]>([
    ['too much', '{"amount": 500, "currency": "EUR"}', 'body-refused'],
    ['another currency', '{"amount": 5, "currency": "XAU"}', 'body-refused'],
    ['what must not be there', '{"amount": 5, "currency": "EUR", "admin": 1}', 'body-refused'],
    ['a key there twice', '{"amount": 5, "currency": "EUR", "amount": 500}', 'body-unreadable'],
    ['a key in another case', '{"amount": 5, "currency": "EUR", "Amount": 500}', 'body-refused'],
    [
      'digits that are lost',
      '{"amount": 100.00000000000000001, "currency": "EUR"}',
      'body-refused',
    ],
    ['a number without end', '{"amount": 1e400, "currency": "EUR"}', 'body-refused'],
    ['a second value', `${GOOD}${GOOD}`, 'body-unreadable'],
    ['a byte order mark', `\\357\\273\\277${GOOD}`, 'body-unreadable'],
    ['no UTF-8', '{"amount": 5, "currency": "EUR", "x": "\\377"}', 'body-unreadable'],
    ['nothing at all', '', 'body-refused'],
    ['another type', GOOD, 'body-unreadable', "-H 'content-type: text/plain'"],
    [
      'a form',
      'amount=500',
      'body-unreadable',
      "-H 'content-type: application/x-www-form-urlencoded'",
    ],
    [
      'two types',
      GOOD,
      'body-unreadable',
      "-H 'content-type: application/json' -H 'content-type: text/plain'",
    ],
    ['a coding', GOOD, 'body-unreadable', "-H 'content-encoding: gzip'"],
  ])('refuses %s', async (_, body, code, ...flags) => {
    const before = arrived('/pay').length;
    expect(codeIn(await post('/pay', body, ...flags))).toBe(code);
    expect(arrived('/pay')).toHaveLength(before);
    const free = arrived('/free').length;
    expect(await post('/free', body, ...flags)).toMatch(/ (?:200|404)$/);
    expect(arrived('/free')).toHaveLength(free + 1);
  });

  it('refuses a field in the query, a long body, and no body', async () => {
    const before = arrived('/pay').length;
    const long = 'head -c 1100000 /dev/zero | tr "\\0" " "';
    const send = (path: string, ...flags: string[]): string =>
      curl(path, '-X POST', "-H 'content-type: application/json'", '-H "expect:"', ...flags);
    expect(codeIn(await post('/pay?amount=500', GOOD))).toBe('body-refused');
    const declared = await box.run(
      `(${long}; echo '${GOOD}') | ${send('/pay', '--data-binary @-')}`,
    );
    expect(codeIn(declared)).toBe('body-unreadable');
    const chunked = send('/pay', '--data-binary @-', "-H 'transfer-encoding: chunked'");
    expect(codeIn(await box.run(`(${long}; echo '${GOOD}') | ${chunked}`))).toBe('body-unreadable');
    expect(codeIn(await box.run(send('/pay')))).toBe('body-refused');
    expect(arrived('/pay')).toHaveLength(before);
    expect(
      await box.run(`(${long}; echo '${GOOD}') | ${send('/free', '--data-binary @-')}`),
    ).toMatch(/ (?:200|404)$/);
  });

  it('never becomes a WebSocket', async () => {
    const words = [
      "-H 'connection: upgrade' -H 'upgrade: websocket' -H 'sec-websocket-version: 13'",
      "-H 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=='",
    ];
    expect(codeIn(await box.run(curl('/socket', ...words)))).toBe('body-refused');
    expect(arrived('/socket')).toEqual([]);
    const free = arrived('/free').length;
    await box.run(curl('/free', '-m 5', ...words));
    expect(arrived('/free')).toHaveLength(free + 1);
  });
});

describe('a grant with rules for GraphQL', () => {
  it('lets queries of its fields pass, and nothing else', async () => {
    const ask = (query: string): Promise<string> => post('/graphql', JSON.stringify({ query }));
    expect(await ask('{ viewer { login } }')).toMatch(/ (?:200|404)$/);
    for (const query of [
      'mutation { viewer { login } }',
      '{ organization { secret } }',
      '{ viewer: organization { secret } }',
      '{ viewer { a { b { c } } } }',
      'query A { viewer { id } } mutation B { drop }',
    ]) {
      expect(codeIn(await ask(query))).toBe('body-refused');
    }
    expect(codeIn(await post('/graphql', '[]'))).toBe('body-refused');
    expect(arrived('/graphql')).toHaveLength(1);
  });
});

describe('a grant with sizes', () => {
  it('bounds what is sent, declared or not', async () => {
    const send = (bytes: number, ...flags: string[]): Promise<string> =>
      box.run(
        `head -c ${bytes} /dev/zero | ${curl('/small', '-H "expect:"', '--data-binary @-', ...flags)}`,
      );
    expect(await send(1000)).toMatch(/ (?:200|404)$/);
    expect(await send(1000, "-H 'transfer-encoding: chunked'")).toMatch(/ (?:200|404)$/);
    expect(codeIn(await send(1001))).toBe('body-refused');
    expect(codeIn(await send(1001, "-H 'transfer-encoding: chunked'"))).toBe('body-refused');
    expect(arrived('/small')).toHaveLength(2);
  });

  it('bounds what comes back, declared or not', async () => {
    expect(await box.run(curl('/answer/short'))).toMatch(/^z{1000} 200$/);
    expect(codeIn(await box.run(curl('/answer/declared')))).toBe('narrowing-refused');
    const cut = await box.run(`${curl('/answer/streamed')}; echo "=$?"`);
    expect(cut).toMatch(/=(?:18|56|92)$/m);
    expect(cut.match(/y/g)?.length ?? 0).toBeLessThanOrEqual(1000);
  });
});
