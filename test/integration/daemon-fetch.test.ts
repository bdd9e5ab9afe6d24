import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type DaemonClient } from '../../src/gateway/client.ts';
import { API_HOST, type Demo, EVIL_HOST, startDemo } from '../../src/quickstart/demo.ts';
import { headerOf } from '../../src/quickstart/service.ts';
import { type DaemonPlace, makeDaemonPlace, within } from '../support/daemon.ts';

/** The http powers of the daemon, with a real server and a real secret. */

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

interface Http {
  fetch(request: object): Promise<Answer>;
  open(request: object): Promise<{ read(): Promise<Uint8Array | null> }>;
}

/** A request of the API. */
function get(path: string, more: object = {}): object {
  return { method: 'GET', url: `https://${API_HOST}${path}`, ...more };
}

const GZIPPED = Buffer.from('H4sIAAAAAAAAA0tMSgYAwkEkNQMAAAA=', 'base64');

let demo: Demo;
let place: DaemonPlace;
let client: DaemonClient;
let http: Http;
let endless = 0;
/** Goes on with an answer that has begun. */
let goOn: (text: string) => void = () => {};

beforeAll(async () => {
  demo = await startDemo({
    handle(request, response) {
      if (request.url === '/endless') {
        endless += 1;
        const timer = setInterval(() => response.write('x'.repeat(1000)), 10);
        response.on('close', () => {
          clearInterval(timer);
          endless -= 1;
        });
      } else if (request.url === '/kept') {
        response.write('begun ');
        goOn = (text) => void response.end(text);
      } else if (request.url === '/coded') {
        response.writeHead(200, { 'content-encoding': 'gzip', 'set-cookie': 'a=b' });
        response.end(GZIPPED);
      } else if (request.url === '/broken') {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        setTimeout(() => response.destroy(), 20);
      } else {
        return false;
      }
      return true;
    },
  });
  place = makeDaemonPlace();
  const config = { egress: { hosts: demo.hosts } };
  writeFileSync(join(place.home, 'config.json'), JSON.stringify(config));
  const origin = `https://${API_HOST}`;
  const kept = await place.powerbox(['secret', 'set', 'ACME_TOKEN', `--for=${origin}`], {
    input: demo.token,
  });
  expect(kept.status).toBe(0);
  await place.json('power', 'add', `${origin} with ACME_TOKEN`, '--as', 'api');
  await place.json('power', 'add', `https://${EVIL_HOST}`, '--as', 'evil');
  client = await connect(join(place.home, 'powerbox.sock'));
  http = (await client.door.lookup('api')) as Http;
});

afterAll(async () => {
  client?.close();
  place?.close();
  await demo?.close();
});

