import type { ChildProcess, SendHandle } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, lstatSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { PowerboxError } from '../../wire/errors.ts';
import type { BoxLimits, BoxSpec, FileOverride, LimitsInForce } from '../contract.ts';
import { bareFilter } from './bare-filter.ts';
import { type ControlGroups, makeControlGroups } from './cgroup.ts';
import { syntheticEtc } from './etc.ts';
import { guardMounts } from './guard.ts';
import { HOST_UID_COUNT, HOST_UID_FIRST, START_MS_MAX } from './limits.ts';
import { limitsInForce } from './limits-in-force.ts';
import { nameless } from './nameless.ts';
import { namespaceSteps } from './namespaces.ts';
import { type ListenerMessage, networkSteps } from './network.ts';
import { call, encodePlan, kept, processor, type Step, step } from './plan.ts';
import { PERL, PLAYER, PLAYER_ENVIRONMENT, TERMINAL_SIGNALS, throughEnv } from './program.ts';
import { rlimitSteps } from './rlimit.ts';
import { type RunningBox, runningBox } from './running.ts';
import { seccompFilter } from './seccomp.ts';
import { type Staging, stageAsRoot, stageAsUser } from './stage.ts';
import { removeStandIns } from './stand-in.ts';
import { lendStreams } from './streams.ts';
import { CLONE_NEWPID, type Processor } from './syscalls.ts';
import { type Binding, viewArguments } from './view.ts';

/** Descriptors of the program that starts a box; 0 to 2 are its streams, 3 the channel. */
const PLAN_FD = 4;
const ARGUMENTS_FD = 5;
const FILTER_FD = 6;
const STATUS_FD = 7;

const BUBBLEWRAP = '/usr/bin/bwrap';

/**
 * A socket of the box's network, to be handed to the egress with `process.send(message, handle)`.
 * It is a raw handle: nothing reads or accepts from it in this process.
 */
export interface BoxListener extends ListenerMessage {
  readonly handle: SendHandle;
}

/** A box whose walls stand and whose program has not started. */
export interface StartingBox {
  readonly listeners: readonly BoxListener[];
  /** True where every TCP port is caught; else only those of FALLBACK_PORTS. */
  readonly transparent: boolean;
  /** The uid that the box has on the host. */
  readonly hostUid: number;
  /** Paths in the box that are kept read-only although a mount above them is writable. */
  readonly guarded: readonly string[];
  /** Git repositories that the box made in the host's folders, once it has ended. */
  madeRepositories(): readonly string[];
  /**
   * Starts the program. The egress need not have the listeners yet: connections wait in them.
   * Rejects with `box-failed` when the box cannot be set up.
   */
  go(): Promise<RunningBox>;
  /** Closes this process's copies of the listeners; call it once nobody is to be handed them. */
  handedOver(): void;
  /**
   * After the end of a box whose listeners nobody reads: the destinations of the connections that
   * wait in them, which are dropped. Closes the listeners.
   */
  unanswered(): Promise<readonly string[]>;
  /** Ends the start; nothing is left. */
  abort(): Promise<void>;
}

export interface StartOptions {
  /** False makes the listeners of a kernel without transparent proxying; for tests. */
  readonly transparent?: boolean;
}

/** Builds a box up to the point where its network can be handed to the egress. */
export async function startBox(spec: BoxSpec, options: StartOptions = {}): Promise<StartingBox> {
  checkPrograms();
  checkMounts(spec);
  const asRoot = isHostRoot();
  const hostUid = asRoot ? HOST_UID_FIRST + randomInt(HOST_UID_COUNT) : (process.getuid?.() ?? 0);
  const guards = guardMounts(spec);
  const etc = spec.walls === 'bare' ? [] : syntheticEtc(spec.id);
  const files = lastOfEach([...etc, ...guards.files, ...spec.files]);
  const staging = asRoot ? stageAsRoot(spec, files, hostUid) : stageAsUser(spec, files);
  const mounted = staging.mounts.map((mount) => ({ mount, over: guards.over(mount) }));
  const bindings = [...mounted.flatMap(({ mount, over }) => [mount, ...over]), ...staging.files];
  const guarded = mounted.flatMap(({ over }) => over).filter(({ writable }) => !writable);
  const takeBack = asRoot ? lendStreams(spec.stdio, hostUid) : () => undefined;
  const groups = makeControlGroups(spec.id, spec.limits);
  const release = async (): Promise<void> => {
    takeBack();
    removeStandIns(spec.stateDir);
    await groups.remove();
  };
  const child = playPlan(spec, staging, bindings, groups, hostUid, options);
  const entered = child.pid === undefined ? Promise.resolve() : groups.add(child.pid);
  // A failure is told by `go`, unless the start's own comes first.
  entered.catch(() => undefined);
  try {
    const { listeners, transparent } = await listening(child);
    return {
      listeners,
      transparent,
      hostUid,
      guarded: guarded.map(({ target }) => target),
      madeRepositories: guards.madeRepositories,
      go: () => entered.then(() => go(child, groups, spec.limits, release)),
      handedOver: () => closeListeners(listeners),
      unanswered: () => unansweredConnections(listeners),
      abort: async () => {
        await ended(child, () => child.kill('SIGKILL'));
        closeListeners(listeners);
        await release();
      },
    };
  } catch (error) {
    await ended(child, () => child.kill('SIGKILL'));
    await release();
    throw error;
  }
}

