import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reveals } from '../support/readings.ts';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import {
  type Asked,
  makeIssuer,
  type RawService,
  reply,
  startRawService,
} from '../support/service.ts';

const TOKENS = {
  API_TOKEN: 'sk-live-7Hq2ZpW9mLx4KcVt8RbN',
  OTHER_TOKEN: 'ghp_Qw3Er5Ty7Ui9Op1As2Df4Gh6Jk8Lz0XcVb',
  MAP_TOKEN: 'AIzaSy+map/key=with&odd?chars-9Zx',
};
const PLACES = ['api', 'other', 'maps', 'open'].map((name) => `${name}.acme.example`);

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let again: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let arrived: readonly Asked[];
let heard: string;
let dumped: Buffer;

beforeAll(async () => {
  const issuer = makeIssuer();
  const names = Object.fromEntries(PLACES.map((name) => [name, issuer.issue(name)]));
  const servers = await Promise.all(
    Object.values(names).map((certificate) =>
      startRawService({
        certificate,
        answer: ({ head }, socket) => void socket.end(reply(head, ['Connection: close'])),
      }),
    ),
  );
  service = joined(servers);
  rig = makeRig(
    Object.fromEntries(
      PLACES.map((name, index) => [`${name}:443`, (servers[index] as RawService).port]),
    ),
    issuer.certificate,
  );
  const set = (name: keyof typeof TOKENS, host: string, slot: string): Promise<void> =>
    rig.secret(name, TOKENS[name], ['--for', `https://${host}.acme.example`, '--in', slot]);
  await set('API_TOKEN', 'api', 'header:authorization:bearer');
  await set('OTHER_TOKEN', 'other', 'header:x-api-key');
  await set('MAP_TOKEN', 'maps', 'query:key');
  const flags = [
    ...Object.keys(TOKENS).flatMap((name) => ['--secret', name]),
    ...PLACES.flatMap((name) => ['--allow', name]),
  ];
  inBox = await rig.tricks('placeholder-tricks.py', [
    ...flags,
    '--env',
    `LEAKED=${TOKENS.API_TOKEN}`,
  ]);
  const [first] = placeholders(inBox);
  again = await rig.tricks(
    'placeholder-tricks.py',
    [...flags, '--env', `STOLEN=${first}`],
    ['of_another_box', 'environment', 'memory'],
  );
  dumped = readFileSync(join(rig.workspace, 'memory.dump'));
  arrived = [...service.asked];
  heard = service.received();
  outside = await rig.control('placeholder-tricks.py', TOKENS);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

/** Several servers, looked at as one. */
function joined(servers: readonly RawService[]): RawService {
  return {
    port: 0,
    heard: [],
    get asked() {
      return servers.flatMap(({ asked }) => asked);
    },
    received: () => servers.map((server) => server.received()).join('\n'),
    until: async () => true,
    close: async () => void (await Promise.all(servers.map((server) => server.close()))),
  };
}

function placeholders(run: TrickRun): string[] {
  return JSON.parse((run.seen.environment as Seen).text) as string[];
}

function arrival(name: string): Asked | undefined {
  return arrived.find(({ path }) => path === `/p/${name}`);
}

const VALUES = Object.values(TOKENS);

describe('a placeholder', () => {
  it('has the shape of its value, is new in each box, and is all that the environment has', () => {
    const [first, second] = [placeholders(inBox), placeholders(again)];
    for (const [index, value] of VALUES.entries()) {
      expect(first[index]).toHaveLength(value.length);
      expect(new Set([value, first[index], second[index]]).size).toBe(3);
    }
    expect(first[0]).toMatch(/^sk-/);
    expect(first[1]).toMatch(/^ghp_/);
    for (const value of VALUES)
      expect((inBox.seen.neighbours as Seen).bytes.includes(value)).toBe(
        value === TOKENS.API_TOKEN,
      );
    expect(JSON.parse((outside.environment as Seen).text)).toEqual(VALUES);
  });

  it('47 is exchanged in its own slot, and there only as it is', () => {
    const at = (name: string): string => arrival(name)?.head ?? '';
    expect(at('exact')).toContain(`Authorization: Bearer ${TOKENS.API_TOKEN}`);
    expect(at('scheme_upper')).toContain(`Authorization: BEARER ${TOKENS.API_TOKEN}`);
    expect(at('token_scheme')).toContain(`Authorization: token ${TOKENS.API_TOKEN}`);
    expect(at('other_exact')).toContain(`X-API-KEY: ${TOKENS.OTHER_TOKEN}`);
    const query = new URL(arrival('map_exact')?.target ?? '/', 'https://maps.acme.example')
      .searchParams;
    expect(query.get('key')).toBe(TOKENS.MAP_TOKEN);
    expect(query.get('a')).toBe('1');
  });

  it.each([
    ...[
      'upper',
      'lower',
      'percent',
      'base64',
      'hex',
      'doubled',
      'adjacent',
      'before',
      'after',
      'quoted',
    ],
    ...['two_spaces', 'tab', 'no_scheme', 'basic', 'basic_user', 'parameters'],
    ...['split_headers', 'twice', 'other_header', 'laundered', 'laundered_query'],
    ...['other_doubled', 'map_twice', 'map_upper', 'map_in_value', 'of_another_secret'],
  ])('47 in another shape or place (%s) is a foreign credential there', (name) => {
    expect((inBox.seen[name] as Seen).text).toMatch(/credential-foreign/);
    expect(arrival(name)).toBe(undefined);
    const control = service.asked.filter(({ path }) => path === `/p/${name}`).at(-1);
    expect(control).not.toBe(undefined);
  });

  it('47 of another box is one too', () => {
    expect((again.seen.of_another_box as Seen).text).toMatch(/credential-foreign/);
    expect((inBox.seen.of_another_box as Seen).text).toContain('200 OK');
  });

  it('47 where no secret is bound travels as the worthless text that it is, with a note', () => {
    for (const name of ['laundered_nowhere', 'map_in_header']) {
      expect((inBox.seen[name] as Seen).text).toContain('200 OK');
      expect(VALUES.some((value) => arrival(name)?.head.includes(value))).toBe(false);
    }
    const notes = inBox.rows.filter(
      ({ kind, text }) => kind === 'note' && text?.includes('placeholder'),
    );
    expect(notes.length).toBeGreaterThanOrEqual(2);
  });

  it('49 is not needed by who has the value already: the value itself is refused', () => {
    expect((inBox.seen.leaked as Seen).text).toMatch(/secret-leaked/);
    expect(arrival('leaked')).toBe(undefined);
  });

  it('is exchanged nowhere else', () => {
    for (const { head, path, target } of arrived) {
      const known = [
        'exact',
        'scheme_upper',
        'token_scheme',
        'other_exact',
        'map_exact',
        'of_another_box',
      ];
      if (known.includes(path.slice(3)) || path === '/echo') continue;
      expect(VALUES.some((value) => reveals(head + target, value))).toBe(false);
    }
    expect(heard).toContain(TOKENS.API_TOKEN);
  });
});

describe('the value', () => {
  it('is in no memory of the box, after requests and their echoes', () => {
    expect(dumped.length).toBeGreaterThan(1 << 20);
    for (const value of VALUES) expect(dumped.includes(value)).toBe(false);
    expect(dumped.includes(placeholders(again)[0] as string)).toBe(true);
    const control = readFileSync(join(rig.workspace, 'memory.dump'));
    expect(control.includes(TOKENS.API_TOKEN)).toBe(true);
  });

  it('is in no answer, row, error or file of the state folder', () => {
    const { leaked, neighbours, ...answers } = inBox.seen;
    expect([leaked, neighbours]).not.toContain(undefined);
    const state = rig.state().toString('latin1');
    for (const value of VALUES) {
      for (const { bytes } of Object.values(answers)) expect(reveals(bytes, value)).toBe(false);
      expect(reveals(JSON.stringify([inBox.rows, again.rows]), value)).toBe(false);
      expect(inBox.stderr).not.toContain(value);
      for (const form of ['latin1', 'base64', 'hex'] as const) {
        expect(state).not.toContain(Buffer.from(value).toString(form));
      }
    }
  });
});
