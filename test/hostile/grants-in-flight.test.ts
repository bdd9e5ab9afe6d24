import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  API,
  type BoxShell,
  curl,
  type GuestPlace,
  makeGuestPlace,
  until,
} from '../support/boxed-guests.ts';

let place: GuestPlace;

afterEach(() => place.close());

const grant = async (...words: string[]) =>
  (await place.json<{ id: string }>('grant', ...words))[0]?.id as string;

async function boxOf(guest: string): Promise<BoxShell> {
  await place.json('guest', 'add', guest);
  return place.shell('--as', guest);
}

/** An answer that never ends. */
function endless(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.url !== '/endless') return false;
  response.writeHead(200);
  const timer = setInterval(() => response.write(`${'x'.repeat(1000)}\n`), 10);
  response.once('close', () => clearInterval(timer));
  return true;
}

describe('a guest with a grant that ends', () => {
  it('gets no byte more of a download when the time of a grant above is over', async () => {
    place = await makeGuestPlace(endless);
    const box = await boxOf('alice');
    const bob = await boxOf('bob');
    await grant(API, 'to', 'alice', '--as', 'api', '--for', '8s');
    await grant('api', 'to', 'bob', '--by', 'alice', '--for', '1h');
    const download = `curl -sS -o got '${API}/endless'; echo status $?; wc -c < got`;
    // As curl tells it, an answer that was cut from one that ended.
    expect(await bob.run(download)).toMatch(/\nstatus (?:18|56|92)\n[1-9][0-9]{3,}/);
    expect(await bob.run(curl('/echo'))).toContain('grant-expired');
    await bob.end();
    await box.end();
  });
});

describe('a guest with two grants of one origin', () => {
  it('sends no credential of a stranger to where the secret of the other goes', async () => {
    place = await makeGuestPlace();
    const set = ['secret', 'set', 'ACME_TOKEN', `--for=${API}`, '--in=header:authorization:bearer'];
    await place.powerbox(set, { input: place.demo.token });
    const box = await boxOf('alice');
    const stranger = (path: string) => curl(path, '-H "authorization: Bearer of-a-stranger"');
    await grant(API, 'to', 'alice', '--only', 'POST /**', '--only', 'GET /echo');
    // The control: without a secret there, a credential is the guest's own business.
    expect(await box.run(stranger('/echo'))).toMatch(/ 200$/);
    await grant(`http:${API} with ACME_TOKEN`, 'to', 'alice', '--only', 'GET /v1/**');
    expect(await box.run(stranger('/echo'))).toContain('credential-foreign');
    expect(await box.run(curl('/echo'))).toMatch(/ 200$/);
    expect(await box.run(curl('/v1/me'))).toMatch(/ 200$/);
    await box.end();
  });
});

describe('a guest that does not wait for a model', () => {
  it('pays for what it does not hear, also when the grant or its box ends', async () => {
    const asked: ServerResponse[] = [];
    place = await makeGuestPlace((request, response) => {
      if (request.url !== '/v1/chat/completions') return false;
      request.resume();
      asked.push(response);
      return true;
    });
    const set = ['secret', 'set', 'MODEL_KEY', `--for=${API}`, '--in=header:authorization:bearer'];
    await place.powerbox(set, { input: place.demo.token });
    const alice = await boxOf('alice');
    const bob = await boxOf('bob');
    const model = `model:openai ${API}/v1 credential=MODEL_KEY`;
    const first = await grant(model, 'to', 'alice', '--as', 'gpt', '--budget', 'tokens=100000');
    const second = await grant('gpt', 'to', 'bob', '--by', 'alice');
    const spent = async () => {
      const views = await place.json<{ id: string; spent: { tokens?: number } }>('grants');
      return views.find(({ id }) => id === first)?.spent.tokens ?? 0;
    };
    const body = JSON.stringify({
      ...{ model: 'm', max_tokens: 500 },
      messages: [{ role: 'user', content: 'hello' }],
    });
    const words = ['-H content-type:application/json', `-d '${body}'`];
    await bob.run(curl('/v1/chat/completions', '--max-time 1', ...words));
    expect(asked).toHaveLength(1);
    await until(async () => ((await spent()) > 500 ? true : undefined), 'the first count');
    const before = await spent();

    const { printed } = bob.start(curl('/v1/chat/completions', ...words));
    await until(() => (asked.length > 1 ? true : undefined), 'the second question');
    await place.json('revoke', second, '--by', 'alice');
    expect(await printed).toContain('grant-revoked');
    await until(async () => ((await spent()) > before + 500 ? true : undefined), 'the count');
    await bob.end();

    const late = await spent();
    alice.start(curl('/v1/chat/completions', ...words)).printed.catch(() => {});
    await until(() => (asked.length > 2 ? true : undefined), 'the third question');
    await alice.end();
    await until(async () => ((await spent()) > late + 500 ? true : undefined), 'the last count');
  });
});

describe('a guest that asks a model many times at once', () => {
  it('does not get from its budget what one call after the other would not', async () => {
    const asked: ServerResponse[] = [];
    place = await makeGuestPlace((request, response) => {
      if (request.url !== '/v1/chat/completions') return false;
      request.resume();
      asked.push(response);
      return true;
    });
    const box = await boxOf('alice');
    const model = `model:openai ${API}/v1`;
    await grant(model, 'to', 'alice', '--budget', 'tokens=2000');
    const chat = (most: number) => {
      const body = JSON.stringify({
        ...{ model: 'm', max_tokens: most },
        messages: [{ role: 'user', content: 'hello' }],
      });
      return curl('/v1/chat/completions', '-H content-type:application/json', `-d '${body}'`);
    };
    const answer = () => {
      const usage = { prompt_tokens: 10, completion_tokens: 500 };
      for (const response of asked.splice(0)) {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ choices: [], usage }));
      }
    };
    // The control: what fits in together goes on together.
    const small = [box.start(chat(500)), box.start(chat(500))];
    await until(() => (asked.length === 2 ? true : undefined), 'two questions');
    answer();
    for (const { printed } of small) expect(await printed).toMatch(/ 200$/);
    await until(async () => {
      const [view] = await place.json<{ spent: { tokens?: number } }>('grants', '--to', 'alice');
      return view?.spent.tokens === 1020 ? true : undefined;
    }, 'both counts');

    const many = Array.from({ length: 6 }, () => box.start(chat(600)));
    await until(() => (asked.length > 0 ? true : undefined), 'a question');
    const early = await Promise.race(many.map(({ printed }) => printed));
    expect(early).toContain('budget-spent');
    await until(async () => {
      const rows = await place.json<{ code?: string }>('log', '--denied');
      return rows.length === 5 ? true : undefined;
    }, 'five refusals');
    expect(asked).toHaveLength(1);
    answer();
    const printed = await Promise.all(many.map((one) => one.printed));
    expect(printed.filter((text) => / 200$/.test(text))).toHaveLength(1);
    await box.end();
  });
});
