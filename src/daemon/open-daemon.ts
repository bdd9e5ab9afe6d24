import { openPool } from '../boxes/compartment/pool.ts';
import { type Doors, openDoors } from '../gateway/doors.ts';
import { guestDoor } from '../gateway/guest-door.ts';
import { processId } from '../host/box-record.ts';
import { readConfig } from '../host/config.ts';
import { openJournal } from '../journal/journal.ts';
import { openUsage } from '../journal/usage.ts';
import { HOST, type Kernel, type LastUsed } from '../kernel/kernel.ts';
import { openKernel } from '../kernel/open-kernel.ts';
import type { Home } from '../store/home.ts';
import { openKernelStore } from '../store/kernel-database.ts';
import { deriveKey, loadKey } from '../vault/key.ts';
import type { DaemonInfo } from '../wire/doors.ts';
import { watchEntries } from './agents/entry-watch.ts';
import { type Agents, makeAgents } from './agents/service.ts';
import { makeFetchProcess } from './fetch-process.ts';
import { loadKinds } from './kinds.ts';
import { REAP_MS } from './limits.ts';
import { type Link, openLink } from './link/server.ts';
import type { Log } from './log-file.ts';
import { ownKinds } from './own-kinds.ts';
import { placeOf } from './place-of.ts';
import { reapBoxes } from './reap.ts';
import { writeDaemonRecord } from './record.ts';
import { ownVersion } from './version.ts';

export interface Daemon {
  /** Somebody is connected, a box runs, or a call waits for its decision. */
  isNeeded(): boolean;
  /** Lets nobody in any more, refuses what waits, and closes the state and the record. */
  close(): Promise<void>;
}

/** Puts the daemon together. The caller holds the lock of the home. */
export async function openDaemon(home: Home, log: Log, stop: () => void): Promise<Daemon> {
  const config = readConfig(home);
  const fetcher = makeFetchProcess(home, config.hosts);
  const made: { kernel?: Kernel; agents?: Agents } = {};
  const own = ownKinds(home, fetcher, () => made.kernel as Kernel);
  const kinds = await loadKinds(home, own, config.kinds);
  const opened: (() => unknown)[] = [() => fetcher.close()];
  const close = async (): Promise<void> => {
    for (const end of opened.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        log.say(`close: ${placeOf(error)}`);
      }
    }
  };
  try {
    const journal = openJournal(home, deriveKey(loadKey(home), 'journal'));
    opened.push(() => journal.close());
    const store = openKernelStore(home);
    opened.push(() => store.close());
    const usage = openUsage(home);
    opened.push(() => usage.close());
    const entries = watchEntries(journal);
    const kernel = openKernel({
      store,
      journal: entries,
      kinds,
      lastUsed: () => lastUsed(usage.usage()),
      onFailure: (error) => log.say(`the record cannot be written: ${placeOf(error)}`),
    });
    made.kernel = kernel;
    opened.push(() => kernel.close());
    const door = (guest: string, ended: AbortSignal) =>
      guestDoor({ kernel, now: Date.now, ended }, guest);
    const say = (line: string) => log.say(line);
    const link = await openLink({ home, kernel, store, door, say });
    opened.push(() => link.close());
    opened.push(await keepReaping(home, link, log));
    const started = Date.now();
    const version = ownVersion();
    writeDaemonRecord(home, { process: processId(process.pid), version, started });
    const pool = openPool({ boxes: home.boxes });
    opened.push(() => pool.close());
    const doors = await openDoors({
      kernel,
      workers: pool,
      tokens: store.tokens,
      home: home.root,
      port: 0,
      daemon: {
        info: async () => infoOf(home, kernel, link, { version, started }),
        stop,
        running: (guest) => link.all().find((box) => box.guest === guest)?.id ?? null,
      },
      agents(programs) {
        made.agents = makeAgents({ kernel, store, home, entries, programs, now: Date.now });
        return made.agents;
      },
      log: (error) => log.say(`door: ${placeOf(error)}`),
    });
    opened.push(() => doors.close());
    opened.push(() => made.agents?.close());
    return { isNeeded: () => isInUse(kernel, doors, link, made.agents), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function isInUse(kernel: Kernel, doors: Doors, link: Link, agents: Agents | undefined): boolean {
  return (
    doors.sessions() > 0 ||
    doors.compartments() > 0 ||
    (agents?.running() ?? 0) > 0 ||
    link.all().length > 0 ||
    kernel.pending().length > 0
  );
}

/** Looks for dead boxes now, and then every few seconds. */
async function keepReaping(home: Home, link: Link, log: Log): Promise<() => void> {
  let reaping = false;
  const reap = async (): Promise<void> => {
    if (reaping) return;
    reaping = true;
    try {
      const ended = await reapBoxes(home, link, Date.now());
      for (const box of ended) log.say(`${box} was gone, and what it was given has ended`);
    } catch (error) {
      log.say(`cannot look for dead boxes: ${placeOf(error)}`);
    } finally {
      reaping = false;
    }
  };
  await reap();
  const timer = setInterval(() => void reap(), REAP_MS);
  return () => clearInterval(timer);
}

function infoOf(
  home: Home,
  kernel: Kernel,
  link: Link,
  self: { readonly version: string; readonly started: number },
): Omit<DaemonInfo, 'sessions' | 'compartments' | 'websocket'> {
  const guests = kernel.principals().filter(({ id, removed }) => id !== HOST && removed === null);
  return {
    pid: process.pid,
    ...self,
    home: home.root,
    boxes: link.all().map(({ id, guest }) => ({
      id,
      guest: nameOf(kernel, guest),
      state: link.isLinked(id) ? 'linked' : 'waiting',
    })),
    guests: guests.length,
    grants: kernel.grants({}).length,
    pending: kernel.pending().length,
  };
}

function nameOf(kernel: Kernel, id: string): string {
  return kernel.principals().find((one) => one.id === id)?.name ?? id;
}

/** Looked up in what was counted: a copy for each grant that is shown would cost their square. */
function lastUsed(usage: ReadonlyMap<string, { readonly last: number }>): LastUsed {
  return { get: (grant) => usage.get(grant)?.last };
}
