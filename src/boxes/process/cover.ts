import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { PowerboxError } from '../../wire/errors.ts';
import { type EnterTarget, whenBuilt } from './built.ts';
import { nameless } from './nameless.ts';
import { call, encodePlan, keep, kept, processor, type Step, step, text } from './plan.ts';
import { PERL, PLAYER, PLAYER_ENVIRONMENT } from './program.ts';

/** What the box is to see at a path from now on: the path itself, read-only, or an empty file. */
export interface Cover {
  /** Absolute, in the box. */
  readonly target: string;
  readonly as: 'read-only' | 'empty';
}

const PLAN_FD = 4;
const NS_GET_PARENT = 0xb702;
const CLONE_NEWNS = 0x0002_0000;
const CLONE_NEWUSER = 0x1000_0000;
const MS_BIND_REC = 0x5000;
/** MS_REMOUNT, MS_BIND, MS_RDONLY, MS_NOSUID, MS_NODEV, MS_RELATIME */
const READ_ONLY_BIND = 0x20_1027;
const O_CLOEXEC = 0o2000000;

/**
 * Covers paths of a running box anew. A mount over a file is lost when a program of the host puts
 * another file in its place, as editors do when they save.
 *
 * The box's mounts belong to the user namespace above its own, which only who started the box can
 * enter. Throws `box-failed` when the box is gone or a path cannot be covered.
 */
export async function coverAgain(box: EnterTarget, covers: readonly Cover[]): Promise<void> {
  await whenBuilt(box);
  const plan = nameless(tmpdir(), encodePlan(coverSteps(box, covers), processor()));
  let failure = 'the helper ended early';
  try {
    const child = spawn(PERL, [PLAYER, String(PLAN_FD)], {
      env: PLAYER_ENVIRONMENT,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc', plan],
      serialization: 'json',
    });
    child.on('message', (message: { error?: string; step?: string }) => {
      failure = `cannot ${message.step}: ${message.error}`;
    });
    return await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new PowerboxError('box-failed', `Cannot cover a file of the box: ${failure}.`));
      });
    });
  } finally {
    closeSync(plan);
  }
}

function coverSteps(box: EnterTarget, covers: readonly Cover[]): Step[] {
  return [
    call('close stray files', 'close_range', PLAN_FD + 1, 0xffff_ffff, 0),
    step('dieWithParent', process.pid),
    keep('box', 'find the box', 'pidfd_open', box.childPid, 0),
    step('same', box.childPid, box.startTime),
    keep(
      'inner',
      'find the box',
      'openat',
      -100,
      text(`/proc/${box.childPid}/ns/user`),
      O_CLOEXEC,
      0,
    ),
    keep('outer', 'find the owner of its mounts', 'ioctl', kept('inner'), NS_GET_PARENT, 0),
    call('enter the owner of its mounts', 'setns', kept('outer'), CLONE_NEWUSER),
    call('enter its mounts', 'setns', kept('box'), CLONE_NEWNS),
    ...covers.flatMap(coverStep),
  ];
}

function coverStep({ target, as }: Cover): Step[] {
  const what = `cover ${target}`;
  const source = as === 'empty' ? '/dev/null' : target;
  return [
    call(what, 'mount', text(source), text(target), 0, MS_BIND_REC, 0),
    ...(as === 'read-only'
      ? [call(what, 'mount', text('none'), text(target), 0, READ_ONLY_BIND, 0)]
      : []),
  ];
}
