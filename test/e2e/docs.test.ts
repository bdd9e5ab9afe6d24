import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePolicy } from '../../src/policy/file.ts';
import { CLI, makePlace, type Place } from '../support/powerbox.ts';
import { readRepositoryFile, repositoryFiles } from '../support/repository.ts';

let place: Place;
let bin: string;

beforeAll(() => {
  place = makePlace();
  bin = mkdtempSync(join(tmpdir(), 'docs-bin-'));
  writeFileSync(join(bin, 'powerbox'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`, {
    mode: 0o755,
  });
});

afterAll(() => {
  place.close();
  rmSync(bin, { recursive: true });
});

/** The text of every fenced block with this mark. */
function blocks(file: string, mark: string): string[] {
  const text = readRepositoryFile(file);
  return [...text.matchAll(new RegExp(`^\`\`\`${mark}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    (match) => match[1] as string,
  );
}

const run = (command: string) =>
  place.run(['bash', '-c', command], { env: { PATH: `${bin}:${process.env.PATH}` } });

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
      .map((line) => /^(?:\$ )?powerbox ([a-z]+)(.*)$/.exec(line))
      .filter((match) => match !== null);
    expect(commands.length).toBeGreaterThan(5);
    const help = new Map<string, string>();
    for (const [, verb = '', rest = ''] of commands) {
      if (!help.has(verb)) {
        const { status, stdout } = await run(
          `powerbox ${verb} --help; powerbox ${verb} set --help; powerbox ${verb} verify --help; true`,
        );
        expect(status).toBe(0);
        help.set(verb, stdout);
      }
      expect(help.get(verb), verb).toContain(`powerbox ${verb}`);
      for (const [flag] of (rest.split(' -- ')[0] as string).matchAll(/--[a-z][a-z-]+/g)) {
        expect(help.get(verb), `${verb} ${flag}`).toContain(flag);
      }
    }
  });
});