function checkPrograms(): void {
  for (const [path, name] of [
    [PERL, 'perl-base'],
    [BUBBLEWRAP, 'bubblewrap'],
  ] as const) {
    if (existsSync(path)) continue;
    throw new PowerboxError('box-forbidden', `Cannot start a box: ${path} is missing.`, {
      hint: `Run \`apt-get install ${name}\`.`,
    });
  }
}

/** Mount points that would take away a wall of the box. */
const RESERVED_TARGETS = /^\/($|(proc|dev|usr|etc|bin|sbin|lib\w*)($|\/)|run$|tmp$|home$|var$)/;

function checkMounts({ mounts }: BoxSpec): void {
  for (const { source, target, access } of mounts) {
    if (lstatSync(source, { throwIfNoEntry: false }) === undefined) {
      throw new PowerboxError('mount-unreadable', `Cannot mount ${source}: there is no such file.`);
    }
    const normal = target.startsWith('/') && !/\/(\.{0,2})(\/|$)/.test(target);
    if (!normal || (access !== 'ro' && RESERVED_TARGETS.test(target))) {
      throw new PowerboxError(
        'mount-unreadable',
        `Cannot mount ${source} at ${JSON.stringify(target)}: the place is not to be had.`,
        { hint: 'Give an absolute path outside /usr, /etc, /proc and /dev.' },
      );
    }
  }
}

/**
 * Whether this process is uid 0 of the host, as which no box may ever run. Root of a user
 * namespace that is an ordinary user outside is treated as that user.
 */
function isHostRoot(): boolean {
  if (process.getuid?.() !== 0) return false;
  const outside = /^\s*0\s+(\d+)/.exec(readFileSync('/proc/self/uid_map', 'utf8'))?.[1];
  return outside === undefined || outside === '0';
}

function playPlan(
  spec: BoxSpec,
  staging: Staging,
  bindings: readonly Binding[],
  groups: ControlGroups,
  hostUid: number,
  options: StartOptions,
): ChildProcess {
  const target = processor();
  const steps = startSteps(spec, staging, groups, hostUid, options);
  const view = viewArguments(spec, bindings);
  const open = [
    nameless(spec.stateDir, encodePlan(steps, target)),
    nameless(spec.stateDir, Buffer.from(view.map((argument) => `${argument}\0`).join(''))),
    nameless(spec.stateDir, filterOf(spec, target, hostUid)),
  ];
  try {
    return spawn(PERL, [PLAYER, String(PLAN_FD)], {
      env: PLAYER_ENVIRONMENT,
      stdio: [...spec.stdio, 'ipc', ...open, 'pipe'],
      serialization: 'json',
    });
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

function startSteps(
  spec: BoxSpec,
  staging: Staging,
  groups: ControlGroups,
  hostUid: number,
  options: StartOptions,
): Step[] {
  const drop = [
    call('drop groups', 'setgroups', 0, 0),
    call('drop the group', 'setresgid', hostUid, hostUid, hostUid),
    call('drop the user', 'setresuid', hostUid, hostUid, hostUid),
    call('own the process', 'prctl', 4, 1, 0, 0, 0), // PR_SET_DUMPABLE, for /proc/self
    step('dieWithParent', process.pid),
  ];
  const gid = staging.asCaller.length > 0 ? hostUid : (process.getgid?.() ?? 0);
  return [
    call('close stray files', 'close_range', STATUS_FD + 1, 0xffff_ffff, 0),
    step('dieWithParent', process.pid),
    ...staging.asCaller,
    ...(staging.asCaller.length > 0 ? drop : []),
    ...namespaceSteps(hostUid, gid),
    step('dieWithParent', process.pid),
    ...networkOf(spec, options),
    ...staging.inNamespace,
    step('tell', '{"type":"listening","transparent":', kept('transparent'), '}'),
    step('await', '{"type":"go"}'),
    ...rlimitSteps(leftToRlimits(spec.limits, groups)),
    step('hangUp'),
    // bubblewrap becomes process 1 of a pid namespace: whenever and however it ends, the kernel ends
    // all that it started. Its own --die-with-parent is too late for a box that is being set up.
    call('make a pid namespace', 'unshare', CLONE_NEWPID),
    step('fork', ...TERMINAL_SIGNALS),
    step('ignore', ...TERMINAL_SIGNALS),
    step('exec', BUBBLEWRAP, ...bubblewrapArguments(spec)),
  ];
}

/** The network of bare walls has not even a loopback that is up. */
function networkOf({ walls }: BoxSpec, options: StartOptions): Step[] {
  return walls === 'bare'
    ? [step('set', 'transparent', 0)]
    : networkSteps({ transparent: options.transparent ?? true });
}

function filterOf({ walls }: BoxSpec, target: Processor, hostUid: number): Buffer {
  return walls === 'bare'
    ? bareFilter(target)
    : seccompFilter(target, { sharesUser: hostUid === process.getuid?.() });
}

function bubblewrapArguments({ program, walls }: BoxSpec): string[] {
  return [
    ...['--args', String(ARGUMENTS_FD)],
    ...['--seccomp', String(FILTER_FD)],
    ...['--json-status-fd', String(STATUS_FD)],
    ...['--', ...(walls === 'bare' ? program : throughEnv(program, TERMINAL_SIGNALS))],
  ];
}

function leftToRlimits(limits: BoxLimits, { keeps }: ControlGroups): BoxLimits {
  const { memoryBytes, pids, cpus } = limits;
  return {
    ...(memoryBytes !== undefined && !keeps.has('memory') ? { memoryBytes } : {}),
    ...(pids !== undefined && !keeps.has('pids') ? { pids } : {}),
    ...(cpus !== undefined && !keeps.has('cpu') ? { cpus } : {}),
  };
}

interface Listening {
  readonly listeners: BoxListener[];
  readonly transparent: boolean;
}

/** Collects the listeners until the start says that it waits; its failure is the error. */
function listening(child: ChildProcess): Promise<Listening> {
  const listeners: BoxListener[] = [];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new PowerboxError('box-failed', 'Cannot start the box: it took too long.')),
      START_MS_MAX,
    );
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      settle();
    };
    const onMessage = (message: unknown, handle: SendHandle): void => {
      const told = message as Partial<ListenerMessage> & {
        type?: string;
        transparent?: number;
        error?: string;
        step?: string;
      };
      if (told.transport !== undefined) {
        listeners.push({ ...(told as ListenerMessage), handle });
      } else if (told.type === 'listening') {
        finish(() => resolve({ listeners, transparent: told.transparent === 1 }));
      } else if (told.error !== undefined) {
        finish(() => reject(startFailure(told.step ?? 'start the box', told.error ?? '')));
      }
    };
    const onExit = (): void =>
      finish(() =>
        reject(new PowerboxError('box-failed', 'Cannot start the box: it ended early.')),
      );
    const onError = (error: Error): void =>
      finish(() =>
        reject(new PowerboxError('box-forbidden', `Cannot start ${PERL}: ${error.message}.`)),
      );
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
  });
}

