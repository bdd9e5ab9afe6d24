import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeBoxState } from '../src/egress/box-egress.ts';
import { setConnection } from '../src/egress/connection.ts';
import { VirtualNames } from '../src/egress/dns/virtual-names.ts';
import { makeHttpServer } from '../src/egress/http1/server.ts';
import { makeBoxAuthority } from '../src/egress/tls/authority.ts';
import { parseRule, ruleToGrant } from '../src/policy/rule.ts';
import { type FromDaemon, writeLink } from '../src/wire/link.ts';
import { type OwnReading, readRequests } from './http1-reader.ts';

export const HOST = 'a.example';

/** What the upstream answers to everything. */
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n';

/**
 * The egress of one box in this process: its own server, judge and upstream connections, with a
 * daemon that gives the box `http://a.example`, and an upstream that keeps what reaches it.
 */
export interface EgressRoom {
  /** A connection of the box, as it is handed to the server: both its ends. */
  open(): Promise<{ readonly box: Socket; readonly egress: Socket }>;
  /** What each connection to the upstream carried since the last `forget`. */
  arrived(): readonly OwnReading[];
  forget(): void;
  /** Rows of uses that were written and have no second row yet. */
  openUses(): number;
}

export async function openEgressRoom(): Promise<EgressRoom> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-fuzz-egress-'));
  const socket = join(folder, 'link.sock');
  await listening(createServer(greet).listen(socket));
  const upstream = makeUpstream();
  const port = await listening(upstream.server.listen(0, '127.0.0.1'));
  let rows = 0;
  let uses = 0;
  const state = makeBoxState(
    {
      box: 'box-1',
      link: { socket, token: 'token' },
      secrets: [],
      watched: { key: '00', values: [] },
      ca: makeBoxAuthority(),
      hosts: { [`${HOST}:80`]: { connect: `127.0.0.1:${port}` } },
      endMark: join(folder, 'end'),
    },
    {
      async write(entry) {
        if (entry.kind === 'request' && entry.verdict === 'allow') uses += 1;
        rows += 1;
        return rows;
      },
      note({ kind }) {
        if (kind === 'response') uses -= 1;
      },
      flush() {},
    },
    { refused() {}, names: new VirtualNames() },
  );
  await state.link.known();
  rmSync(folder, { recursive: true });
  // More is refused here in a second than a box may have told at once.
  const box = { ...state, refusals: { count: () => 0 } };
  const http = makeHttpServer(() => {});
  const doors = createServer();
  const door = await listening(doors.listen(0, '127.0.0.1'));
  return {
    async open() {
      const accepted = new Promise<Socket>((done) => doors.once('connection', done));
      const client = connect(door, '127.0.0.1');
      client.on('error', () => {});
      const egress = await accepted;
      egress.on('error', () => {});
      egress.setNoDelay(true);
      const place = { declared: null, address: '198.51.100.1', port: 80, proxy: false } as const;
      setConnection(egress, { box, scheme: 'http', ...place });
      http.emit('connection', egress);
      return { box: client, egress };
    },
    arrived: upstream.arrived,
    forget: upstream.forget,
    openUses: () => uses,
  };
}

/** The daemon's side: one grant, and every question is left without an answer. */
function greet(socket: Socket): void {
  const grant = { ...ruleToGrant(parseRule(`http://${HOST}`), 'g1'), approval: 'none' as const };
  const change: FromDaemon = {
    type: 'change',
    change: 1,
    whole: true,
    guest: 'gu-1',
    grants: [{ ...grant, secret: null }],
    ended: [],
    secrets: [],
    own: [],
  };
  socket.on('error', () => {});
  socket.once('data', () => socket.write(writeLink(change)));
}

function makeUpstream(): {
  readonly server: Server;
  readonly arrived: () => OwnReading[];
  readonly forget: () => void;
} {
  const texts = new Map<Socket, string>();
  const server = createServer((socket) => {
    let answered = 0;
    texts.set(socket, '');
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      const text = (texts.get(socket) ?? '') + chunk.toString('latin1');
      texts.set(socket, text);
      const { requests } = readRequests(text);
      for (const { method } of requests.slice(answered)) {
        socket.write(method === 'HEAD' ? ANSWER : `${ANSWER}ok`);
      }
      answered = requests.length;
    });
    socket.once('close', () => {
      if (texts.get(socket) === '') texts.delete(socket);
    });
    forgets.push(() => {
      answered = 0;
    });
  });
  const forgets: (() => void)[] = [];
  return {
    server,
    arrived: () => [...texts.values()].filter((text) => text !== '').map(readRequests),
    forget() {
      for (const socket of [...texts.keys()]) {
        if (socket.destroyed) texts.delete(socket);
        else texts.set(socket, '');
      }
      for (const forget of forgets) forget();
    },
  };
}

function listening(server: Server): Promise<number> {
  server.unref();
  return new Promise((done) => {
    server.once('listening', () => {
      const address = server.address();
      done(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
