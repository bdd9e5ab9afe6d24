import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxRuntime, withPrograms } from '../../bench/support/tools.mjs';
import type { Adapter, Policy } from '../types.ts';
import { valuesOf } from './none.ts';
import { outputOf, PYTHON, runProgram } from './program.ts';

/** As its README advises where a host that is allowed may resolve to a private address. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];

/**
 * `@anthropic-ai/sandbox-runtime` as a library, with all that its README offers for this: TLS
 * ended, secrets masked with their hosts, a request filter that judges method, path, query and body
 * as one writes it in JavaScript, opaque tunnels refused, the Host required to match.
 */
export function srt(root: string): Adapter {
  return {
    name: 'srt',
    version: () => {
      const runtime = sandboxRuntime();
      return runtime === null ? null : `srt ${runtime.version}`;
    },
    missing: 'it is fetched from the npm registry, and needs bubblewrap, socat and ripgrep.',
    lacks: {
      'GraphQL rules': 'its filter is given the request and no parser',
      WebSocket: 'it refuses every upgrade',
      'HTTP/2': 'it offers HTTP/1.1 alone',
      budgets: 'it has none',
      'credential pinning': 'it promises none',
      'leak detection': 'it promises none',
      'a secret store': 'it takes values from its environment',
    },
    async start(stage, policy) {
      const runtime = sandboxRuntime();
      const programs = withPrograms(['socat', 'rg']);
      if (runtime === null || programs === null)
        throw new Error('srt or what it needs is not here');
      const folder = mkdtempSync(join(tmpdir(), 'powerbox-conformance-srt-'));
      const cwd = stage.workspace();
      const file = join(folder, 'settings.json');
      const settings = settingsOf(policy, cwd);
      writeFileSync(file, JSON.stringify({ settings, rules: policy.rules }));
      const driver = join(root, 'conformance/adapters/srt-driver.mjs');
      const found = Object.fromEntries(
        ['PATH', 'LD_LIBRARY_PATH'].flatMap((name) => {
          const value = programs[name];
          return value === undefined ? [] : [[name, value]];
        }),
      );
      const variables = { ...valuesOf(policy), POLICY_FILES: JSON.stringify([file]) };
      return {
        env: variables,
        async run(words) {
          const command = [PYTHON, 'run.py', ...words].join(' ');
          const node = [...stage.enter, runtime.node, driver, runtime.home, file, command];
          const own = { HOME: folder, NODE_EXTRA_CA_CERTS: stage.ca, PROTECTED: '1' };
          const env = { ...found, ...stage.env, ...variables, ...own };
          return outputOf(await runProgram(node, { cwd, env }));
        },
        close: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  };
}

function settingsOf(policy: Policy, workspace: string): object {
  const hosts = policy.rules.map(({ origin }) => {
    const [scheme = '', place = ''] = origin.split('://');
    return place.includes(':') ? place : `${place}:${scheme === 'https' ? 443 : 80}`;
  });
  const secrets = policy.secrets.filter(({ value }) => value !== null);
  return {
    network: {
      allowedDomains: [...new Set(hosts)],
      deniedDomains: [],
      deniedResolvedAddresses: PRIVATE,
      strictAllowlist: true,
      tlsTerminate: {},
      refuseOpaqueTunnels: true,
      requireHostMatch: true,
      stripResponseHeaders: ['set-cookie', 'authentication-info', 'alt-svc'],
    },
    filesystem: { denyRead: [], allowWrite: [workspace], denyWrite: [] },
    credentials: {
      envVars: secrets.map(({ name, origins }) => ({
        name,
        mode: 'mask',
        injectHosts: origins.map((origin) => origin.replace('https://', '')),
      })),
      files: [],
    },
  };
}
