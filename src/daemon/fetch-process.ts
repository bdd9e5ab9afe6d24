import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FetchJob, FromFetcher, ToFetcher } from '../egress/fetch/protocol.ts';
import type { HostOverride } from '../egress/protocol.ts';
import type { FetchAnswer, Fetcher, FetchOptions, FetchRequest } from '../powers/http/fetcher.ts';
import type { Home } from '../store/home.ts';
import { makePlaceholder } from '../vault/placeholder.ts';
import { knownPrefixes } from '../vault/services.ts';
import { readSecret } from '../vault/store.ts';
import { watchVault } from '../vault/watch-vault.ts';
import { PowerboxError } from '../wire/errors.ts';
import { pendingAnswer } from './fetch-answer.ts';
import { type GoingFetches, makeGoingFetches } from './going-fetches.ts';

/** The fetcher of the daemon: what is fetched, and parsed, is so in a process of its own. */
export interface FetchProcess extends Fetcher {
  close(): void;
}

/** The process is started with the first request, and again when it was lost. */
export function makeFetchProcess(
  home: Home,
  hosts: Readonly<Record<string, HostOverride>>,
): FetchProcess {
  const going = makeGoingFetches((id) => send({ type: 'cancel', id }));
  let child: ChildProcess | null = null;
  let last = 0;

  function send(message: ToFetcher): void {
    child?.send(message, () => {});
  }

  function start(): void {
    const started = forkFetcher();
    child = started;
    started.on('message', (message: FromFetcher) => going.of(message.id)?.receive(message));
    const gone = (): void => {
      if (child !== started) return;
      child = null;
      const lost = new PowerboxError('upstream-unreachable', 'The fetching process has ended.');
      going.failAll(lost);
    };
    started.once('error', gone);
    started.once('exit', gone);
  }

  const watcher = watchVault(home, () => cutRotated(home, going));

  async function fetch(request: FetchRequest, options: FetchOptions): Promise<FetchAnswer> {
    const { signal, credential, addressNamed, places } = options;
    if (signal.aborted) throw signal.reason;
    const job: FetchJob = {
      ...request,
      credential: credential === null ? null : bound(home, credential),
      override: hosts[`${request.host}:${request.port}`],
      addressNamed,
      ...(places === undefined ? {} : { places }),
    };
    if (job.credential !== null) going.cutFormer(job.credential);
    if (child === null) start();
    last += 1;
    const id = last;
    const pending = pendingAnswer({
      signal,
      taken: (bytes) => send({ type: 'taken', id, bytes }),
      over(isWhole) {
        going.over(id);
        if (!isWhole) send({ type: 'cancel', id });
      },
    });
    going.begin(id, pending, job.credential);
    send({ type: 'fetch', id, job });
    return pending.head;
  }

  return {
    fetch,
    close() {
      watcher.close();
      const ending = child;
      child = null;
      ending?.kill('SIGKILL');
      const over = new PowerboxError('upstream-unreachable', 'The daemon ends.');
      going.failAll(over);
    },
  };
}

/** Read anew for each request, so that a rotated value is used at once. */
function bound(home: Home, name: string): FetchJob['credential'] {
  const { secret, bindings } = readSecret(home, name);
  const value = secret.reveal();
  return { name, value, placeholder: makePlaceholder(value, knownPrefixes()), bindings };
}

/** A secret that is not there, or cannot be read, has no other value. */
function cutRotated(home: Home, going: GoingFetches): void {
  for (const name of going.names()) {
    try {
      const now = bound(home, name);
      if (now !== null) going.cutFormer(now);
    } catch {}
  }
}

/** What name resolution and private authorities need, and nothing more. */
const KEPT = ['NODE_EXTRA_CA_CERTS', 'LOCALDOMAIN', 'RES_OPTIONS'];

function forkFetcher(): ChildProcess {
  const env: Record<string, string> = {};
  for (const name of KEPT) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  const child = fork(fileURLToPath(new URL('../egress/fetch/main.js', import.meta.url)), [], {
    env,
    execArgv: ['--disable-proto=throw'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // Bodies are bytes, which JSON has no form for.
    serialization: 'advanced',
  });
  child.unref();
  child.channel?.unref();
  return child;
}
