import type { Socket } from 'node:net';
import { canonicalPath } from '../src/policy/path.ts';
import { type EgressRoom, HOST, openEgressRoom } from './egress-room.ts';
import { listOf, type OwnRequest, readAnswers, readRequests, valuesOf } from './http1-reader.ts';
import { type FuzzTarget, holds } from './target.ts';

/** Below what one input may take, so that a hang is told as what it is. */
const PATIENCE_MS = 1_500;
/** Turns of the event loop in which nothing may happen before an input counts as done. */
const QUIET_TURNS = 12;

const HEAD = `Host: ${HOST}\r\n`;

let room: EgressRoom | undefined;

/**
 * What a box sends on one connection, to the egress's own server, with an upstream behind it that
 * keeps every byte. Each request that arrives there was sent whole, once, with the same method,
 * path, fields and body in the strictest reading; what has no such reading does not arrive. Every
 * use that began is over with the connection.
 */
export const http1Target: FuzzTarget = {
  name: 'http1',
  seeds: [
    `GET /x?a=1 HTTP/1.1\r\n${HEAD}Accept: */*\r\nX-A: b\r\n\r\n`,
    `POST /p HTTP/1.1\r\n${HEAD}Content-Length: 3\r\n\r\nabcGET /q HTTP/1.1\r\n${HEAD}\r\n`,
    `POST /c HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nT: x\r\n\r\n`,
    `PUT http://${HOST}/abs HTTP/1.1\r\n${HEAD}Content-Length: 2\r\nConnection: close, x-a\r\nX-A: 1\r\n\r\nok`,
    `GET / HTTP/1.0\r\n${HEAD}Connection: keep-alive\r\n\r\nHEAD /h HTTP/1.1\r\n${HEAD}\r\n`,
    `POST /w HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 4\r\n\r\nbody`,
    `GET /ws HTTP/1.1\r\n${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nearly`,
    `GET /1 HTTP/1.1\r\n${HEAD}\r\nGET /2 HTTP/1.1\r\nHost: b.example\r\n\r\nGET /3 HTTP/1.1\r\n${HEAD}\r\n`,
    `GET /two HTTP/1.1\r\n${HEAD}Host: b.example\r\n\r\n`,
    `POST /te HTTP/1.1\r\n${HEAD}Transfer-Encoding: identity, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`,
    `DELETE /d HTTP/1.1\r\n${HEAD}X-HTTP-Method-Override: GET\r\nCookie: a=b\r\nCookie: c=d\r\n\r\n`,
  ],
  words: [
    ...[
      '\r\n',
      '\n',
      '\r',
      '\r\n\r\n',
      '\n\n',
      ' ',
      '\t',
      '\r\n ',
      '\0',
      ':',
      ' :',
      ',',
      ';',
      '=',
      '"',
    ],
    ...[
      'GET ',
      'POST ',
      'HEAD ',
      'OPTIONS ',
      'TRACE ',
      'CONNECT ',
      'PRI * HTTP/2.0',
      'GET / HTTP/1.1',
    ],
    ...[
      ' HTTP/1.1',
      ' HTTP/1.0',
      ' HTTP/2.0',
      'http://',
      'https://',
      '@',
      '\\',
      '//',
      '#',
      '..',
      '%2e',
    ],
    ...[
      'Host: ',
      HOST,
      'b.example',
      ':80',
      ':81',
      'Content-Length: ',
      '+4',
      '0',
      '5',
      '0x5',
      '1e1',
    ],
    ...['Transfer-Encoding: ', 'chunked', 'identity', 'xchunked', 'gzip, chunked', 'TE: trailers'],
    ...[
      'Connection: ',
      'close',
      'keep-alive',
      'content-length',
      'Upgrade: h2c',
      'Upgrade: websocket',
    ],
    ...[
      'Expect: 100-continue',
      'Proxy-Connection: ',
      'Trailer: ',
      '0\r\n\r\n',
      '1\r\na\r\n',
      'ffffffff',
    ],
    ...[';a="\r\n"', 'X_Forwarded_Host: x', '\xff', '\u0130'],
  ],
  async prepare() {
    room ??= await openEgressRoom();
  },
  async check(input) {
    try {
      return await checkBytes(room ?? (await openEgressRoom()), Buffer.from(input));
    } catch (error) {
      // What an input broke is not to be blamed on the next.
      room = await openEgressRoom();
      throw error;
    }
  },
};

async function checkBytes(at: EgressRoom, input: Buffer): Promise<string> {
  at.forget();
  const reading = readRequests(input.toString('latin1'));
  const answers = await send(at, input, reading.rest === 'beginning');
  const arrived = at.arrived();
  const requests = arrived.flatMap((one) => one.requests);
  checkArrived(requests, reading.requests);
  for (const { rest } of arrived) {
    holds(rest !== 'malformed', 'what leaves is well-formed');
    holds(rest !== 'beginning' || reading.rest !== 'nothing', 'what was whole leaves whole');
  }
  const statuses = checkAnswers(answers, reading.requests, requests.length);
  return `${reading.rest} ${arrived.length > 0} ${statuses}`;
}