describe('an http power of the daemon', () => {
  it('brings its secret into its requests, and never shows it', async () => {
    const me = await http.fetch(get('/v1/me'));
    expect(me.status).toBe(200);
    expect(JSON.parse(me.body)).toEqual({ name: 'demo', plan: 'enterprise' });
    const echo = await http.fetch(get('/echo', { method: 'POST', body: 'hello' }));
    const received = demo.api.requests.at(-1);
    expect(received && headerOf(received, 'authorization')).toBe(`Bearer ${demo.token}`);
    expect(received?.body).toBe('hello');
    expect(echo.body).toContain('Bearer ');
    expect(echo.body).not.toContain(demo.token);
  });

  it('reads what is coded, and leaves cookies behind', async () => {
    const coded = await http.fetch(get('/coded'));
    expect(coded.body).toBe('abc');
    expect(coded.headers.map(([name]) => name)).not.toContain('set-cookie');
  });

  it('says that an answer broke off, and goes on', async () => {
    await expect(http.fetch(get('/broken'))).rejects.toThrow(/^\[upstream-unreachable\]/);
    expect((await http.fetch(get('/v1/me'))).status).toBe(200);
  });

  it('refuses an origin that leads to a private address', async () => {
    await place.json('power', 'add', 'https://localhost', '--as', 'near');
    const near = (await client.door.lookup('near')) as Http;
    await expect(near.fetch({ method: 'GET', url: 'https://localhost/' })).rejects.toThrow(
      /^\[address-refused\]/,
    );
  });

  it('takes its secret nowhere else', async () => {
    const evil = (await client.door.lookup('evil')) as Http;
    const echo = await evil.fetch({ method: 'GET', url: `https://${EVIL_HOST}/echo` });
    expect(echo.status).toBe(200);
    const received = demo.evil.requests.at(-1);
    expect(JSON.stringify(received?.headers)).not.toContain(demo.token);
  });

  it('puts its secret into the part of a path that the grant names, and nowhere else', async () => {
    const value = '7123456789:AAHqZx81mQp0LkVt94RbWn62Yc8h';
    const origin = `https://${API_HOST}`;
    const where = [`--for=${origin}`, '--in=path:{token}'];
    await place.powerbox(['secret', 'set', 'BOT_TOKEN', ...where], { input: value });
    const bot = async (guest: string, only: string): Promise<Http> => {
      await place.json('guest', 'add', guest);
      const words = ['grant', `http:${origin} with BOT_TOKEN`, 'to', guest, '--as', 'bot'];
      await place.json(...words, '--only', only);
      return (await (await client.door.guest(guest)).lookup('bot')) as Http;
    };
    const bob = await bot('bob', 'GET /bot{token}/**');
    const answer = await bob.fetch(get('/bot{token}/getMe'));
    expect(demo.api.requests.at(-1)?.url).toBe(`/bot${value}/getMe`);
    expect(JSON.stringify(answer)).not.toContain(value);
    const own = get('/bot7000000000:AAattackerattackerattackeratt/getMe');
    await expect(bob.fetch(own)).rejects.toThrow(/^\[credential-foreign\]/);
    const carol = await bot('carol', 'GET /**');
    await expect(carol.fetch(get('/bot{token}/getMe'))).rejects.toThrow(
      /^\[credential-foreign\] .* nothing but the program can put a placeholder into path:\{token\}/,
    );
  });

  it('is cut in the middle of an answer when its secret gets another value', async () => {
    const rotate = async (input: string) => {
      const { status } = await place.powerbox(['secret', 'rotate', 'ACME_TOKEN'], { input });
      expect(status).toBe(0);
    };
    const next = 'acme_live_an0ther0ther0ther0ther';
    const answer = await http.open(get('/kept'));
    const heard = [Buffer.from((await answer.read()) ?? []).toString()];
    await rotate(next);
    await http.fetch(get('/echo'));
    expect(headerOf(demo.api.requests.at(-1) as never, 'authorization')).toBe(`Bearer ${next}`);
    // The service keeps what the other request brought, and tells it here.
    goOn(`kept ${next}`);
    const rest = (async () => {
      for (;;) {
        const bytes = await answer.read();
        if (bytes === null) return;
        heard.push(Buffer.from(bytes).toString());
      }
    })();
    await expect(rest).rejects.toThrow(/^\[response-unscrubbable\]/);
    expect(heard.join('')).toBe('begun ');
    await rotate(demo.token);
    expect((await http.fetch(get('/v1/me'))).status).toBe(200);
  });

  it('is cut in the middle of an answer when its grant ends', async () => {
    await place.json('guest', 'add', 'alice');
    const [grant] = await place.json('grant', 'api', 'to', 'alice', '--as', 'api');
    const guest = await client.door.guest('alice');
    const theirs = (await guest.lookup('api')) as Http;
    const answer = await theirs.open(get('/endless'));
    expect((await answer.read())?.length).toBeGreaterThan(0);
    expect(endless).toBe(1);
    const waiting = (async () => {
      for (;;) await answer.read();
    })();
    const cut = expect(waiting).rejects.toThrow(/^\[(?:grant-revoked|reference-closed)\]/);
    await place.json('revoke', String(grant?.id));
    await cut;
    expect(await within(2_000, () => endless === 0)).toBe(true);
  });

  it('is parsed in a process that ends with the daemon, and can be lost', async () => {
    const daemon = place.daemonPid();
    if (daemon === undefined) throw new Error('no daemon runs');
    process.kill(only(childrenOf(daemon, 'egress/fetch/main.js')), 'SIGKILL');
    expect(await within(2_000, () => childrenOf(daemon, 'egress/fetch').length === 0)).toBe(true);
    expect(await fetchAgain()).toBe(200);
    const next = only(childrenOf(daemon, 'egress/fetch/main.js'));
    expect(readFileSync(join(place.home, 'daemon.log'), 'utf8')).not.toContain(demo.token);
    process.kill(daemon, 'SIGKILL');
    expect(await within(2_000, () => commandOf(next) === '')).toBe(true);
  });
});

/** A request that the loss meets fails; the next one, once the daemon has seen it, does not. */
async function fetchAgain(): Promise<number> {
  for (let tries = 0; ; tries += 1) {
    try {
      return (await http.fetch(get('/v1/me'))).status;
    } catch (error) {
      if (tries === 20 || !String(error).includes('[upstream-unreachable]')) throw error;
    }
  }
}

function only(pids: readonly number[]): number {
  const [pid] = pids;
  if (pid === undefined || pids.length > 1) throw new Error(`${pids.length} processes, not one`);
  return pid;
}

function commandOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}

function childrenOf(parent: number, command: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => commandOf(pid).includes(command) && parentOf(pid) === parent)
    .map(Number);
}

function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0;
  }
}
