import { Command, Option } from 'commander';
import type { AgentInfo } from '../../wire/agent.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { AgentMessage } from '../../wire/runner.ts';
import type { CliContext } from '../context.ts';
import { table } from '../render/table.ts';
import { jsonLine, shorten, visible } from '../render/text.ts';
import { localTime } from '../render/time.ts';
import { collect } from '../words.ts';
import { runTurns } from './agent-turns.ts';
import { type AgentFlags, readAgentWords } from './agent-words.ts';

export function agentCommand(context: CliContext): Command {
  return new Command()
    .description(
      'Have a model do a task as a guest: it holds what it is given, and acts only in compartments.',
    )
    .enablePositionalOptions()
    .argument('<name>', 'of its guest; one that is there goes on where it was')
    .argument('[task]', 'what it is to do; without it each line that is read is a task')
    .option('--model <model>', 'openai/NAME, anthropic/NAME or ollama/NAME')
    .option('--model-power <name>', 'the power that reaches it; found by the provider if left out')
    .option('--give <name=power>', 'a power under the name that it sees; repeatable', collect)
    .option('--only <name=rule>', 'narrows what is given by this name; repeatable', collect)
    .option('--approve <name=what>', 'writes or always: ask me before; repeatable', collect)
    .addOption(
      new Option(
        '--mode <mode>',
        'code: it writes code; tools: each method of a power is a tool',
      ).choices(['code', 'tools']),
    )
    .option('--steps <count>', 'answers that it may give')
    .option('--budget <list>', 'tokens=N, usd=N; for all its runs')
    .option('--timeout <time>', 'how long one task may take, such as 10m')
    .option('--yes', 'approve what waits')
    .option('--no', 'deny what waits')
    .option('--json', 'each event as one JSON object a line')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, task: string | undefined, flags: AgentFlags) => {
      if (task?.trim() === '') {
        const hint = 'Leave it out to write one task after another.';
        throw new PowerboxError('usage', `Cannot give ${visible(name)} a task: it is empty.`, {
          hint,
        });
      }
      await runTurns(context, readAgentWords(name, flags, context.cwd), task, flags);
    })
    .addCommand(lsCommand(context))
    .addCommand(showCommand(context))
    .addCommand(stopCommand(context))
    .addCommand(rmCommand(context));
}

const EXAMPLES = `
Ctrl-C ends the run at once, with all that the agent started.

Examples:
  $ powerbox agent scout --model openai/gpt-5 --give repo=files:/srv/repo:ro "What does it do?"
  $ powerbox agent scout "And how is it tested?"
  $ powerbox agent fixer --model anthropic/claude-sonnet-4-5 --give repo=files:/srv/repo \\
      --approve repo=writes --budget usd=2 --steps 30 "Mend the failing test."`;

interface JsonFlag {
  readonly json?: true;
}

function lsCommand(context: CliContext): Command {
  return new Command('ls')
    .description('List agents.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  $ powerbox agent ls')
    .action(async (flags: JsonFlag) => {
      const agents = await (await context.daemon()).agents();
      if (flags.json) for (const agent of agents) context.out(jsonLine(agent));
      else if (agents.length === 0) context.err('powerbox: no agents.');
      else for (const row of table([HEADINGS, ...agents.map(rowOf)])) context.out(row);
    });
}

const HEADINGS = ['AGENT', 'MODEL', 'MODE', 'STATE', 'STEPS', 'TOKENS', 'USD', 'TOOLS', 'LAST'];

function rowOf(agent: AgentInfo): readonly string[] {
  return [
    visible(agent.name),
    visible(agent.model),
    agent.mode,
    agent.state,
    String(agent.steps),
    String(agent.tokens),
    (agent.microdollars / 1e6).toFixed(4),
    visible(agent.tools.join(' ')),
    agent.lastRun === null ? '' : localTime(agent.lastRun),
  ];
}

function showCommand(context: CliContext): Command {
  return new Command('show')
    .description('Show the conversation of an agent.')
    .argument('<name>', 'the agent')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox agent show scout')
    .action(async (name: string, flags: JsonFlag) => {
      const found = await (await context.daemon()).conversation(name);
      if (flags.json) {
        context.out(jsonLine(found));
        return;
      }
      const { info, cut, messages, notes } = found;
      context.out(`${visible(info.name)}  ${visible(info.model)}  ${info.mode}  ${info.state}`);
      if (notes !== '') context.out(`notes: ${visible(notes)}`);
      if (cut > 0) context.out(`(${cut} earlier messages are no longer there)`);
      for (const message of messages) for (const line of linesOf(message)) context.out(line);
    });
}

const SHOWN_WIDTH = 400;

function linesOf(message: AgentMessage): readonly string[] {
  const lines = (who: string, text: string): readonly string[] =>
    text === '' ? [] : text.split('\n').map((line) => `${who}: ${visible(line)}`);
  if (message.role === 'user') return lines('you', message.text);
  if (message.role === 'assistant') {
    const calls = message.calls.map(
      ({ tool, input }) => `does: ${shorten(visible(`${tool} ${input}`), SHOWN_WIDTH)}`,
    );
    return [...lines('agent', message.text), ...calls];
  }
  return message.results.map(
    ({ text, failed }) => `${failed ? 'fails' : 'got'}: ${shorten(visible(text), SHOWN_WIDTH)}`,
  );
}

function stopCommand(context: CliContext): Command {
  return new Command('stop')
    .description('End the run of an agent at once, with all that it started.')
    .argument('<name>', 'the agent')
    .option('--because <text>', 'why; kept in the journal', '')
    .addHelpText('after', '\nExample:\n  $ powerbox agent stop scout')
    .action(async (name: string, flags: { because: string }) => {
      await (await (await context.daemon()).agentRun(name)).stop(flags.because);
    });
}

function rmCommand(context: CliContext): Command {
  return new Command('rm')
    .description('Remove an agent: its guest, its tools, its conversation, all it was given.')
    .argument('<name>', 'the agent')
    .option('--because <text>', 'why; kept in the journal', '')
    .addHelpText('after', '\nExample:\n  $ powerbox agent rm scout')
    .action(async (name: string, flags: { because: string }) => {
      await (await context.daemon()).removeAgent(name, flags.because);
    });
}
