import type { AgentEnd, AgentEvent } from '../../wire/agent.ts';
import type { Colour, Paint } from './colour.ts';
import { folded } from './fold.ts';
import { shorten, visible } from './text.ts';

/** Where the lines of a run go: the model's words to one place, what it does to another. */
export interface AgentOutput {
  readonly paint: Paint;
  /** Text as it comes, with its line ends. */
  write(text: string): void;
  /** One line. */
  note(line: string): void;
  /** How wide the terminal is that a person reads it on; left out where there is none. */
  columns?(): number;
}

/** Shows what happens in a run of this agent as it happens. All of it is made safe for a terminal. */
export interface AgentScreen {
  show(event: AgentEvent): void;
}

const CODE_LINES_MAX = 12;
const RESULT_LINES_MAX = 6;
const LINE_WIDTH = 200;

/** Stands before each line of a model's words: without it they could be lines of ours. */
const BAR = '│ ';
const INDENT = 7;
/** Narrower terminals wrap by themselves. */
const COLUMNS_MIN = 20;

export function makeAgentScreen(name: string, output: AgentOutput): AgentScreen {
  const { paint } = output;
  const { say, closeLine } = makeSaid(output);
  const note = (first: string, text: string): void => {
    closeLine();
    const columns = output.columns?.();
    const lines =
      columns === undefined ? [text] : folded(text, Math.max(COLUMNS_MIN, columns) - INDENT - 1);
    for (const [index, one] of lines.entries()) {
      output.note(`${index === 0 ? first : ' '.repeat(INDENT)}${one}`);
    }
  };
  const line = (colour: Colour, verb: string, text: string): void => {
    note(`${paint(colour, verb.padEnd(6))} `, text);
  };
  const block = (colour: Colour, verb: string, text: string, most: number): void => {
    const lines = text.split('\n');
    for (const [index, one] of lines.slice(0, most).entries()) {
      line(colour, index === 0 ? verb : '', paint('dim', shorten(visible(one), LINE_WIDTH)));
    }
    if (lines.length > most) line(colour, '', paint('dim', `(${lines.length - most} more lines)`));
  };
  return {
    show(event) {
      const whose = whoseText(event, name);
      switch (event.type) {
        case 'text':
          // What an agent of this one says is for this one, which says what it made of it.
          if (event.agent !== name) return;
          say(event.text);
          return;
        case 'step':
          closeLine();
          return;
        case 'tool':
          block('blue', 'does', `${whose}${event.tool}: ${event.text}`, CODE_LINES_MAX);
          return;
        case 'result':
          block(event.failed ? 'red' : 'dim', 'got', `${whose}${event.text}`, RESULT_LINES_MAX);
          return;
        case 'use': {
          const { guest, call, verdict, reason } = event;
          // Most reasons begin with what they are about.
          const told = reason?.startsWith(call) === true ? '' : ` ${call}`;
          const why = reason === null ? '' : ` ${paint('red', visible(reason))}`;
          line(
            verdict === 'allow' ? 'green' : 'red',
            verdict,
            `${visible(`${guest}:${told}`)}${why}`,
          );
          return;
        }
        case 'approval':
          line('yellow', 'waits', visible(`${event.guest}: ${event.call} (${event.id})`));
          return;
        case 'request':
          line('yellow', 'asks', visible(`${event.guest}: ${event.text} (${event.id})`));
          return;
        case 'console':
          line('dim', 'says', visible(`${event.guest}: ${event.text}`));
          return;
        case 'ended':
          note('', endLine(name, event.end, paint));
      }
    },
  };
}

/** The words of the model, as they come. */
function makeSaid({ write, columns }: AgentOutput): {
  say(text: string): void;
  closeLine(): void;
} {
  /** What there is of the line that it is in the middle of; empty at the begin of one. */
  let line = '';
  const say = (text: string): void => {
    const most =
      columns === undefined ? undefined : Math.max(COLUMNS_MIN, columns()) - BAR.length - 1;
    for (const [index, part] of text.split('\n').entries()) {
      if (index > 0) {
        write('\n');
        line = '';
      }
      const words = visible(part);
      if (most === undefined) {
        write(words);
        line += words;
        continue;
      }
      const lines = folded(line + words, most);
      const shown = line.length;
      write(`${line === '' && words !== '' ? BAR : ''}${lines.join(`\n${BAR}`).slice(shown)}`);
      line = lines.at(-1) ?? '';
    }
  };
  return {
    say,
    closeLine() {
      if (line !== '') write('\n');
      line = '';
    },
  };
}

function whoseText(event: AgentEvent, name: string): string {
  return 'agent' in event && event.agent !== name ? `${event.agent}: ` : '';
}

function endLine(name: string, end: AgentEnd, paint: Paint): string {
  const { why, reason, steps, tokens, microdollars } = end;
  const money = microdollars === 0 ? '' : `, $${(microdollars / 1e6).toFixed(4)}`;
  const spent = paint('dim', `(${steps} steps, ${tokens} tokens${money})`);
  const told = why === 'done' ? 'has answered' : `has ended: ${visible(reason)}`;
  return `powerbox: ${visible(name)} ${paint(why === 'done' ? 'green' : 'yellow', told)} ${spent}`;
}
