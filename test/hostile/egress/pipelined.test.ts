import { createServer } from 'node:http';
import { connect, type Server } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type EgressRoom, HOST, openEgressRoom } from '../../../fuzz/egress-room.ts';

const get = (path: string, host = HOST): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

let room: EgressRoom;

beforeAll(async () => {
  room = await openEgressRoom();
});
afterAll(() => room.forget());

/** Sends all at once; gives what came back when the other side closes, or a while nothing came. */
async function heardOf(text: string): Promise<string> {
  room.forget();
  const { box } = await room.open();
  onTestFinished(() => void box.destroy());
  let heard = '';
  box.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  box.write(text);
  await expect.poll(() => box.closed || heard.endsWith('ok'), { timeout: 5_000 }).toBe(true);
  return heard;
}

function pathsThatArrived(): string[] {
  return room.arrived().flatMap(({ requests }) => requests.map(({ target }) => target));
}

it('answers requests that do not wait in order, and all of them', async () => {
  const { box } = await room.open();
  onTestFinished(() => void box.destroy());
  room.forget();
  let heard = '';
  box.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  box.write(get('/1') + get('/2') + get('/3'));
  await expect.poll(() => heard.split('HTTP/1.1 200').length - 1, { timeout: 5_000 }).toBe(3);
  expect(pathsThatArrived().sort()).toEqual(['/1', '/2', '/3']);
  await expect.poll(() => room.openUses()).toBe(0);
});

it('sends nothing that follows a refused request, whose answer would never be taken', async () => {
  const heard = await heardOf(get('/1') + get('/2', 'b.example') + get('/3'));
  expect(heard).toMatch(/^HTTP\/1\.1 200 .*okHTTP\/1\.1 403 /s);
  expect(heard.split('HTTP/1.1')).toHaveLength(3);
  expect(pathsThatArrived()).toEqual(['/1']);
  await expect.poll(() => room.openUses()).toBe(0);
});

it('ends a use whose connection goes on with rubbish', async () => {
  await heardOf(`${get('/1')}GET /2.1\r\nHost: ${HOST}\r\n\r\nGET /3 HTTP/\n`);
  await expect.poll(() => room.openUses()).toBe(0);
});

it('is a trick: a server that takes each request as it comes does what follows a refused one', async () => {
  const done: string[] = [];
  const server = createServer((request, response) => {
    done.push(request.url ?? '');
    if (request.url === '/2') response.writeHead(403, { connection: 'close' });
    setTimeout(() => response.end('ok'), 20);
  });
  onTestFinished(() => void server.close());
  const port = await portOf(server.listen(0, '127.0.0.1'));
  const client = connect(port, '127.0.0.1').on('error', () => {});
  client.resume().write(get('/1') + get('/2') + get('/3'));
  await expect.poll(() => client.closed, { timeout: 5_000 }).toBe(true);
  expect(done).toEqual(['/1', '/2', '/3']);
});

function portOf(server: Server): Promise<number> {
  return new Promise((found) => {
    server.once('listening', () => {
      const address = server.address();
      found(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
