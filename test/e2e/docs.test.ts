import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/file.ts';
import { type Demo, startDemo } from '../../src/quickstart/demo.ts';
import { daemonPidOf } from '../support/daemon.ts';
import { startDocsModel } from '../support/docs-model.ts';
import { CLI, makePlace, type Place } from '../support/powerbox.ts';
import { ROOT, readRepositoryFile, repositoryFiles } from '../support/repository.ts';
import type { ScriptedModel } from '../support/scripted-model.ts';
import { faultOf, fits, type Ids, stepsOf } from '../support/transcript.ts';

let place: Place;
let bin: string;
let demo: Demo;
let model: ScriptedModel;

beforeAll(async () => {
  demo = await startDemo({ handle });
  model = await startDocsModel();
  place = makePlace();
  bin = mkdtempSync(join(tmpdir(), 'docs-bin-'));
  writeFileSync(join(bin, 'powerbox'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
});

afterAll(async () => {
  endDaemon(place);
  place.close();
  rmSync(bin, { recursive: true });
  await demo.close();
  await model.close();
});

function endDaemon({ home }: Place): void {
  const pid = daemonPidOf(home);
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
}

/** The service that the pages speak of. */
function handle(request: IncomingMessage, response: ServerResponse): boolean {
  if (!request.url?.startsWith('/v1/items')) return false;
  request.resume();
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end('{"items":["apple","pear"]}\n');
  });
  return true;
}

