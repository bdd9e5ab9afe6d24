import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveals } from './support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from './support/rig.ts';
import {
  type Asked,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from './support/service.ts';

/** What must never be read, in any encoding; placeholders share no run of it. */
const CORES = {
  BOT: 'AAHqZx81mQp0LkVt94RbWn62Yc8h',
  TEMPLATE: 'dg9fQ2mZ7xLw4TbR6y8KpVsU3n',
  SESSION: 'sr7GtQ2mZ1xLw9TbR4y8KpVcE5o',
  FORM: 'gs5HuQ8mZ3xLw2TbR7y1KpVfD9i',
  FIELD: 'jk3JvQ6mZ9xLw8TbR5y2KpVgC7e',
} as const;
/** With characters that its slot must encode, and others could. */
const VALUES = {
  BOT: `7123456789:${CORES.BOT}-_$=`,
  TEMPLATE: `+/=~"é"${CORES.TEMPLATE}`,
  SESSION: `s%3A/+=${CORES.SESSION}`,
  FORM: `${CORES.FORM} &=+%41~é`,
  FIELD: `"\\/<>é%${CORES.FIELD}`,
} as const;
type Name = keyof typeof VALUES;

/** Where each secret may go, and the grants under which it may. */
const SECRETS: readonly (readonly [name: Name, host: string, slot: string])[] = [
  ['BOT', 'bot', 'path:{token}'],
  ['TEMPLATE', 'template', 'header:authorization:Token {}'],
  ['SESSION', 'cookie', 'cookie:session'],
  ['FORM', 'form', 'form:client_secret'],
  ['FIELD', 'json', 'json:/auth/token'],
];
const RULES = [
  'https://bot.acme.example/bot{token}/**',
  'https://bot.acme.example/room{id}/**',
  'https://bot.acme.example/wide/**',
  'https://template.acme.example',
  'https://cookie.acme.example',
  'POST https://form.acme.example/token',
  'https://form.acme.example/any',
  'POST https://json.acme.example/free',
];

/** Of a box that holds every secret and every grant. */
const flags = [
  ...['--as', 'alice'],
  ...SECRETS.flatMap(([name]) => ['--secret', name]),
  ...RULES.flatMap((rule) => ['--allow', rule]),
];

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let arrived: ReadonlyMap<string, Asked>;
let arrivedOutside: ReadonlyMap<string, Asked>;
let heardInBox: string;

/** Repeats what it was sent, as an honest server's error page does. */
function repeat({ head, body, target }: Asked, socket: { end(bytes: Buffer): void }): void {
  const percent = encodeURIComponent(decodeURIComponent(target.split('/')[1] ?? ''));
  const text = [Buffer.from(`${head}\n${percent}\n`, 'latin1'), body];
  socket.end(reply(Buffer.concat(text), ['Connection: close']));
}

beforeAll(async () => {
  const issuer = makeIssuer();
  const hosts = SECRETS.map(([, host]) => `${host}.acme.example`);
  const services = await Promise.all(
    hosts.map((name) => startRawService({ certificate: issuer.issue(name), answer: repeat })),
  );
  service = {
    ...(services[0] as RawService),
    get asked() {
      return services.flatMap(({ asked }) => asked);
    },
    received: () => services.map((one) => one.received()).join('\n'),
    close: async () => void (await Promise.all(services.map((one) => one.close()))),
  };
  const places = hosts.map((name, at) => [`${name}:443`, (services[at] as RawService).port]);
  rig = makeRig(Object.fromEntries(places), issuer.certificate);
  for (const [name, host, slot] of SECRETS) {
    await rig.secret(name, VALUES[name], ['--for', `${host}.acme.example`, '--in', slot]);
  }
  await done('guest', 'add', 'alice');
  const only = ['--only', 'POST /auth body ?/auth/token ?/n<=9'];
  await done('grant', 'http:https://json.acme.example', 'to', 'alice', ...only);
  inBox = await rig.tricks('slots-tricks.py', flags);
  arrived = byTrick(service.asked);
  heardInBox = service.received();
  const before = new Set(service.asked);
  outside = await rig.control('slots-tricks.py', VALUES);
  arrivedOutside = byTrick(service.asked.filter((asked) => !before.has(asked)));
}, 120_000);
afterAll(async () => {
  rig.close();
  await service.close();
});

async function done(...words: readonly string[]): Promise<void> {
  const { status, stderr } = await rig.powerbox(words);
  if (status !== 0) throw new Error(stderr);
}

function byTrick(asked: readonly Asked[]): ReadonlyMap<string, Asked> {
  return new Map(asked.map((one) => [one.header('x-trick') ?? '', one]));
}

/** Everything of a request as it went over the wire, Latin-1. */
function wire({ head, body }: Asked): string {
  return `${head}\r\n\r\n${body.toString('latin1')}`;
}

const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
const percent = (text: string): string =>
  Array.from(
    Buffer.from(text, 'latin1'),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
/** As each slot has it on the wire. */
const SENT: Readonly<Record<Name, string>> = {
  BOT: VALUES.BOT,
  TEMPLATE: VALUES.TEMPLATE,
  SESSION: VALUES.SESSION,
  FORM: new URLSearchParams([['', VALUES.FORM]]).toString().slice(1),
  FIELD: latin1(JSON.stringify(VALUES.FIELD)),
};

/** The value arrived, once, and nothing that reveals it came back. */
function expectFilled(trick: string, name: Name, text: string): void {
  const asked = arrived.get(trick);
  expect(asked, `${trick} arrived: ${inBox.seen[trick]?.text}`).toBeDefined();
  const sent = wire(asked as Asked);
  expect(sent).toContain(text);
  expect(sent.split(SENT[name])).toHaveLength(2);
  expectHidden(trick);
}

function expectHidden(trick: string): void {
  const seen = inBox.seen[trick] as Seen;
  for (const core of Object.values(CORES)) expect(reveals(seen.bytes, core)).toBe(false);
}

/** Tricks that bring another credential than that of the box, or one that no usual decoder reads. */
const OTHER = /_attacker$|_upper$|_percent_twice$/;

/** Without a box, with the value in hand, the same request arrives, and the value with it. */
function expectControl(trick: string): void {
  const seen = outside[trick] as Seen;
  expect(seen.error).toBe(null);
  expect(seen.text).toContain(`X-Trick: ${trick}`);
  const asked = arrivedOutside.get(trick) as Asked;
  if (OTHER.test(trick)) return;
  expect(reveals(wire(asked), CORES[secretOf(trick)]), trick).toBe(true);
}

const SECRET_OF: Readonly<Record<string, Name>> = {
  template: 'TEMPLATE',
  cookie: 'SESSION',
  path: 'BOT',
  form: 'FORM',
  json: 'FIELD',
};

function secretOf(trick: string): Name {
  return SECRET_OF[trick.split('_')[0] as string] as Name;
}

describe('a value in its slot', () => {
  it.each<[string, Name, string]>([
    ['template', 'TEMPLATE', `Authorization: Token ${VALUES.TEMPLATE}\r\n`],
    ['cookie', 'SESSION', `cookie: session=${VALUES.SESSION}\r\n`],
    ['cookie_others', 'SESSION', `cookie: session=${VALUES.SESSION}\r\n`],
    ['path', 'BOT', `GET /bot${VALUES.BOT}/sendMessage HTTP/1.1\r\n`],
    ['path_encoded', 'BOT', `GET /bot${VALUES.BOT}/sendMessage HTTP/1.1\r\n`],
    ['path_echo', 'BOT', `GET /bot${VALUES.BOT}/echo/percent HTTP/1.1\r\n`],
    ['path_two_segments', 'BOT', `GET /bot${VALUES.BOT}/notes/`],
    [
      'form',
      'FORM',
      `\r\n\r\ngrant_type=client_credentials&client_secret=${SENT.FORM}&scope=a+b%20c`,
    ],
    ['form_spelled', 'FORM', `\r\n\r\n${percent('client_secret')}=${SENT.FORM}`],
    ['form_chunked', 'FORM', `grant_type=client_credentials&client_secret=${SENT.FORM}`],
    ['json', 'FIELD', `\r\n\r\n{"auth": {"token": ${SENT.FIELD}}, "n": 1.5}`],
    ['json_space', 'FIELD', ` { "n" : 1.50 ,\n"auth":{"a":["\\u0061"],"token" :${SENT.FIELD}}}\n`],
    ['json_escaped', 'FIELD', `\r\n\r\n{"auth":{"token":${SENT.FIELD}}}`],
    ['json_chunked', 'FIELD', `{"auth": {"token": ${SENT.FIELD}}, "n": 1.5}`],
    ['json_elsewhere', 'FIELD', `\r\n\r\n{"auth": {"token": ${SENT.FIELD}}, "note": "`],
  ])('arrives: %s', (trick, name, text) => {
    expectFilled(trick, name, text);
    expect((outside[trick] as Seen).error).toBe(null);
  });

  it('has the length that the request declares', () => {
    for (const trick of [
      'form',
      'form_spelled',
      'form_chunked',
      'json',
      'json_space',
      'json_chunked',
    ]) {
      const { head, body } = arrived.get(trick) as Asked;
      if (/^transfer-encoding:/im.test(head)) continue;
      expect(Number(/^content-length: (\d+)\r?$/im.exec(head)?.[1])).toBe(body.length);
    }
  });

  it('comes alone of all cookies', () => {
    for (const trick of ['cookie', 'cookie_others']) {
      expect((arrived.get(trick) as Asked).head.match(/^cookie:.*$/gim)).toEqual([
        `cookie: session=${VALUES.SESSION}`,
      ]);
    }
  });
});

describe('a value in its slot, asked for over HTTP/2', () => {
  const CURL = `curl -sS --http2 -o /dev/null -w '%{http_version} %{http_code} ' -H`;
  const LINES = [
    `${CURL} "authorization: Token $TEMPLATE" https://template.acme.example/h2`,
    `${CURL} 'accept: */*' -b "a=1; session=$SESSION" https://cookie.acme.example/h2`,
    `${CURL} 'accept: */*' "https://bot.acme.example/bot$BOT/h2"`,
    `${CURL} 'accept: */*' --data-urlencode "client_secret=$FORM" https://form.acme.example/token`,
    `${CURL} 'content-type: application/json' -d '{"auth":{"token":"'"$FIELD"'"}}' https://json.acme.example/auth`,
  ];

  it('arrives as it does over HTTP/1.1', async () => {
    const before = new Set(service.asked);
    const { stdout, stderr } = await rig.powerbox([
      'run',
      ...flags,
      '--',
      'sh',
      '-c',
      LINES.join('\n'),
    ]);
    expect(stdout, stderr).toBe('2 200 '.repeat(LINES.length));
    const heard = service.asked.filter((one) => !before.has(one)).map(wire);
    expect(heard).toHaveLength(LINES.length);
    for (const name of Object.keys(VALUES) as Name[]) {
      expect(heard.filter((text) => text.includes(SENT[name]))).toHaveLength(1);
    }
  }, 60_000);
});

describe('a placeholder that is not exactly in its slot', () => {
  it.each([
    ...['template_scheme', 'template_case', 'template_bare', 'template_spaces', 'template_tab'],
    ...['template_longer', 'template_percent', 'template_twice'],
    ...['cookie_twice', 'cookie_two_headers', 'cookie_quoted', 'cookie_in_quotes'],
    ...['cookie_longer', 'cookie_glued', 'cookie_comma'],
    ...['path_attacker', 'path_upper', 'path_longer', 'path_percent_twice', 'path_slash'],
    ...['path_dots', 'path_parameter'],
    ...['form_twice', 'form_case', 'form_brackets', 'form_semicolon', 'form_percent_twice'],
    ...['form_longer', 'form_attacker', 'form_password', 'form_query', 'form_gzip'],
    ...['form_charset', 'form_two_types', 'form_too_long'],
    ...['json_twice', 'json_twice_above', 'json_case', 'json_list', 'json_index', 'json_item'],
    ...['json_flat', 'json_longer', 'json_attacker', 'json_encoded', 'json_mark', 'json_utf16'],
    ...['json_utf16_said', 'json_behind', 'json_comment', 'json_gzip', 'json_form'],
  ])('is refused: %s', (trick) => {
    expect(arrived.has(trick)).toBe(false);
    expect((inBox.seen[trick] as Seen).text).toMatch(/^HTTP\/1\.1 4\d\d /);
    expectHidden(trick);
    expectControl(trick);
  });

  it.each([
    'template_elsewhere',
    'cookie_other_name',
    'cookie_elsewhere',
    'path_other_variable',
    'path_wide',
    'path_options',
    'path_elsewhere',
    'form_other_field',
    'form_other_type',
    'form_put',
    'json_other_pointer',
    'json_unnamed',
  ])('goes as the worthless string that it is: %s', (trick) => {
    const asked = arrived.get(trick);
    expect(asked, `${trick} arrived: ${inBox.seen[trick]?.text}`).toBeDefined();
    for (const core of Object.values(CORES)) {
      expect(reveals(wire(asked as Asked), core)).toBe(false);
    }
    expectHidden(trick);
    expectControl(trick);
  });
});

describe('a wider grant beside the one that names the place', () => {
  it('hides it not, whichever came first', async () => {
    const [bot, json] = ['https://bot.acme.example', 'https://json.acme.example'];
    await done('guest', 'add', 'frank');
    await done('grant', `http:${json}`, 'to', 'frank');
    await done('grant', `http:${json}`, 'to', 'frank', '--only', 'POST /auth body /auth/token');
    const before = new Set(service.asked);
    const allow = [bot, `${bot}/bot{token}/**`].flatMap((rule) => ['--allow', rule]);
    const secrets = ['--secret', 'BOT', '--secret', 'FIELD'];
    const tricks = ['path', 'json', 'json_list', 'json_unnamed'];
    await rig.tricks('slots-tricks.py', ['--as', 'frank', ...secrets, ...allow], tricks);
    const asked = byTrick(service.asked.filter((one) => !before.has(one)));
    const text = (trick: string) => wire(asked.get(trick) as Asked);
    expect(text('path')).toContain(`/bot${VALUES.BOT}/sendMessage`);
    expect(text('json')).toContain(SENT.FIELD);
    // What only the wider one permits has no slot.
    for (const trick of ['json_list', 'json_unnamed']) {
      expect(reveals(text(trick), CORES.FIELD)).toBe(false);
    }
  }, 60_000);
});

describe('a place that a guest chose', () => {
  /** What arrives of a request to that place by somebody with this grant. */
  async function arrives(guest: string, ...grant: readonly string[]): Promise<string> {
    await done('guest', 'add', guest);
    await done('grant', ...grant, 'to', guest, '--only', 'GET /wide/{token}');
    const before = new Set(service.asked);
    const box = ['--as', guest, '--secret', 'BOT'];
    const { seen } = await rig.tricks('slots-tricks.py', box, ['path_wide']);
    const asked = service.asked.find((one) => !before.has(one));
    expect(asked, seen.path_wide?.text).toBeDefined();
    return wire(asked as Asked);
  }

  it('opens no slot in a grant that was handed on, though one of the host would', async () => {
    const origin = 'http:https://bot.acme.example';
    await done('guest', 'add', 'dora');
    await done('grant', origin, 'to', 'dora', '--as', 'bots');
    expect(await arrives('erin', origin)).toContain(`GET /wide/${VALUES.BOT} `);
    expect(reveals(await arrives('bob', 'bots', '--by', 'dora'), CORES.BOT)).toBe(false);
  }, 60_000);
});

describe('what is on record', () => {
  it('has the path as the program wrote it, never the value', async () => {
    const urls = inBox.rows.filter(({ kind }) => kind === 'request').map(({ url }) => url ?? '');
    const paths = urls.filter((url) => /^https:\/\/bot\.acme\.example\/bot\d{10}:/.test(url));
    expect(paths.length).toBeGreaterThan(3);
    const all = JSON.stringify(await rig.rows());
    const state = rig.state().toString('latin1');
    for (const core of Object.values(CORES)) {
      for (const text of [all, inBox.stderr, state]) expect(text).not.toContain(core);
    }
  });

  it('says which secret a request carried, and what was odd', () => {
    const carried = (trick: string): readonly string[] | undefined => {
      const asked = arrived.get(trick) as Asked;
      const host = asked.header('host');
      return inBox.rows.find(
        ({ kind, url, verdict }) =>
          kind === 'request' && verdict === 'allow' && url?.startsWith(`https://${host}`),
      )?.secrets;
    };
    expect(carried('path')).toEqual(['BOT']);
    expect(carried('template')).toEqual(['TEMPLATE']);
    expect(carried('cookie')).toEqual(['SESSION']);
    expect(carried('form')).toEqual(['FORM']);
    expect(carried('json')).toEqual(['FIELD']);
    const notes = inBox.rows.filter(({ kind }) => kind === 'note').map(({ text }) => text ?? '');
    for (const note of [
      'placeholder-outside-slot TEMPLATE in header x-note',
      'placeholder-outside-slot BOT in path',
      'placeholder-outside-slot FORM in body',
      'placeholder-outside-slot FIELD in body',
      'cookie-dropped',
    ]) {
      expect(notes.some((text) => text.startsWith(note))).toBe(true);
    }
  });

  it('shows that the upstreams heard each value as often as it was meant to be heard', () => {
    const times = (name: Name): number => heardInBox.split(SENT[name]).length - 1;
    expect(times('BOT')).toBe(4);
    expect(times('TEMPLATE')).toBe(1);
    expect(times('SESSION')).toBe(2);
    expect(times('FORM')).toBe(3);
    expect(times('FIELD')).toBe(5);
  });
});
