import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapter, Policy, Rule } from '../types.ts';
import { outputOf, PYTHON, runProgram } from './program.ts';

const GUEST = 'conformance';

/**
 * The real command line, with a state folder of its own: a guest that is granted what the policy
 * says, and a box that runs as this guest. `root`: the repository, of which `dist` is run.
 */
export function powerbox(root: string): Adapter {
  const version = (
    JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  ).version;
  return {
    name: 'powerbox',
    version: () => `Powerbox ${version}`,
    missing: '',
    lacks: {},
    async start(stage, policy) {
      const home = mkdtempSync(join(tmpdir(), 'powerbox-conformance-home-'));
      const cwd = stage.workspace();
      const env = { HOME: home, POWERBOX_HOME: join(home, 'state'), NODE_EXTRA_CA_CERTS: stage.ca };
      mkdirSync(env.POWERBOX_HOME, { mode: 0o700 });
      const command = (args: readonly string[], input = '') => {
        const words = [...stage.enter, process.execPath, join(root, 'dist/cli/main.js'), ...args];
        return runProgram(words, { cwd, env, input });
      };
      const must = async (args: readonly string[], input?: string): Promise<void> => {
        const { status, stderr } = await command(args, input);
        if (status !== 0) throw new Error(`powerbox ${args.join(' ')}: ${stderr}`);
      };
      const refused = await keep(policy, command, cwd);
      if (policy.storeDown) {
        writeFileSync(join(cwd, STORE_DOWN), '');
        // A value that was read before is good for its second.
        await sleep(1_500);
      }
      const usable = policy.secrets
        .map(({ name }) => name)
        .filter((name) => !refused.includes(name));
      await must(['guest', 'add', GUEST]);
      for (const [power, flags] of grantsOf(policy)) {
        await must(['grant', power, 'to', GUEST, ...flags]);
      }
      const state = ['config.json', 'policy.json', 'state.db', 'vault.json'];
      const files = [
        ...state.map((name) => join(env.POWERBOX_HOME, name)),
        join(cwd, 'powerbox.json'),
      ];
      const project = { version: 1, powers: policy.rules.length === 0 ? [] : [PROJECT] };
      writeFileSync(join(cwd, 'powerbox.json'), JSON.stringify(project));
      const variables = { POLICY_FILES: JSON.stringify(files) };
      return {
        env: variables,
        async run(words) {
          const pass = Object.entries({ ...stage.env, ...variables, PROTECTED: '1' });
          const flags = pass.flatMap(([name, value]) => ['--env', `${name}=${value}`]);
          const secrets = usable.flatMap((name) => ['--secret', name]);
          const box = [
            'run',
            '--as',
            GUEST,
            '--accept-policy',
            ...allowed(policy),
            ...secrets,
            ...flags,
          ];
          const ran = await command([...box, '--', PYTHON, 'run.py', ...words]);
          const refusal = /\[secret-source-failed\]/.test(ran.stderr) && ran.stdout === '';
          return refusal ? { refused: ran.stderr } : outputOf(ran);
        },
        async close() {
          await command(['daemon', 'stop']);
          rmSync(home, { recursive: true, force: true, maxRetries: 10 });
        },
      };
    },
  };
}

/** Of the policy in the workspace, for the attack that would write there. */
const PROJECT = 'https://open.acme.example';

/** Puts the secrets into the vault; gives the names of those that it did not take. */
async function keep(
  { secrets }: Policy,
  command: (args: readonly string[], input?: string) => Promise<{ status: number | null }>,
  folder: string,
): Promise<string[]> {
  const refused: string[] = [];
  for (const { name, value, origins, slot } of secrets) {
    const where = slot === 'bearer' ? 'header:authorization:bearer' : `header:${slot.header}`;
    const flags = [...origins.flatMap((origin) => ['--for', origin]), '--in', where];
    const source = value === null ? ['--from-command', storeOf(folder), '--ttl', '1s'] : [];
    const { status } = await command(['secret', 'set', name, ...flags, ...source], value ?? '');
    if (status !== 0) refused.push(name);
  }
  return refused;
}

const STORE_DOWN = 'store-is-down';

/** A store that is down as soon as the program says so. */
function storeOf(folder: string): string {
  return `test ! -e ${join(folder, STORE_DOWN)} && echo gone_live-8rT5mWq2`;
}

/** Rules that `--allow` has words for; the others are grants of the guest. */
function isPlain(rule: Rule): boolean {
  return [rule.query, rule.body, rule.graphql, rule.uses].every((part) => part === undefined);
}

function allowed({ rules }: Policy): string[] {
  return rules.filter(isPlain).flatMap(({ methods, origin, path }) => {
    const words = methods === undefined ? [] : [methods.join(',')];
    return ['--allow', [...words, `${origin}${path ?? ''}`].join(' ')];
  });
}

function grantsOf({ rules }: Policy): [string, string[]][] {
  return rules
    .filter((rule) => !isPlain(rule))
    .map((rule) => {
      const budget = rule.uses === undefined ? [] : ['--budget', `uses=${rule.uses}`];
      return [`http:${rule.origin}`, ['--only', onlyOf(rule), ...budget]];
    });
}

/** A rule in the words of docs/powers.md. */
function onlyOf(rule: Rule): string {
  const query = Object.entries(rule.query ?? {}).map(
    ([key, values]) => `${key}=${values.join('|')}`,
  );
  const body = Object.entries(rule.body ?? {}).map(([pointer, values]) =>
    values === null ? `${pointer}:string` : `${pointer}=${values.join('|')}`,
  );
  return [
    ...(rule.methods === undefined ? [] : [rule.methods.join(',')]),
    ...(rule.path === undefined ? [] : [rule.path]),
    ...(query.length === 0 ? [] : ['query', ...query.map((text) => `+${text}`)]),
    ...(body.length === 0 ? [] : ['body', ...body, 'only']),
    ...(rule.graphql === undefined ? [] : ['graphql', `query=${rule.graphql.join('|')}`]),
  ].join(' ');
}
