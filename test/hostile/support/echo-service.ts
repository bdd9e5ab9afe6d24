import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Answer, type Asked, reply, sendChunked } from './service.ts';

/** What the service was sent as a credential: after the scheme, or as the password of Basic. */
function credentialOf(asked: Asked): string {
  const value = asked.header('authorization') ?? '';
  if (!/^basic /i.test(value)) return value.replace(/^\S+ /, '');
  const pair = Buffer.from(value.slice(6), 'base64').toString('latin1');
  return pair.slice(pair.indexOf(':') + 1);
}

const stored: string[] = [];

type Page = (token: string, socket: Socket, asked: Asked) => void | Promise<void>;

const PAGES: Readonly<Record<string, Page>> = {
  '/header': (token, socket) => void socket.write(reply('ok', [`X-You-Sent: <${token}>`])),
  '/header-name': (token, socket) => void socket.write(reply('ok', [`X-${token}: yes`])),
  '/body': (token, socket) => void socket.write(reply(`you sent ${token}, thank you`)),
  '/cookie': (token, socket) =>
    void socket.write(reply('ok', [`Set-Cookie: session=${token}; Path=/`])),
  '/location': (token, socket) => {
    socket.write(reply('', [`Location: https://evil.example/?t=${token}`], '302 Found'));
  },
  '/status-line': (token, socket) => void socket.write(reply('ok', [], `200 Hello ${token}`)),
  '/error-page': (token, socket) => void socket.write(reply(`bad token ${token}`, [], '500 Oops')),
  '/early': (token, socket) => {
    socket.write(`HTTP/1.1 103 Early Hints\r\nLink: </${token}>; rel=preload\r\n\r\n`);
    socket.write(reply('ok'));
  },
  '/trailer': (token, socket) =>
    sendChunked(socket, [Buffer.from('ok')], ['Trailer: X-You-Sent'], [`X-You-Sent: ${token}`]),
  '/trailer-name': (token, socket) =>
    sendChunked(socket, [Buffer.from('ok')], [], [`X-${token}: yes`]),
  '/offsets': offsets,
  '/bytes': (token, socket) =>
    sendChunked(
      socket,
      [...`you sent ${token}!`].map((char) => Buffer.from(char)),
    ),
  '/events': events,
  '/gzip': coded('gzip', gzipSync),
  '/x-gzip': coded('x-gzip', gzipSync),
  '/deflate': coded('deflate', deflateSync),
  '/br': coded('br', brotliCompressSync),
  '/stacked': coded('deflate, gzip', (body) => gzipSync(deflateSync(body))),
  '/two-codings': (token, socket) => {
    const body = gzipSync(gzipSync(`you sent ${token}`));
    socket.write(reply(body, ['Content-Encoding: gzip', 'Content-Encoding: gzip']));
  },
  '/unknown-coding': (token, socket) => {
    socket.write(reply(`you sent ${token}`, ['Content-Encoding: zstd']));
  },
  '/lying': (token, socket) => {
    socket.write(reply(`you sent ${token}`, ['Content-Encoding: gzip']));
  },
  '/transfer-coding': (token, socket) => {
    const body = gzipSync(`you sent ${token}`);
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n');
    socket.write(`${body.length.toString(16)}\r\n`);
    socket.write(body);
    socket.write('\r\n0\r\n\r\n');
  },
  '/bomb': (_, socket) => {
    socket.write(reply(gzipSync(Buffer.alloc(64 << 20)), ['Content-Encoding: gzip']));
  },
  '/encodings': (token, socket) => void socket.write(reply(encodings(token))),
  '/range': range,
  '/store': (token, socket, { method, body }) => {
    if (method === 'POST') stored.push(body.toString('latin1'));
    socket.write(reply(`${stored.join('\n')} for ${token.length}`));
  },
  '/echo': (_, socket, { head, body }) =>
    void socket.write(reply(`${head}\r\n\r\n${body.toString('latin1')}`)),
  '/switch': (token, socket, asked) => {
    socket.end(`${switching(asked)}X-You-Sent: ${token}\r\n\r\n`);
  },
  '/switch-unproven': (token, socket) => {
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-You-Sent: ${token}\r\n\r\n`,
    );
  },
  '/socket': webSocket(false),
  '/socket-compressed': webSocket(true),
  '/socket-declined': (token, socket) => {
    socket.write(reply(`no socket for ${token}`, [`X-You-Sent: ${token}`], '426 Upgrade Required'));
  },
};

/** Answers every path of PAGES with what it was sent; everything else with 404. */
export const echoAnswer: Answer = async (asked, socket) => {
  const page = PAGES[asked.path];
  if (page === undefined) socket.write(reply('no such page', [], '404 Not Found'));
  else await page(credentialOf(asked), socket, asked);
  if (/^connection:.*close/im.test(asked.head) || /early|declined/.test(asked.path)) socket.end();
};

/** The value once for each place where it can be cut, each half in a chunk and a packet of its own. */
async function offsets(token: string, socket: Socket): Promise<void> {
  const pieces: Buffer[] = [];
  for (let cut = 0; cut <= token.length; cut += 1) {
    pieces.push(
      Buffer.from(`#${cut} ${token.slice(0, cut)}`),
      Buffer.from(`${token.slice(cut)}.\n`),
    );
  }
  await sendChunked(socket, pieces);
}

