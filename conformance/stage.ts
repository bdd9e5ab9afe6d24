import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PORT, TOKEN } from './policy.ts';
import type { Stage } from './types.ts';

/**
 * Two machines in network namespaces, joined by a cable: this one has the servers, at addresses
 * that look public, and the target's has nothing but the cable. Nothing leads out of either, so the
 * real ports can be used and no attack reaches a stranger. `main.mjs` has entered the namespaces.
 */
export const PLACES = {
  api: '11.20.0.10',
  plain: '11.20.0.11',
  other: '11.20.0.12',
  open: '11.20.0.13',
  rules: '11.20.0.14',
  front: '11.20.0.15',
  h2: '11.20.0.16',
  wrong: '11.20.0.21',
  expired: '11.20.0.22',
  unknown: '11.20.0.23',
  future: '11.20.0.24',
  lan: '10.99.0.7',
  dns: '11.20.0.53',
  evil: '11.20.0.66',
} as const;

/** The address of the target's own machine. */
export const TARGET_ADDRESS = '11.20.0.2';
const METADATA_ADDRESS = '169.254.169.254';

/** Names to addresses, as the person's machine resolves them. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  [PLACES.api]: ['api.acme.example'],
  [PLACES.plain]: ['plain.acme.example'],
  [PLACES.other]: ['other.acme.example', 'gone.acme.example'],
  [PLACES.open]: ['open.acme.example', 'a.wild.example'],
  [PLACES.rules]: ['rules', 'params', 'npm', 'repos', 'fetch', 'budget'].map(
    (name) => `${name}.acme.example`,
  ),
  [PLACES.front]: ['front.acme.example', 'tenant.cdn.example'],
  [PLACES.h2]: ['h2.acme.example'],
  [PLACES.wrong]: ['wrong.acme.example'],
  [PLACES.expired]: ['expired.acme.example'],
  [PLACES.unknown]: ['unknown.acme.example'],
  [PLACES.future]: ['future.acme.example'],
  [PLACES.evil]: [
    'evil.example',
    'xapi.acme.example',
    'api.acme.example.evil.example',
    'wild.example',
    'evilwild.example',
    'wild.example.evil.example',
    'xn--pi-7kc.acme.example',
  ],
  [PLACES.lan]: ['lan.acme.example'],
  '127.0.0.1': ['localhost', 'inner.acme.example'],
  '::1': ['ip6-localhost', 'ip6-loopback'],
  '::ffff:127.0.0.1': ['mapped.acme.example'],
  [METADATA_ADDRESS]: ['meta.acme.example'],
  [TARGET_ADDRESS]: ['own.acme.example'],
};

const ATTACKS = 'conformance/attacks';

export interface OpenStage extends Stage {
  /** What a service on the target's own machine was sent, as text. */
  inside(): string;
  /** Packets of other protocols than TCP and UDP that came over the cable, as text. */
  packets(): string;
  close(): void;
}

/** `root`: the folder of the repository. `certificate`: PEM of the servers' authority. */
export async function openStage(root: string, certificate: string): Promise<OpenStage> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-conformance-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, certificate, { mode: 0o644 });
  // It ends with this process, however that ends.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
  await untilApart(holder.pid as number);
  const enter = ['nsenter', `--net=/proc/${holder.pid}/ns/net`];
  joinMachines(holder.pid as number, enter);
  nameMachines(folder);
  const admin = await told([
    ...enter,
    'python3',
    join(root, 'conformance/services/admin.py'),
    String(ADMIN_PORT),
  ]);
  const sniffer = await told(['python3', join(root, 'conformance/services/sniffer.py')]);
  let workspaces = 0;
  return {
    enter,
    ca,
    env: { EVIL_ADDRESS: PLACES.evil, DNS_ADDRESS: PLACES.dns, PINNED_CA: certificate },
    workspace() {
      const path = join(folder, `workspace-${workspaces++}`);
      mkdirSync(path);
      cpSync(join(root, ATTACKS), path, { recursive: true });
      writeFileSync(join(path, 'leaked.txt'), TOKEN);
      return path;
    },
    inside: admin.said,
    packets: sniffer.said,
    close() {
      admin.end();
      sniffer.end();
      holder.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Waits until the process has a network of its own. */
async function untilApart(pid: number): Promise<void> {
  const network = (of: string): string => readlinkSync(`/proc/${of}/ns/net`);
  for (let tries = 0; network(String(pid)) === network('self'); tries += 1) {
    if (tries > 500) throw new Error('no network namespace could be made');
    await sleep(10);
  }
}

interface Told {
  /** All that it has printed. */
  said(): string;
  end(): void;
}

/** A program that prints what it hears, once it listens. */
async function told([program = '', ...args]: readonly string[]): Promise<Told> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  await new Promise<void>((done, failed) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      done();
    });
    child.once('exit', () => failed(new Error(`${args.join(' ')} ended`)));
  });
  return { said: () => text, end: () => void child.kill('SIGKILL') };
}

function joinMachines(holder: number, enter: readonly string[]): void {
  const ip = (...words: string[]): void => void execFileSync('ip', words, { stdio: 'pipe' });
  const there = (...words: string[]): void => {
    const [program, ...rest] = [...enter, 'ip', ...words];
    execFileSync(program as string, rest, { stdio: 'pipe' });
  };
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', String(holder));
  for (const address of Object.values(PLACES)) ip('addr', 'add', `${address}/24`, 'dev', 'cable');
  ip('link', 'set', 'cable', 'up');
  there('link', 'set', 'lo', 'up');
  there('addr', 'add', `${TARGET_ADDRESS}/24`, 'dev', 'cable');
  there('link', 'set', 'cable', 'up');
  there('route', 'add', 'default', 'via', PLACES.api);
  there('addr', 'add', `${METADATA_ADDRESS}/32`, 'dev', 'lo');
}

/** The name files of both machines, over those of this mount namespace. */
function nameMachines(folder: string): void {
  const lines = Object.entries(NAMES).map(([address, names]) => `${address} ${names.join(' ')}`);
  const files = {
    '/etc/hosts': `${lines.join('\n')}\n`,
    '/etc/resolv.conf': `nameserver ${PLACES.dns}\noptions timeout:1 attempts:1\n`,
    '/etc/nsswitch.conf': `${readFileSync('/etc/nsswitch.conf', 'utf8').replace(/^hosts:.*$/m, '')}\nhosts: files dns\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    const own = join(folder, path.slice(5));
    writeFileSync(own, text, { mode: 0o644 });
    execFileSync('mount', ['--bind', own, path], { stdio: 'pipe' });
  }
}
