import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadStream } from 'node:tty';
import type { AgentEnd, AgentEvent, AgentLimits, AgentRun } from '../../wire/agent.ts';
import type { HostDoor } from '../../wire/doors.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { type AgentScreen, makeAgentScreen } from '../render/agent-lines.ts';
import { painter } from '../render/colour.ts';
import { jsonLine } from '../render/text.ts';
import type { AgentFlags, AskedAgent } from './agent-words.ts';

/** Exit status of a program that Ctrl-C ended (128 + SIGINT). */
const INTERRUPTED = 130;

const COLUMNS_USUAL = 80;

const STATUS: Readonly<Record<AgentEnd['why'], number>> = {
  done: 0,
  stopped: 75,
  steps: 75,
  tokens: 75,
  money: 75,
  time: 75,
  failed: 70,
  revoked: 77,
};

/** One task, or one for each line that a person writes. */
export async function runTurns(
  context: CliContext,
  asked: AskedAgent,
  task: string | undefined,
  flags: AgentFlags,
): Promise<void> {
  const host = await context.daemon();
  const turn = makeTurn(context, host, flags);
  if (task !== undefined) {
    context.exit(await turn({ ...asked, task }));
    return;
  }
  // What was said of the agent holds from its first task on.
  let words = asked;
  for await (const line of tasksOf(context, asked.name)) {
    context.exit(await turn({ ...words, task: line }));
    words = { name: asked.name, model: null, limits: perRun(asked) };
  }
}

/** A budget is for all runs together; how long one may be is said for each. */
function perRun({ limits: { steps, timeMs } = {} }: AskedAgent): AgentLimits {
  return { ...(steps === undefined ? {} : { steps }), ...(timeMs === undefined ? {} : { timeMs }) };
}

/** Lines of a terminal with a prompt, or of whatever standard input is. Ctrl-C leaves. */
async function* tasksOf(context: CliContext, name: string): AsyncGenerator<string> {
  const isTerminal = context.stdin.isTTY === true;
  if (!isTerminal) {
    const lines = createInterface({ input: context.stdin });
    for await (const line of lines) if (line.trim() !== '') yield line;
    return;
  }
  for (;;) {
    if (await discardTyped(context.stdin as ReadStream)) {
      context.err('');
      return;
    }
    // One for each line: while an agent is at work, Ctrl-C is a signal and no key.
    const prompt = createInterface({ input: context.stdin, output: process.stderr });
    const left = new AbortController();
    prompt.once('SIGINT', () => left.abort());
    prompt.once('close', () => left.abort());
    const line = await prompt.question(`${name}> `, { signal: left.signal }).catch(() => undefined);
    prompt.close();
    if (line === undefined) {
      context.err('');
      return;
    }
    if (line.trim() !== '') yield line;
  }
}

type Turn = (words: AskedAgent & { readonly task: string }) => Promise<number>;

function makeTurn(context: CliContext, host: HostDoor, flags: AgentFlags): Turn {
  return async (words) => {
    // What was said of one run holds for that one.
    const approvals = makeApprovals(context, host, flags);
    const screen = screenOf(context, words.name, flags);
    // Ctrl-C may come before there is a run to end.
    let interrupted = false;
    let run: AgentRun | undefined;
    const interrupt = (): void => {
      if (interrupted) process.exit(INTERRUPTED);
      interrupted = true;
      void run?.stop('Ctrl-C was pressed.');
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
    for (const signal of signals) process.on(signal, interrupt);
    try {
      run = await host.agent(words);
      if (interrupted) void run.stop('Ctrl-C was pressed.');
      const end = await follow(run, screen, approvals, () => interrupted);
      return interrupted ? INTERRUPTED : STATUS[end.why];
    } finally {
      for (const signal of signals) process.off(signal, interrupt);
    }
  };
}

async function follow(
  run: AgentRun,
  screen: AgentScreen,
  approvals: Approvals,
  isInterrupted: () => boolean,
): Promise<AgentEnd> {
  for (let seen = 0; ; ) {
    const events = await run.events(seen);
    seen += events.length;
    for (const event of events) {
      screen.show(event);
      if (event.type === 'ended') return event.end;
      if (event.type === 'approval' && !isInterrupted()) await approvals.settle(event);
    }
  }
}

function screenOf(context: CliContext, name: string, { json }: AgentFlags): AgentScreen {
  if (json === true) return { show: (event) => context.out(jsonLine(event)) };
  const { stdout, stderr } = process;
  return makeAgentScreen(name, {
    paint: painter(context.colour),
    write: (text) => void stdout.write(text),
    note: (line) => context.err(line),
    // One that does not know how wide it is says 0.
    ...(stdout.isTTY && stderr.isTTY ? { columns: () => stdout.columns || COLUMNS_USUAL } : {}),
  });
}

interface Approvals {
  settle(event: Extract<AgentEvent, { type: 'approval' }>): Promise<void>;
}

/** What waits is asked about on a terminal; elsewhere whoever reads is told what to do. */
function makeApprovals(context: CliContext, host: HostDoor, flags: AgentFlags): Approvals {
  let always: 'approved' | 'denied' | undefined;
  if (flags.yes === true) always = 'approved';
  if (flags.no === true) always = 'denied';
  return {
    async settle({ id }) {
      const isAsked = always === undefined && context.stdin.isTTY === true && !flags.json;
      if (always === undefined && !isAsked) {
        if (!flags.json) context.err(`powerbox: go on with \`powerbox approve ${id}\`, or deny.`);
        return;
      }
      const answer = always ?? (await ask(context));
      if (answer === 'always') always = 'approved';
      const verdict = answer === 'denied' ? 'denied' : 'approved';
      try {
        await host.decide([id], verdict, 'by the person at the terminal');
      } catch (error) {
        // Somebody else was faster, or its time was over.
        if (!PowerboxError.is(error) || error.code !== 'approval-decided') throw error;
      }
    },
  };
}

async function ask(context: CliContext): Promise<'approved' | 'denied' | 'always'> {
  if (await discardTyped(context.stdin as ReadStream)) {
    process.kill(process.pid, 'SIGINT');
    return 'denied';
  }
  const prompt = createInterface({ input: context.stdin, output: process.stderr });
  const left = new AbortController();
  prompt.once('SIGINT', () => {
    left.abort();
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const question = '       [y]es, [n]o, or yes to [a]ll of this run? ';
    const answer = (await prompt.question(question, { signal: left.signal })).trim();
    if (/^a(ll|lways)?$/i.test(answer)) return 'always';
    return /^y(es)?$/i.test(answer) ? 'approved' : 'denied';
  } catch {
    return 'denied';
  } finally {
    prompt.close();
  }
}

/** Keys that were pressed are here by then. */
const TYPED_MS = 100;
const CTRL_C = 3;

/**
 * Lets go of what was typed before a question was shown: it was meant for something else, such as
 * words of the model that look like a question. True when Ctrl-C was among it.
 */
async function discardTyped(stdin: ReadStream): Promise<boolean> {
  let isLeft = false;
  const drop = (typed: Buffer | string): void => {
    isLeft ||= Buffer.from(typed).includes(CTRL_C);
  };
  // A line that is not ended yet comes in this mode only.
  stdin.setRawMode(true);
  stdin.on('data', drop);
  await sleep(TYPED_MS);
  stdin.off('data', drop);
  stdin.pause();
  stdin.setRawMode(false);
  return isLeft;
}
