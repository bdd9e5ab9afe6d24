import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { compile } from '../support/compile.ts';

const VALUE = 'value-Zx81mQp0LkVt94RbWn62';

let folder: string;
let program: string;
let root: string;

beforeAll(() => {
  folder = compile('src/cli/commands/secret.ts');
  program = join(folder, 'secret-verb.mjs');
  // The verb alone, as src/cli/main.ts runs it.
  writeFileSync(
    program,
    `import { secretCommand } from './cli/commands/secret.js';
     import { openHome } from './store/home.js';
     const context = {
       env: process.env, cwd: process.cwd(), stdin: process.stdin, colour: false,
       home: () => openHome(process.env),
       out: (line) => process.stdout.write(line + '\\n'),
       err: (line) => process.stderr.write(line + '\\n'),
       exit: (status) => { process.exitCode = status; },
     };
     await secretCommand(context).parseAsync(process.argv.slice(2), { from: 'user' });`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'powerbox-secret-'));
  return () => rmSync(root, { recursive: true, force: true });
});

function start(...args: string[]): ChildProcess {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, POWERBOX_HOME: root },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

/** Arguments of every process of this machine that can be read, as they are at this moment. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        return [readFileSync(`/proc/${entry}/cmdline`, 'latin1')];
      } catch {
        return [];
      }
    });
}

/** Looks again and again until the process ends; every listing that was seen. */
async function watch(child: ChildProcess): Promise<string[]> {
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const seen = new Set<string>();
  while (child.exitCode === null && child.signalCode === null) {
    for (const line of commandLines()) seen.add(line);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(await ended).toBe(0);
  return [...seen];
}

describe('a secret on its way into the vault', () => {
  it('is in the arguments of no process, whatever its source', async () => {
    const file = join(root, 'value.txt');
    writeFileSync(file, `${VALUE}\n`, { mode: 0o600 });
    const where = ['--for', 'https://api.example.com'];

    const byInput = start('set', 'BY_INPUT', ...where);
    setTimeout(() => byInput.stdin?.end(VALUE), 150);
    const listings = await watch(byInput);
    listings.push(...(await watch(start('set', 'BY_FILE', ...where, '--from-file', file))));
    const slowly = `cat '${file}'; sleep 0.2`;
    listings.push(...(await watch(start('set', 'BY_COMMAND', ...where, '--from-command', slowly))));

    // The listing does see what stands in arguments.
    expect(listings.some((line) => line.includes('BY_INPUT'))).toBe(true);
    expect(listings.some((line) => line.includes(`sh\0-c\0${slowly}`))).toBe(true);
    expect(listings.filter((line) => line.includes(VALUE))).toEqual([]);
    expect(readdirSync(join(root, 'vault')).sort()).toEqual([
      'BY_COMMAND.json',
      'BY_FILE.json',
      'BY_INPUT.json',
    ]);
  });

  it('is not shown by a real terminal while it is typed', async () => {
    // A pseudo-terminal of its own; types once the prompt is there and prints what it showed.
    const script = `
import os, pty, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b''
typed = False
while True:
    try:
        piece = os.read(fd, 4096)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if not typed and b'not shown' in shown:
        typed = True
        time.sleep(0.3)
        os.write(fd, b'${VALUE}\\r')
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const args = ['-c', script, process.execPath, program, 'set', 'GITHUB_TOKEN'];
    const env = { PATH: process.env.PATH, POWERBOX_HOME: root };
    const { stdout } = await promisify(execFile)('python3', args, { env, timeout: 20_000 });
    expect(stdout).toContain('Kept GITHUB_TOKEN');
    expect(stdout).not.toContain(VALUE);
    expect(stdout).not.toContain(VALUE.slice(0, 6));
  });
});

describe('two processes that open a new home at once', () => {
  it('share one key', async () => {
    const where = ['--for', 'https://api.example.com'];
    const names = ['ONE', 'TWO', 'THREE', 'FOUR'];
    const statuses = names.map((name) => {
      const child = start('set', name, ...where);
      child.stdin?.end(VALUE);
      return new Promise((resolve) => child.once('exit', resolve));
    });
    expect(await Promise.all(statuses)).toEqual([0, 0, 0, 0]);
    const env = { PATH: process.env.PATH, POWERBOX_HOME: root };
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [program, 'ls', '--json'], { env });
    expect(stdout.trim().split('\n')).toHaveLength(names.length);
  });
});
