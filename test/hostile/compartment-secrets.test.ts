import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Compartment, connect, type Powerbox } from '../../src/sdk/index.ts';
import { daemonPidOf } from '../support/daemon.ts';
import { makeRig, type Rig } from './support/rig.ts';
import { makeIssuer, type RawService, reply, startRawService } from './support/service.ts';

/** Code that uses a power which carries a secret, and looks for the secret in all that it gets. */

const CANARY = 'tok_live-2qWe7RtY9uIoP4aSdF6g';
const FORMS = ['latin1', 'base64', 'hex'] as const;

let service: RawService;
let rig: Rig;
let powerbox: Powerbox;
let box: Compartment;
const lines: string[] = [];

beforeAll(async () => {
  const issuer = makeIssuer();
  service = await startRawService({
    certificate: issuer.issue('api.acme.example'),
    answer: ({ path, header }, socket) => {
      const told = header('authorization') ?? 'nothing';
      const all = [`X-Told: ${told}`, `Set-Cookie: told=${encodeURIComponent(told)}`];
      if (path === '/redirect') {
        socket.end(reply(told, [...all, `Location: /again?told=${told.slice(7)}`], '302 Found'));
      } else if (path === '/refused') socket.end(reply(told, all, `500 ${told}`));
      else if (path === '/cut') socket.end(`HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n${told}`);
      else if (path === '/broken') socket.end(`HTTP/9 ${told}\r\n${told}\r\n\r\n`);
      else {
        const coded = [told, ...FORMS.map((form) => Buffer.from(told.slice(7)).toString(form))];
        socket.end(reply(JSON.stringify({ coded, again: told }), all));
      }
    },
  });
  rig = makeRig({ 'api.acme.example:443': service.port }, issuer.certificate);
  await rig.secret('API_TOKEN', CANARY, ['--for', 'https://api.acme.example']);
  expect((await rig.powerbox(['daemon', 'start'])).stderr).toBe('');
  powerbox = await connect({ home: rig.home, start: false });
  box = await powerbox.compartment({
    name: 'looker',
    give: { api: 'http:https://api.acme.example with API_TOKEN' },
    onConsole: ({ text }) => void lines.push(text),
  });
});
afterAll(async () => {
  await box?.close();
  await powerbox?.close();
  const pid = daemonPidOf(rig.home);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
  rig.close();
  await service.close();
});

/** What the code saw of one request, in every way of asking, as text. */
const LOOK = `
const seen = [];
const look = async (work) => {
  try { seen.push(await work()); }
  catch (error) { seen.push([error.name, error.message, error.code, error.hint, error.stack, error.cause]); }
};
for (const url of ['/echo', '/redirect', '/refused', '/cut', '/broken']) {
  const request = { url };
  await look(() => api.fetch(request));
  await look(() => E(E(api).open(request)).head());
  await look(() => E(E(api).open(request)).text());
}
console.log(seen);
console.error(JSON.stringify(seen));
seen`;

function expectNoCanary(what: string, text: string): void {
  for (const form of FORMS) {
    expect(text.includes(Buffer.from(CANARY).toString(form)), `${what} in ${form}`).toBe(false);
  }
}

describe('a secret that goes with the requests of code', () => {
  it('is in no answer, no error, no line and no row, however the server gives it back', async () => {
    const seen = await box.evaluate<unknown[]>(LOOK);
    // The control: each request had it, and the code got answers of them.
    expect(service.asked.length).toBeGreaterThanOrEqual(10);
    expect(service.asked.every(({ head }) => head.includes(CANARY))).toBe(true);
    expect(seen.filter((one) => !Array.isArray(one)).length).toBeGreaterThan(6);
    expectNoCanary('what the code saw', JSON.stringify(seen));
    const thrown = await box
      .evaluate('await api.fetch({ url: "/broken" })')
      .then(JSON.stringify, (error: Error) => `${error.message} ${error.stack} ${error.cause}`);
    expectNoCanary('what the maker was told', thrown);
    expect(lines.length).toBeGreaterThan(0);
    expectNoCanary('the console', lines.join('\n'));
    expectNoCanary('the declarations', await box.declarations());
    expectNoCanary('what the code is', JSON.stringify(await box.info()));
    expectNoCanary('the status', JSON.stringify(await powerbox.door.status()));
    expectNoCanary('the record', JSON.stringify(await rig.rows()));
    expectNoCanary('the folder of the state', rig.state().toString('latin1'));
  });
});
