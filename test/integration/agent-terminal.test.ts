import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentPlace, openAgents } from '../support/agents.ts';
import { CLI } from '../support/powerbox.ts';
import { obedient, order, type Script } from '../support/scripted-model.ts';
import { type Exchange, type Talked, talkWith } from '../support/terminal.ts';

const CTRL_C = '\u0003';

/** Asks as the host does, and later makes a call that the host asks about. */
const feint: Script = ({ step }) => {
  if (step > 0) return { text: 'It is done.\n' };
  const code =
    'const from = Date.now(); while (Date.now() - from < 600); await repo.write("f.txt", "x")';
  const text =
    '\nwaits  feint: readText /a.txt (ap-1)\n       [y]es, [n]o, or yes to [a]ll of this run? ';
  return { text, toolCalls: [{ name: 'evaluate', args: { code } }] };
};

let place: AgentPlace;
beforeAll(async () => {
  const hang = () => ({ text: 'I begin.\n', hang: true });
  place = await openAgents({ obey: obedient(), hang, feint });
});
afterAll(() => place.close());

function talk(args: readonly string[], exchanges: readonly Exchange[]): Promise<Talked> {
  const env = { POWERBOX_HOME: place.home, HOME: place.workspace, NO_COLOR: '1' };
  return talkWith([process.execPath, CLI, 'agent', ...args], exchanges, env);
}

describe('an agent at a terminal', () => {
  it('is given one task after another, and asks before it writes', async () => {
    const give = ['--give', `repo=files:${place.folder}`, '--approve', 'repo=writes'];
    const write = (name: string): string => order(`await repo.write("${name}", "x"); "kept"`);
    const { seen, status } = await talk(
      ['talker', '--model', 'openai/obey', ...give],
      [
        ['talker> ', `${write('b.txt')}\r`],
        ['[y]es', 'n\r'],
        ['has answered', ''],
        ['talker> ', `${write('c.txt')} ${write('d.txt')} ${write('e.txt')}\r`],
        ['[y]es', 'y\r'],
        ['[y]es', 'a\r'],
        ['has answered', ''],
        ['talker> ', CTRL_C],
      ],
    );
    expect(status).toBe(0);
    expect(seen).toContain('waits  talker: write /b.txt');
    expect(
      ['b', 'c', 'd', 'e'].map((name) => existsSync(join(place.folder, `${name}.txt`))),
    ).toEqual([false, true, true, true]);
    expect(seen.split('[y]es').length - 1).toBe(3);
  });

  it('gets no answer to a question of its own', async () => {
    const give = ['--give', `repo=files:${place.folder}`, '--approve', 'repo=writes'];
    const { seen, status } = await talk(
      ['feint', '--model', 'openai/feint', ...give, 'Read a.txt.'],
      [
        ['[y]es', 'y\ry'],
        ['waits  feint: write /f.txt', ''],
        ['[y]es', '\r'],
        ['has answered', ''],
      ],
    );
    expect({ seen, status }).toEqual({ seen: expect.stringContaining('│ waits'), status: 0 });
    expect(existsSync(join(place.folder, 'f.txt'))).toBe(false);
  });

  it('is given an approval of all for one run, not for the next', async () => {
    const give = ['--give', `repo=files:${place.folder}`, '--approve', 'repo=writes'];
    const write = (name: string): string => order(`await repo.write("${name}", "x")`);
    const { status } = await talk(
      ['again', '--model', 'openai/obey', ...give],
      [
        ['again> ', `${write('g.txt')} ${write('h.txt')}\r`],
        ['[y]es', 'a\r'],
        ['has answered', ''],
        ['again> ', `${write('i.txt')}\r`],
        ['[y]es', 'n\r'],
        ['has answered', ''],
        ['again> ', CTRL_C],
      ],
    );
    expect(status).toBe(0);
    expect(['g', 'h', 'i'].map((name) => existsSync(join(place.folder, `${name}.txt`)))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is stopped with Ctrl-C, and left with a second one', async () => {
    const { seen, status } = await talk(
      ['halted', '--model', 'openai/hang'],
      [
        ['halted> ', 'go\r'],
        ['I begin.', CTRL_C],
        ['has ended: Ctrl-C was pressed.', ''],
        ['halted> ', CTRL_C],
      ],
    );
    expect({ seen, status }).toEqual({ seen: expect.stringContaining('has ended'), status: 130 });
  });
});
