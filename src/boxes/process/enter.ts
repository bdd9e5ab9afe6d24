import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { PowerboxError } from '../../wire/errors.ts';
import type { ExitStatus, StdioTarget } from '../contract.ts';
import { type EnterTarget, gone, whenBuilt } from './built.ts';
import { BOX_UID } from './etc.ts';
import { nameless } from './nameless.ts';
import { call, encodePlan, keep, kept, processor, type Step, step, text } from './plan.ts';
import { PERL, PLAYER, PLAYER_ENVIRONMENT, TERMINAL_SIGNALS, throughEnv } from './program.ts';
import { limit } from './rlimit.ts';
import { seccompFilter } from './seccomp.ts';

export interface EnterCommand {
  readonly program: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdio: readonly [StdioTarget, StdioTarget, StdioTarget];
}

const PLAN_FD = 4;
/** Cgroup, uts, ipc, user, pid, net and mount namespaces. */
const ALL_NAMESPACES = 0x7e02_0000;
const PR_SET_DUMPABLE = 4;

/**
 * Runs a further program in a running box, behind the same walls: namespaces, uid, filter, limits.
 * It ends with its caller and with the box. Throws `box-ended` when the box is gone.
 */
export async function enterBox(target: EnterTarget, command: EnterCommand): Promise<ExitStatus> {
  await whenBuilt(target);
  const plan = nameless(tmpdir(), encodePlan(enterSteps(target, command), processor()));
  let child: ChildProcess;
  try {
    child = spawn(PERL, [PLAYER, String(PLAN_FD)], {
      env: PLAYER_ENVIRONMENT,
      stdio: [...command.stdio, 'ipc', plan],
      serialization: 'json',
    });
  } finally {
    closeSync(plan);
  }
  const failure = { text: '' };
  child.on('message', (message) => {
    const { error, step: what, type } = message as Partial<Record<string, string>>;
    if (error !== undefined) failure.text = `cannot ${what}: ${error}`;
    if (type !== 'ready') return;
    try {
      joinControlGroups(target.childPid, child.pid ?? 0);
      child.send({ type: 'go' });
    } catch (cause) {
      failure.text = `cannot join its limits: ${String(cause)}`;
      child.kill('SIGKILL');
    }
  });
  return await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(failed(error.message)));
    child.once('exit', (code, signal) => {
      if (failure.text !== '') reject(failed(failure.text));
      else resolve({ status: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}

function enterSteps(target: EnterTarget, command: EnterCommand): Step[] {
  const asRoot = process.getuid?.() === 0;
  return [
    call('close stray files', 'close_range', PLAN_FD + 1, 0xffff_ffff, 0),
    step('dieWithParent', process.pid),
    keep('box', 'find the box', 'pidfd_open', target.childPid, 0),
    step('same', target.childPid, target.startTime),
    step('tell', '{"type":"ready"}'),
    step('await', '{"type":"go"}'),
    ...sameLimits(target.childPid),
    step('hangUp'),
    ...(asRoot ? [call('drop groups', 'setgroups', 0, 0)] : []),
    // Until the program starts, no process of the box may look into this one.
    call('own the process', 'prctl', PR_SET_DUMPABLE, 0, 0, 0, 0),
    call('enter the box', 'setns', kept('box'), ALL_NAMESPACES),
    call('enter the box', 'close', kept('box')),
    call("take the box's group", 'setresgid', BOX_UID, BOX_UID, BOX_UID),
    call("take the box's user", 'setresuid', BOX_UID, BOX_UID, BOX_UID),
    step('dieWithParent', process.pid),
    step('fork', ...TERMINAL_SIGNALS),
    call(`change to ${command.cwd}`, 'chdir', text(command.cwd)),
    step('dropCapabilities'),
    step('environment', ...Object.entries(command.env).flat()),
    step('filter', seccompFilter(processor(), { sharesUser: process.getuid?.() !== 0 })),
    step('exec', ...throughEnv(command.program, [])),
  ];
}

/** The limits that bubblewrap's child has, as proc(5) shows them. */
function sameLimits(pid: number): Step[] {
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const value = (name: string): number | undefined => {
    const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(limits)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const steps = [limit('write no core files', 4, 0)];
  const data = value('Max data size');
  const processes = value('Max processes');
  if (data !== undefined) steps.push(limit('limit the memory', 2, data));
  if (processes !== undefined) steps.push(limit('limit the processes', 6, processes));
  const mask = /^Cpus_allowed:\s+([0-9a-f,]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (mask?.[1] !== undefined) {
    const bytes = Buffer.from(mask[1].replaceAll(',', '').padStart(256, '0'), 'hex').reverse();
    steps.push(call('limit the processors', 'sched_setaffinity', 0, bytes.length, bytes));
  }
  return steps;
}

/** Puts a process into the control groups that were made for the box. */
function joinControlGroups(boxPid: number, pid: number): void {
  const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');
  for (const line of readFileSync(`/proc/${boxPid}/cgroup`, 'utf8').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined || !/\/powerbox-[^/]+$/.test(path)) continue;
    const folder = unified ? '' : `/${controllers}`;
    writeFileSync(`/sys/fs/cgroup${folder}${path}/cgroup.procs`, String(pid));
  }
}

function failed(why: string): PowerboxError {
  return /it has ended|No such process/.test(why)
    ? gone()
    : new PowerboxError('box-failed', `Cannot enter the box: ${why}.`);
}