async function events(token: string, socket: Socket): Promise<void> {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n');
  for (let turn = 0; turn < 3; turn += 1) {
    socket.write(`data: {"turn":${turn},"sent":"${token.slice(0, 7)}`);
    await sleep(15);
    socket.write(`${token.slice(7)}"}\n\n`);
    await sleep(15);
  }
  socket.end();
}

function coded(name: string, encode: (body: Buffer) => Buffer): Page {
  return (token, socket) => {
    socket.write(reply(encode(Buffer.from(`you sent ${token}`)), [`Content-Encoding: ${name}`]));
  };
}

function encodings(token: string): string {
  const all = (write: (code: string) => string): string =>
    [...Buffer.from(token)].map((byte) => write(byte.toString(16).padStart(2, '0'))).join('');
  const base64 = ['', 'a', 'ab'].map((lead) => Buffer.from(`${lead}${token}`).toString('base64'));
  return [
    ...base64,
    ...['', 'a', 'ab'].map((lead) => Buffer.from(`${lead}${token}zz`).toString('base64url')),
    (base64[1] as string).replace(/.{7}/g, '$&\r\n'),
    all((hex) => hex),
    all((hex) => hex.toUpperCase()),
    all((hex) => `%${hex}`),
    all((hex) => `%${hex.toUpperCase()}`),
    all((hex) => `\\u00${hex}`),
    all((hex) => `\\x${hex}`),
    all((hex) => `&#x${hex};`),
    all((hex) => `&#${Number.parseInt(hex, 16)};`),
    Buffer.from(token, 'utf16le').toString('latin1'),
    encodeURIComponent(`token=${token}`),
    JSON.stringify(JSON.stringify({ token })),
  ].join('\n\n');
}

function range(token: string, socket: Socket, asked: Asked): void {
  const body = Buffer.from(`you sent ${token}`);
  const wanted = asked.header('range') ?? asked.header('request-range');
  const [, from = '', to = ''] = /^bytes=(\d+)-(\d+)$/.exec(wanted ?? '') ?? [];
  if (from === '') {
    socket.write(reply(body, ['Accept-Ranges: bytes']));
    return;
  }
  const part = body.subarray(Number(from), Number(to) + 1);
  const place = `Content-Range: bytes ${from}-${to}/${body.length}`;
  socket.write(reply(part, [place], '206 Partial Content'));
}

/** The head of an answer that agrees to a WebSocket, without the empty line at its end. */
export function switching(asked: Asked): string {
  const key = `${asked.header('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`;
}

/** Greets, cut at every place of the value; `compressed` as an extension that nobody agreed on. */
function webSocket(compressed: boolean): Page {
  return (token, socket, asked) => {
    const extension = compressed ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
    socket.write(`${switching(asked)}${extension}\r\n`);
    if (compressed) {
      const body = deflateSync(Buffer.from(`you sent ${token}`));
      socket.write(Buffer.concat([Buffer.from([0xc1, body.length]), body]));
    } else {
      for (let cut = 1; cut < token.length; cut += 1) {
        const [head, tail] = [token.slice(0, cut), `${token.slice(cut)}.`];
        socket.write(Buffer.from([0x01, head.length, ...Buffer.from(head)]));
        socket.write(Buffer.from([0x89, 0x00]));
        socket.write(Buffer.from([0x80, tail.length, ...Buffer.from(tail)]));
      }
    }
    socket.end(Buffer.from([0x88, 0x00]));
  };
}
