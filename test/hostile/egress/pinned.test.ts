import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRig, type Rig, type Seen, type TrickRun } from '../support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from '../support/service.ts';

const TOKEN = 'tok_live-5cRk8WvX2nTqLd7ZsBhY';

let service: RawService;
let rig: Rig;
let inBox: TrickRun;
let outside: Readonly<Record<string, Seen>>;
let heard: string;

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('*.acme.example'),
    answer: ({ path }, socket) => void socket.end(reply(`welcome to ${path}`)),
  });
  const places = { 'api.acme.example:443': service.port, 'other.acme.example:443': service.port };
  rig = makeRig(places, issuer.certificate);
  await rig.secret('API_TOKEN', TOKEN, ['--for', 'https://api.acme.example']);
  const pinned = ['--env', `PINNED_CA=${issuer.certificate}`];
  const rules = ['api.acme.example', 'other.acme.example'].flatMap((name) => ['--allow', name]);
  inBox = await rig.tricks('pinned-tricks.py', ['--secret', 'API_TOKEN', ...rules, ...pinned]);
  heard = service.received();
  const env = { API_TOKEN: TOKEN, PINNED_CA: issuer.certificate };
  outside = await rig.control('pinned-tricks.py', env);
});
afterAll(async () => {
  rig.close();
  await service.close();
});

describe('a client that pins the certificate of its service', () => {
  it.each(['pinned_secret', 'pinned_open'])(
    '53 fails (%s), and is not let through unseen, with a secret or without',
    (name) => {
      expect((outside[name] as Seen).text).toContain('welcome to /pinned');
      expect((inBox.seen[name] as Seen).text).toMatch(/CERTIFICATE_VERIFY_FAILED/);
      expect(heard).not.toContain('/pinned');
      expect(heard).toContain('/trusting');
    },
  );

  it('53 leaves a row with the reason and the name', () => {
    const rows = inBox.rows.filter(({ reason }) => reason?.includes('did not accept'));
    expect(rows.map(({ verdict, code }) => [verdict, code])).toEqual([
      ['deny', 'protocol-refused'],
      ['deny', 'protocol-refused'],
    ]);
    const names = rows.map(({ url, target }) => url ?? target ?? '').join(' ');
    expect(names).toContain('api.acme.example');
    expect(names).toContain('other.acme.example');
  });
});