/** The text of every fenced block with this mark. */
function blocks(file: string, mark: string): string[] {
  const text = readRepositoryFile(file);
  return [...text.matchAll(new RegExp(`^\`\`\`${mark}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] as string,
  );
}

const run = (command: string, where: Place = place) =>
  where.run(['bash', '-c', command], { env: { PATH: `${bin}:${process.env.PATH}` } });

/** Pages that are a session with the command line, from their first command to their last. */
const SESSIONS = [
  ...['README.md', 'docs/grants.md', 'docs/powers.md', 'docs/daemon.md'],
  'docs/policy.md',
  'docs/agents.md',
  'docs/compartments.md',
];

/** The first screen of the README is a session of its own, which keeps the secret of the next. */
const blocksOfSession = (page: string): readonly string[] =>
  blocks(page, 'console').slice(page === 'README.md' ? 1 : 0);

const KEEP_SECRET = ['secret', 'set', 'GITHUB_TOKEN'];

/** A person at the beginning of a page. Its scripts lie in the folder in which its commands run. */
function beginPage(page: string): Place {
  const own = makePlace();
  const kinds = [join(ROOT, 'examples/dice-power.mjs')];
  const config = { egress: { hosts: demo.hosts }, ...(page === 'docs/powers.md' ? { kinds } : {}) };
  writeFileSync(join(own.home, 'config.json'), JSON.stringify(config));
  const packages = join(own.workspace, 'node_modules');
  mkdirSync(packages);
  for (const name of ['capnweb', 'ws', 'zod']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(packages, name));
  }
  symlinkSync(ROOT, join(packages, 'powerbox'));
  mkdirSync(join(own.workspace, 'data/notes'), { recursive: true });
  own.write('data/notes/today.txt', 'Call the plumber.\n');
  for (const script of [...blocks(page, 'js'), ...blocks(page, 'ts')]) {
    const name = /^\/\/ ([a-z-]+\.(?:mjs|ts))\n/.exec(script)?.[1];
    if (name !== undefined) own.write(name, script);
  }
  return own;
}

/** The models of OpenAI, as far as the page goes, are on this machine. */
async function keepModel(own: Place): Promise<void> {
  const text = `model:openai ${model.urls.openai} price=gpt-5*:1.25:10`;
  await own.powerbox(['power', 'add', text, '--as', 'openai']);
}

async function endPage(own: Place): Promise<void> {
  const listed = await own.powerbox(['ls', '--json']);
  for (const [, id = ''] of listed.stdout.matchAll(/"id":"(bx-[a-z0-9]+)"/g)) {
    await own.powerbox(['stop', id]);
  }
  endDaemon(own);
  own.close();
}

describe('README', () => {
  it('has a first screen that runs as it is printed', async () => {
    const [screen = ''] = blocks('README.md', 'console');
    expect(screen.split('\n').length).toBeLessThanOrEqual(25);
    const commands = screen
      .split('\n')
      .filter((line) => line.startsWith('$ '))
      .map((line) => line.slice(2));
    // The clone is set up, and the alias is `bin`.
    const [setup, alias, folder, ...rest] = commands;
    expect([setup, alias, folder].join('\n')).toMatch(
      /^npm run setup\nalias powerbox=.*\nmkdir -p \/tmp\/project && cd \/tmp\/project$/,
    );
    for (const command of rest) {
      const { status, stderr } = await run(command);
      expect(status, `${command}\n${stderr}`).toBe(0);
    }
    const shown = await run(rest[0] as string);
    for (const line of screen.split('\n').slice(4, 6)) {
      expect(shown.stdout).toContain(line.replace(/ ?…$/, ''));
    }
  });
});

describe('a session on a page', () => {
  it('is not taken for what it is not', async () => {
    const ids: Ids = new Map();
    expect(fits('gr-aaaabbbbcccc  valid', 'gr-ddddeeeeffff valid', ids)).toBe(true);
    expect(fits('gr-aaaabbbbcccc', 'gr-ddddeeeeffff', ids)).toBe(true);
    expect(fits('gr-aaaabbbbcccc', 'gr-gggghhhhiiii', ids)).toBe(false);
    expect(fits('since 2026-01-01 10:00:00 …', 'since 2027-02-03 04:05:06 or so', ids)).toBe(true);
    expect(fits('no: it is spent.', 'no: it is open.', ids)).toBe(false);
    const [step] = stepsOf('$ powerbox x \\\n> --y\nfirst\nsecond');
    expect(step).toEqual({ command: 'powerbox x --y', shown: ['first', 'second'] });
    const printing = (output: string, status: number) => () => Promise.resolve({ output, status });
    const shown = { command: 'x', shown: ['a'] };
    expect(await faultOf(shown, ids, printing('a\nb\n', 0))).toContain('printed (0)');
    expect(await faultOf(shown, ids, printing('a\n', 0))).toBeNull();
    expect(await faultOf({ command: 'x', shown: [] }, ids, printing('', 1))).not.toBeNull();
  });

  it.each(SESSIONS)('does and prints what %s says', { timeout: 120_000 }, async (page) => {
    const own = beginPage(page);
    const ids: Ids = new Map();
    const faults: string[] = [];
    const steps = blocksOfSession(page).flatMap(stepsOf);
    expect(steps.length).toBeGreaterThan(5);
    try {
      if (page === 'docs/agents.md') await keepModel(own);
      if (page === 'README.md')
        await own.powerbox(KEEP_SECRET, { input: 'ghp_demo0123456789abcdef' });
      for (const step of steps) {
        const fault = await faultOf(step, ids, async (command) => {
          const { status, stdout } = await run(`exec 2>&1\n${command}`, own);
          return { status, output: stdout };
        });
        if (fault !== null) faults.push(fault);
      }
    } finally {
      await endPage(own);
    }
    expect(faults.join('\n\n')).toBe('');
  });
});

describe('the pages', () => {
  it('have examples of powerbox.json that are accepted', async () => {
    const examples = repositoryFiles()
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => blocks(file, 'json'))
      .filter((text) => text.includes('"version"'));
    expect(examples.length).toBeGreaterThan(0);
    for (const text of examples) await parsePolicy(text, 'powerbox.json');
  });

  it('have commands whose verbs and flags there are', async () => {
    const commands = repositoryFiles()
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) => [...blocks(file, 'sh'), ...blocks(file, 'console')])
      .flatMap((block) => block.split('\n'))
      .map((line) => /^(?:\$ )?powerbox ([a-z]+)(?: ([a-z]+))?(.*)$/.exec(line))
      .filter((match) => match !== null);
    expect(commands.length).toBeGreaterThan(50);
    const texts = new Map<string, string>();
    const helpOf = async (words: string): Promise<string> => {
      const known = texts.get(words);
      if (known !== undefined) return known;
      const { status, stdout } = await run(`powerbox ${words} --help`);
      expect([words, status]).toEqual([words, 0]);
      texts.set(words, stdout);
      return stdout;
    };
    for (const [, verb = '', second = '', rest = ''] of commands) {
      let help = await helpOf(verb);
      expect(help, verb).toContain(`powerbox ${verb}`);
      // A second word is a verb of the first, or an argument.
      const isVerb = new RegExp(`^Commands:[^]*^  ${second}\\b`, 'm').test(help);
      if (second !== '' && isVerb) help = await helpOf(`${verb} ${second}`);
      // What is quoted is an argument, and what stands behind `--` is another program's.
      const own = rest.replace(/'[^']*(?:'|$)|"[^"]*(?:"|$)/g, '').split(' -- ')[0] as string;
      for (const [flag] of own.matchAll(/--[a-z][a-z-]+/g)) {
        expect(help, `${verb} ${second} ${flag}`).toContain(flag);
      }
    }
  }, 60_000);
});
