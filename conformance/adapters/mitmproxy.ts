import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mitmproxy as locateMitmproxy } from '../../bench/support/tools.mjs';
import type { Adapter, Stage } from '../types.ts';
import { outputOf, PYTHON, runProgram } from './program.ts';

const PORT = 8080;

/**
 * Debian's mitmproxy with the addon beside this file. It is a proxy: nothing holds the program,
 * which is told of it by the usual variables.
 */
export function mitmproxy(root: string): Adapter {
  return {
    name: 'mitmproxy',
    version: () => {
      const path = locateMitmproxy();
      if (path === null) return null;
      const said = execFileSync(path, ['--version'], { encoding: 'utf8' });
      return `mitmproxy ${/^Mitmproxy: (\S+)/.exec(said)?.[1]}`;
    },
    missing: 'apt install mitmproxy',
    lacks: {
      'a boundary': 'it is a proxy and holds nobody',
      'GraphQL rules': 'its addons are given the request and no parser',
      SOCKS: 'its mode is the regular one',
      budgets: 'it has none',
      'credential pinning': 'it promises none',
      'leak detection': 'it promises none',
      'a secret store': 'the addon reads a file',
    },
    async start(stage, policy) {
      const folder = mkdtempSync(join(tmpdir(), 'powerbox-conformance-mitmproxy-'));
      const cwd = stage.workspace();
      const file = join(folder, 'policy.json');
      const secrets = policy.secrets
        .filter(({ value }) => value !== null)
        .map(({ name, value, origins }) => ({
          name,
          value,
          placeholder: `placeholder_${randomBytes(12).toString('hex')}`,
          hosts: origins.map((origin) => origin.replace('https://', '')),
        }));
      writeFileSync(file, JSON.stringify({ rules: policy.rules, secrets }), { mode: 0o600 });
      const child = await startProxy(root, stage, folder, file);
      const placeholders = secrets.map(({ name, placeholder }) => [name, placeholder]);
      const url = `http://127.0.0.1:${PORT}`;
      const own = { ...Object.fromEntries(placeholders), HTTPS_PROXY: url, HTTP_PROXY: url };
      return {
        env: own,
        async run(words) {
          const env = { ...stage.env, ...own, PROTECTED: '1' };
          return outputOf(
            await runProgram([...stage.enter, PYTHON, 'run.py', ...words], { cwd, env }),
          );
        },
        async close() {
          child.kill('SIGKILL');
          await sleep(50);
          rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
        },
      };
    },
  };
}

async function startProxy(
  root: string,
  stage: Stage,
  folder: string,
  policy: string,
): Promise<ChildProcess> {
  const [program = '', ...enter] = [...stage.enter, locateMitmproxy() as string];
  const options = [
    ...['--listen-host', '127.0.0.1', '--listen-port', String(PORT), '--quiet'],
    ...['--set', `confdir=${folder}`, '--set', `ssl_verify_upstream_trusted_ca=${stage.ca}`],
    // So that it speaks HTTP/2 to the program also where the service does not.
    ...['--set', 'connection_strategy=lazy', '--set', 'upstream_cert=false'],
    ...['-s', join(root, 'conformance/adapters/mitmproxy-addon.py')],
  ];
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    POLICY_FILE: policy,
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn(program, [...enter, ...options], { env, stdio: 'ignore' });
  await untilItListens(stage.enter);
  return child;
}

async function untilItListens(enter: readonly string[]): Promise<void> {
  const probe = `import socket; socket.create_connection(("127.0.0.1", ${PORT}), 1)`;
  for (let tries = 0; tries < 40; tries += 1) {
    const { status } = await runProgram([...enter, PYTHON, '-c', probe]);
    if (status === 0) return;
    await sleep(250);
  }
  throw new Error('mitmproxy does not listen');
}