/** Sends the bytes in two parts; gives what came back once nothing more happens. */
async function send(at: EgressRoom, input: Buffer, beginning: boolean): Promise<string> {
  const { box, egress } = await at.open();
  const heard: Buffer[] = [];
  box.on('data', (chunk) => heard.push(chunk));
  const ends = performance.now() + PATIENCE_MS;
  const middle = input.length === 0 ? 0 : ((input[0] as number) * 7919) % input.length;
  box.write(input.subarray(0, middle));
  await settled(at, egress, () => egress.bytesRead >= middle, ends);
  if (!box.destroyed) box.write(input.subarray(middle));
  const all = () => egress.bytesRead >= input.length && at.openUses() <= Number(beginning);
  await settled(at, egress, all, ends);
  box.destroy();
  await settled(at, egress, () => egress.destroyed && at.openUses() === 0, ends);
  return Buffer.concat(heard).toString('latin1');
}

/** Waits until something is true, or the connection over, and then until nothing moves. */
async function settled(
  at: EgressRoom,
  egress: Socket,
  isDone: () => boolean,
  ends: number,
): Promise<void> {
  let last = '';
  for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
    await new Promise((next) => setImmediate(next));
    const over = egress.destroyed && at.openUses() === 0;
    const now = `${egress.bytesRead} ${egress.bytesWritten} ${at.openUses()} ${at.arrived().length}`;
    if (now !== last || !(isDone() || over)) quiet = 0;
    last = now;
    holds(performance.now() < ends, `it goes on (uses open: ${at.openUses()})`);
  }
}

/** Each that arrived is one that was sent; no two are the same one. */
function checkArrived(arrived: readonly OwnRequest[], sent: readonly OwnRequest[]): void {
  const left = [...sent];
  for (const request of arrived) {
    const found = left.findIndex((one) => explains(one, request));
    holds(found !== -1, `${JSON.stringify(request)} was sent`);
    left.splice(found, 1);
  }
}

/** Fields that are about one connection, or say how long the body is. */
const OF_THE_HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|host|http2-settings|content-length)$/;
/** The egress has a WebSocket of its own with the upstream. */
const WEBSOCKET = /^(connection|upgrade|sec-websocket-.*)$/i;

function explains(sent: OwnRequest, arrived: OwnRequest): boolean {
  const place = /^(?:http:\/\/([^/?#\\@]+))?(\/.*)?$/i.exec(sent.target);
  const path = canonicalPath(place?.[2] ?? '/');
  const hosts = valuesOf(sent.fields, 'host');
  const named = [...hosts, ...(place?.[1] === undefined ? [] : [place[1]])];
  if (place === null || !path.ok || hosts.length > 1 || named.length === 0) return false;
  if (!named.every((name) => /^a\.example\.?(?::0*80)?$/i.test(name))) return false;
  const target = path.query === '' ? path.path : `${path.path}?${path.query}`;
  if (arrived.method !== sent.method || arrived.target !== target) return false;
  if (['TRACE', 'CONNECT'].includes(sent.method) || arrived.body !== sent.body) return false;
  if (valuesOf(arrived.fields, 'host').join() !== HOST) return false;
  return isCarried(sent, arrived);
}

/** The fields of the one are those of the other, but for what is of the hop or rewrites a request. */
function isCarried(sent: OwnRequest, arrived: OwnRequest): boolean {
  const dropped = new Set(listOf(sent.fields, 'connection'));
  const own = (name: string): boolean => OF_THE_HOP.test(name) || dropped.has(name);
  const upgraded = listOf(arrived.fields, 'upgrade').includes('websocket');
  const expected = sent.fields.filter(
    ([name]) => !own(name.toLowerCase()) && !(upgraded && WEBSOCKET.test(name)),
  );
  const carried = arrived.fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !OF_THE_HOP.test(lower) && !(upgraded && WEBSOCKET.test(lower));
  });
  let at = 0;
  for (const [name, value] of expected) {
    const [there, with_] = carried[at] ?? [];
    if (there?.toLowerCase() === name.toLowerCase() && with_ === value) at += 1;
    else if (!/^(x[-_]|forwarded$)/i.test(name)) return false;
  }
  return at === carried.length;
}

/** Answers are whole, and one that is no refusal was given to a request that arrived. */
function checkAnswers(text: string, sent: readonly OwnRequest[], arrived: number): string {
  const statuses = readAnswers(
    text,
    sent.map(({ method }) => method),
  );
  holds(statuses !== null, 'answers are well-formed');
  const good = (statuses ?? []).filter((status) => status === 200);
  holds(good.length <= arrived, 'no answer without a request');
  return (statuses ?? []).slice(0, 4).join('-');
}