function startFailure(what: string, why: string): PowerboxError {
  const forbidden =
    /make namespaces|make a mount namespace|part from the mounts|map the (user|group)|map ids/.test(
      what,
    );
  return forbidden
    ? new PowerboxError(
        'box-forbidden',
        `Cannot start a box: this system refuses user namespaces (cannot ${what}: ${why}).`,
      )
    : new PowerboxError('box-failed', `Cannot start the box: cannot ${what}: ${why}.`);
}

async function go(
  child: ChildProcess,
  groups: ControlGroups,
  wanted: BoxLimits,
  release: () => Promise<void>,
): Promise<RunningBox> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    await release();
    throw new PowerboxError('box-failed', 'Cannot start the box: it ended before its program.');
  }
  const limits: LimitsInForce = limitsInForce(wanted, groups);
  const box = runningBox(child, streamAt(child, STATUS_FD), { limits, groups, release });
  child.send({ type: 'go' });
  return await box;
}

function streamAt(child: ChildProcess, index: number): Readable {
  return (child.stdio as unknown as readonly Readable[])[index] as Readable;
}

/** Of several files for one path only the last is mounted, as it is the more particular. */
function lastOfEach(files: readonly FileOverride[]): FileOverride[] {
  return [...new Map(files.map((file) => [file.target, file])).values()];
}

async function unansweredConnections(listeners: readonly BoxListener[]): Promise<string[]> {
  const found: string[] = [];
  const servers = listeners
    .filter(({ transport }) => transport === 'tcp')
    .map(({ handle }) =>
      createServer((socket) => {
        found.push(`${socket.localAddress}:${socket.localPort}`);
        socket.resetAndDestroy();
      })
        // A copy that was closed meanwhile has been handed over, and has nothing of ours.
        .on('error', () => {})
        .listen(handle),
    );
  // Listening begins with the next turn, and what waits is accepted in the one after.
  for (let turn = 0; turn < 4; turn++) await new Promise((next) => setImmediate(next));
  for (const server of servers) server.close();
  closeListeners(listeners.filter(({ transport }) => transport === 'udp'));
  return found;
}

function closeListeners(listeners: readonly BoxListener[]): void {
  for (const { handle } of listeners) (handle as unknown as { close(): void }).close();
}

function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    end();
  });
}
