import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { isAlive } from '../../host/box-record.ts';
import { linkPath } from '../../host/daemon-link.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Home } from '../../store/home.ts';
import type { RegisteredBox } from '../../store/kernel-store.ts';
import { socketAddress } from '../../store/socket-address.ts';
import type { GuestDoor } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import { LINK_MESSAGE_CHARS_MAX } from '../../wire/limits.ts';
import { makeLineReader } from '../../wire/lines.ts';
import { type FromDaemon, readToDaemon, type ToDaemon, writeLink } from '../../wire/link.ts';
import { placeOf } from '../place-of.ts';
import { type Boxes, type BoxStore, makeBoxes } from './boxes.ts';
import { type EgressSession, openEgressSession } from './egress-session.ts';
import { CUT_MS_MAX, FIRST_MESSAGE_MS_MAX, LINKS_MAX, UNREAD_CHARS_MAX } from './limits.ts';

export interface LinkOptions {
  readonly home: Home;
  readonly kernel: Kernel;
  readonly store: BoxStore;
  /** What a guest may do by itself; a program in its box asks for it at powerbox.internal. */
  door(guest: string, ended: AbortSignal): GuestDoor;
  /** For the daemon's log. */
  say(line: string): void;
}

/** The daemon's end of the link to starters and egresses. */
export interface Link {
  /** Every box that is known. */
  all(): readonly RegisteredBox[];
  /** Is its egress connected? */
  isLinked(id: string): boolean;
  /** For the reaper: what belonged to a box that is gone ends. */
  closeBox(id: string, reason: string): Promise<void>;
  close(): Promise<void>;
}

interface State {
  readonly options: LinkOptions;
  readonly boxes: Boxes;
  readonly sessions: Map<string, EgressSession>;
  readonly sockets: Set<Socket>;
  /** Called when an egress has connected. */
  readonly arrivals: Set<() => void>;
  /** The daemon ends, and boxes go on. */
  closing: boolean;
}

export async function openLink(options: LinkOptions): Promise<Link> {
  const { home, kernel } = options;
  const state: State = {
    options,
    boxes: makeBoxes(kernel, options.store),
    sessions: new Map(),
    sockets: new Set(),
    arrivals: new Set(),
    closing: false,
  };
  kernel.onReplica((guests, ended) => spread(state, guests, ended.size > 0));
  const server = createServer((socket) => accept(state, socket));
  server.maxConnections = LINKS_MAX;
  const release = await listen(server, linkPath(home));
  return {
    all: state.boxes.all,
    isLinked: (id) => state.sessions.has(id),
    closeBox: (id, reason) => state.boxes.close(id, reason),
    async close() {
      state.closing = true;
      for (const session of state.sessions.values()) session.close();
      for (const socket of state.sockets) socket.destroy();
      await new Promise((done) => server.close(done));
      release();
    },
  };
}

async function listen(server: Server, path: string): Promise<() => void> {
  // Only the holder of the daemon's lock comes here, so what lies there is a dead daemon's.
  rmSync(path, { force: true });
  const address = socketAddress(path);
  const before = process.umask(0o177);
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail);
      server.listen(address.path, done);
    });
    chmodSync(path, 0o600);
  } finally {
    process.umask(before);
  }
  return () => address.close();
}

/** One connection: its first message says whether it is a starter's or an egress's. */
function accept(state: State, socket: Socket): void {
  state.sockets.add(socket);
  let session: EgressSession | null = null;
  let opened: string | null = null;
  const timer = setTimeout(() => socket.destroy(), FIRST_MESSAGE_MS_MAX);
  const send = (message: FromDaemon): void => {
    if (socket.destroyed) return;
    socket.write(writeLink(message));
    if (socket.writableLength > UNREAD_CHARS_MAX) socket.destroy();
  };
  const reader = makeLineReader(LINK_MESSAGE_CHARS_MAX, onLine, () => socket.destroy());
  socket.setEncoding('utf8');
  socket.on('data', (piece: string) => reader.write(piece));
  socket.on('error', () => {});
  socket.once('close', () => {
    clearTimeout(timer);
    state.sockets.delete(socket);
    if (session !== null) leave(state, session);
    // A starter is gone without a word, and its box with it.
    if (opened !== null && !state.closing)
      void end(state, opened, 'the starter of the box is gone');
  });

  function onLine(line: string): void {
    clearTimeout(timer);
    let message: ToDaemon;
    try {
      message = readToDaemon(line);
    } catch (error) {
      refuse(error);
      socket.destroy();
      return;
    }
    void take(message).catch(refuse);
  }
  function refuse(error: unknown): void {
    send(refusalOf(state, error));
  }
  async function take(message: ToDaemon): Promise<void> {
    if (message.type === 'hello' && opened === null && session === null) {
      const before = state.boxes.known(message.box, message.token).egress;
      endOther(before, message.egress);
      const box = state.boxes.keepEgress(message.box, message.egress);
      session = arrive(state, box, send, () => socket.destroy());
    } else if (session !== null && message.type === 'acknowledged') {
      session.acknowledged(message);
    } else if (session !== null && message.type === 'ask') {
      session.ask(message);
    } else if (session !== null && message.type === 'leaving') {
      session.leaving();
    } else if (session === null && message.type === 'open-box' && opened === null) {
      opened = message.box;
      try {
        send(state.boxes.open(message));
      } catch (error) {
        opened = null;
        throw error;
      }
    } else if (session === null && message.type === 'close-box') {
      state.boxes.known(message.box, message.token);
      await state.boxes.close(message.box, 'the box ended');
      opened = null;
      send({ type: 'box-closed' });
    } else {
      throw new PowerboxError('call-invalid', 'The message does not fit this connection.');
    }
  }
}

