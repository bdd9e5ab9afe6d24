import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { STATUS_MS_MAX, STOP_MS_MAX } from '../../daemon/limits.ts';
import { logPath } from '../../daemon/places.ts';
import { readDaemonRecord } from '../../daemon/record.ts';
import { isAlive } from '../../host/box-record.ts';
import type { DaemonInfo } from '../../wire/doors.ts';
import { ERRORS, PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { localTime } from '../render/time.ts';

/** Lines of the log that are shown without --lines. */
const LOG_LINES_DEFAULT = 100;

export function daemonCommand(context: CliContext): Command {
  return new Command()
    .description('The process that holds guests, powers and grants. It is started when needed.')
    .addCommand(startCommand(context))
    .addCommand(stopCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(logsCommand(context))
    .addHelpText('after', '\nExample:\n  $ powerbox daemon status');
}

interface JsonFlag {
  readonly json?: true;
}

function startCommand(context: CliContext): Command {
  return new Command('start')
    .description('Start the daemon of this home, unless it runs.')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox daemon start')
    .action(async (flags: JsonFlag) => {
      const door = await context.daemon();
      show(context, await door.status(), flags);
    });
}

function statusCommand(context: CliContext): Command {
  return new Command('status')
    .description('Say whether the daemon runs, and what it holds; exits with 69 when it does not.')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox daemon status --json')
    .action(async (flags: JsonFlag) => {
      const door = await running(context);
      if (door !== undefined) {
        show(context, await answerOf(door.status()), flags);
        return;
      }
      context.exit(ERRORS['daemon-unreachable'].exit);
      const { root } = context.home();
      if (flags.json) context.out(jsonLine({ id: null, running: false, home: root }));
      else context.out(`No daemon runs for ${root}.`);
    });
}

function show(context: CliContext, info: DaemonInfo, flags: JsonFlag): void {
  if (flags.json) {
    context.out(jsonLine({ id: String(info.pid), running: true, ...info }));
    return;
  }
  const port = info.websocket === null ? 'off' : `127.0.0.1:${info.websocket.port}`;
  context.out(`The daemon of ${visible(info.home)} runs: process ${info.pid}.`);
  context.out(`version ${info.version}, since ${localTime(info.started)}`);
  context.out(`${info.guests} guests, ${info.grants} grants, ${info.pending} calls wait`);
  const { running: compartments, warm } = info.compartments;
  context.out(`${info.sessions} sessions, gateway ${port}`);
  context.out(`${compartments} compartments, ${warm} processes ready for one`);
  for (const box of info.boxes) {
    context.out(visible(`box ${box.id} of ${box.guest}: ${box.state}`));
  }
}

/** A daemon that hangs takes connections and answers nothing. */
async function answerOf(status: Promise<DaemonInfo>): Promise<DaemonInfo> {
  const answer = await Promise.race([status, sleep(STATUS_MS_MAX, null, { ref: false })]);
  if (answer !== null) return answer;
  throw new PowerboxError('daemon-unreachable', 'The daemon runs, and does not answer.', {
    hint: 'Run `powerbox daemon stop`.',
  });
}

/** The door of a daemon that runs already. */
async function running(
  context: CliContext,
): Promise<Awaited<ReturnType<CliContext['daemon']>> | undefined> {
  try {
    return await context.daemon({ start: false });
  } catch (error) {
    if (PowerboxError.is(error) && error.code === 'daemon-unreachable') return undefined;
    throw error;
  }
}

function stopCommand(context: CliContext): Command {
  return new Command('stop')
    .description('End the daemon when what it does now is done. Boxes go on with what they hold.')
    .addHelpText('after', '\nExample:\n  $ powerbox daemon stop')
    .action(async () => {
      const home = context.home();
      const last = readDaemonRecord(home);
      const record = last !== undefined && isAlive(last.process) ? last : undefined;
      const door = await running(context);
      if (record === undefined && door === undefined) {
        context.err('powerbox: no daemon runs.');
        return;
      }
      const asked = door?.stop().catch((error: unknown) => {
        // It may be gone before its answer is read.
        if (!PowerboxError.is(error) || error.code !== 'daemon-unreachable') throw error;
      });
      if (record !== undefined) await Promise.race([asked, sleep(STATUS_MS_MAX)]);
      if (record === undefined) await asked;
      else await gone(record.process);
    });
}

/** A daemon that does not listen any more is asked with a signal; one that hangs is ended. */
async function gone(daemon: Parameters<typeof isAlive>[0]): Promise<void> {
  const until = Date.now() + STOP_MS_MAX;
  let asked = false;
  let killed = false;
  while (isAlive(daemon)) {
    if (Date.now() > until && !killed) {
      killed = true;
      process.kill(daemon.pid, 'SIGKILL');
    }
    // Even that takes the kernel a moment; who waits longer waits for nothing.
    if (Date.now() > until + STOP_MS_MAX) return;
    if (!asked && Date.now() > until - STOP_MS_MAX / 2) {
      asked = true;
      process.kill(daemon.pid, 'SIGTERM');
    }
    await sleep(10);
  }
}

function logsCommand(context: CliContext): Command {
  return new Command('logs')
    .description('Show what the daemon says of itself. Uses and grants are in `powerbox log`.')
    .option('--lines <n>', `the newest so many (default ${LOG_LINES_DEFAULT})`, parseLines)
    .addHelpText('after', '\nExample:\n  $ powerbox daemon logs --lines 20')
    .action((flags: { lines?: number }) => {
      const path = logPath(context.home());
      const lines = [`${path}.1`, path].flatMap(linesOf);
      for (const line of lines.slice(-(flags.lines ?? LOG_LINES_DEFAULT))) {
        context.out(visible(line));
      }
    });
}

function parseLines(text: string): number {
  if (!/^[1-9][0-9]{0,6}$/.test(text)) throw new InvalidArgumentError('It is a count from 1 up.');
  return Number(text);
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
