/**
 * The egress process: the one way out of every box of its parent. Hostile bytes are parsed here
 * and nowhere else, so that neither load nor a fault reaches whoever holds the vault. It is told
 * what it needs over the IPC pipe and dies with its parent. Killed, it is started again and told
 * all of it once more.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server as TcpServer } from 'node:net';
import { openJournal } from '../journal/journal.ts';
import { claimEnd } from '../store/end-mark.ts';
import type { Home } from '../store/home.ts';
import { withholdMemory } from '../store/withhold-memory.ts';
import { acceptConnection, acceptTunnel } from './accept.ts';
import { type BoxState, makeBoxState } from './box-egress.ts';
import { VirtualNames } from './dns/virtual-names.ts';
import { makeHttpServer } from './http1/server.ts';
import type { FromEgress, ToEgress } from './protocol.ts';
import { makeRecorder, type Recorder } from './record.ts';
import { serveDnsSocket } from './serve-dns.ts';
import { undiciPool } from './upstream/undici-pool.ts';

interface OpenBox {
  readonly state: BoxState;
  readonly doors: (TcpServer | UdpSocket)[];
  /** Milliseconds since the epoch. */
  readonly started: number;
}

function main(): void {
  withholdMemory();
  const boxes = new Map<string, OpenBox>();
  const http = makeHttpServer((connection, authority, socket) =>
    acceptTunnel(http, connection, authority, socket),
  );
  let recorder: Recorder | null = null;

  process.on('message', (message: ToEgress, handle: unknown) => {
    switch (message.type) {
      case 'start':
        recorder = startRecorder(message.home, Buffer.from(message.key, 'hex'), boxes);
        send({ type: 'ready' });
        // The first request is near; better now than while it waits.
        setImmediate(undiciPool);
        break;
      case 'open':
        if (recorder === null) throw new Error('open before start');
        boxes.set(message.config.box, {
          state: openBox(message, recorder),
          doors: [],
          started: message.started,
        });
        send({ type: 'opened', box: message.config.box });
        break;
      case 'listener':
        attach(boxes.get(message.box), message, handle, http);
        break;
      case 'secrets':
        boxes.get(message.box)?.state.changeSecrets(message.change);
        break;
      case 'close':
        void closeBox(boxes.get(message.box)).then(() => {
          boxes.delete(message.box);
          recorder?.flush();
          send({ type: 'closed', box: message.box });
        });
        break;
    }
  });
  process.on('disconnect', () => {
    void abandon([...boxes.values()], recorder).finally(() => process.exit(0));
  });
}

/** The starter of these boxes is gone, and they with it: their end is told here. */
async function abandon(boxes: readonly OpenBox[], recorder: Recorder | null): Promise<void> {
  await Promise.all(boxes.map(closeBox));
  for (const { state, started } of boxes) {
    if (!claimEnd(state.config.endMark)) continue;
    const { box } = state.config;
    const durationMs = Date.now() - started;
    recorder?.note({ kind: 'box-end', box, status: null, reason: 'abandoned', durationMs });
  }
  recorder?.flush();
}

function startRecorder(home: Home, key: Buffer, boxes: ReadonlyMap<string, OpenBox>): Recorder {
  return makeRecorder(openJournal(home, key), () => {
    for (const box of boxes.keys()) {
      send({
        type: 'failed',
        box,
        line: 'the record cannot be written, so nothing leaves the box',
      });
    }
  });
}

function openBox(
  { config, names }: Extract<ToEgress, { type: 'open' }>,
  recorder: Recorder,
): BoxState {
  const { box } = config;
  return makeBoxState(config, recorder, {
    refused: (line) => send({ type: 'refused', box, line }),
    names: new VirtualNames(names, (name, kept) => send({ type: 'named', box, name }, kept)),
  });
}

/** `handle` is the raw handle of a listening or bound socket, made inside the box's network. */
function attach(
  box: OpenBox | undefined,
  message: Extract<ToEgress, { type: 'listener' }>,
  handle: unknown,
  http: ReturnType<typeof makeHttpServer>,
): void {
  if (box === undefined) {
    (handle as { close(): void } | undefined)?.close();
    return;
  }
  if (message.transport === 'tcp') {
    const server = createServer((socket) => acceptConnection(box.state, http, socket));
    server.listen(handle);
    box.doors.push(server);
  } else {
    const socket = createSocket(message.family === 4 ? 'udp4' : 'udp6');
    serveDnsSocket(socket, box.state.names);
    // A handle is a documented argument of listen, and taken by bind in the same way.
    (socket as unknown as { bind(handle: unknown): void }).bind(handle);
    box.doors.push(socket);
  }
}

/** What waits in the doors is let in first, so that each connection of the box has its row. */
async function closeBox(box: OpenBox | undefined): Promise<void> {
  if (box === undefined) return;
  await turns();
  for (const door of box.doors.splice(0)) door.close();
  box.state.close();
  await turns();
}

/** Long enough for what is ready on a descriptor to be seen, and for its events to be handled. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((next) => setImmediate(next));
}

/** What was sent is with the parent's kernel, and outlives this process. */
function send(message: FromEgress, sent: () => void = () => {}): void {
  process.send?.(message, undefined, undefined, () => sent());
}

main();