/** What a connection is told of a message that could not be taken. */
function refusalOf({ options }: State, error: unknown): FromDaemon {
  if (PowerboxError.is(error)) {
    return { type: 'refused', call: null, code: error.code, reason: error.message };
  }
  options.say(`link: ${placeOf(error)}`);
  return { type: 'refused', call: null, code: 'internal', reason: 'The daemon could not answer.' };
}

async function end(state: State, box: string, reason: string): Promise<void> {
  await state.boxes.close(box, reason).catch((error: unknown) => {
    state.options.say(`link: cannot end ${box}: ${placeOf(error)}`);
  });
}

/** A box has one egress: what an older process holds would be taken back from the new one only. */
function endOther(
  before: RegisteredBox['egress'],
  now: NonNullable<RegisteredBox['egress']>,
): void {
  if (before === null || (before.pid === now.pid && before.start === now.start)) return;
  if (isAlive(before)) process.kill(before.pid, 'SIGKILL');
}

function arrive(
  state: State,
  box: RegisteredBox,
  send: (message: FromDaemon) => void,
  hangUp: () => void,
): EgressSession {
  const { home, kernel, door } = state.options;
  state.sessions.get(box.id)?.close();
  const session = openEgressSession({ home, kernel, box, door, send, hangUp });
  state.sessions.set(box.id, session);
  void session.push();
  for (const tell of [...state.arrivals]) tell();
  return session;
}

function leave(state: State, session: EgressSession): void {
  session.close();
  if (state.sessions.get(session.box) === session) state.sessions.delete(session.box);
}

/** Gives a change to the boxes of these guests; resolves when what ended works nowhere. */
async function spread(state: State, guests: ReadonlySet<string>, ends: boolean): Promise<number> {
  const concerned = state.boxes
    .all()
    .filter(({ id, guest }) => guests.has(guest) && !state.boxes.isEnding(id));
  const cuts = await Promise.all(
    concerned.map(async ({ id }) => {
      if (ends) return settle(state, id);
      void state.sessions.get(id)?.push();
      return 0;
    }),
  );
  return cuts.reduce((sum, cut) => sum + cut, 0);
}

/** Waits until the egress of a box has cut what ended; ends one that does not say so in time. */
async function settle(state: State, id: string): Promise<number> {
  const until = Date.now() + CUT_MS_MAX;
  for (;;) {
    const left = until - Date.now();
    const session = state.sessions.get(id);
    const egress = state.boxes.get(id)?.egress ?? null;
    // One that never showed itself holds nothing yet.
    if (session === undefined && (egress === null || !isAlive(egress))) return 0;
    if (left <= 0) {
      if (egress !== null && isAlive(egress)) process.kill(egress.pid, 'SIGKILL');
      state.options.say(`link: the egress of ${id} did not cut in time and was ended`);
      return 0;
    }
    const cut = session === undefined ? await arrival(state, left) : await within(session, left);
    if (cut !== null) return cut;
  }
}

async function within(session: EgressSession, ms: number): Promise<number | null> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<null>((done) => {
    timer = setTimeout(() => done(null), ms);
  });
  return Promise.race([session.push(), over]).finally(() => clearTimeout(timer));
}

/** The next egress that connects, or the end of this time. */
function arrival(state: State, ms: number): Promise<null> {
  return new Promise((done) => {
    const tell = () => {
      clearTimeout(timer);
      state.arrivals.delete(tell);
      done(null);
    };
    const timer = setTimeout(tell, ms);
    state.arrivals.add(tell);
  });
}
