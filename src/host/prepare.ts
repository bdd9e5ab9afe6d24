import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BoxLimits, BoxSpec, Mount, StdioTarget } from '../boxes/contract.ts';
import type { BoundSecret, BoxEgress } from '../egress/protocol.ts';
import { makeBoxAuthority } from '../egress/tls/authority.ts';
import type { Kit } from '../kits/kit.ts';
import { kitRules, kitSecrets } from '../kits/use-kit.ts';
import { EMPTY_POLICY, type Policy } from '../policy/policy.ts';
import type { Rule } from '../policy/rule.ts';
import { parseRules } from '../policy/rules.ts';
import type { Home } from '../store/home.ts';
import { listSecrets } from '../vault/store.ts';
import type { WatchedValue } from '../vault/watched.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { OpenBox } from '../wire/link.ts';
import { endMark, makeBoxFolder, newBoxId } from './box-record.ts';
import { readConfig } from './config.ts';
import { INSIDE_FOLDER, insideCommand } from './inside-command.ts';
import { seedKitFolders } from './kit-folders.ts';
import { DISK_BYTES_DEFAULT, PIDS_DEFAULT, REASON_CHARS_MAX } from './limits.ts';
import { findMasks, type Mask } from './masks.ts';
import { parseMount, type WantedMount, workspaceMount } from './mounts.ts';
import { findProgram } from './program.ts';
import { parseBytes, parseCount, parseCpus, parseDuration } from './quantities.ts';
import { bindSecrets, placeholders } from './secrets.ts';
import { proxyEnvironment, trustEnvironment, trustFiles } from './trust.ts';

/** What was asked for on the command line, in its own words. */
export interface RunOptions {
  readonly program: readonly string[];
  readonly cwd: string;
  readonly hostEnv: Readonly<Record<string, string | undefined>>;
  readonly workspace: 'rw' | 'ro' | 'copy' | 'none' | undefined;
  readonly mounts: readonly string[];
  readonly masks: readonly string[];
  readonly allow: readonly string[];
  readonly allowAllHosts: boolean;
  readonly secrets: readonly string[];
  /** `NAME=VALUE`, or `NAME` to pass the host's value on. */
  readonly env: readonly string[];
  readonly memory: string | undefined;
  readonly cpus: string | undefined;
  readonly pids: string | undefined;
  readonly disk: string | undefined;
  readonly timeout: string | undefined;
  readonly kit: Kit | null;
  /** An accepted powerbox.json, or null. */
  readonly policy: Policy | null;
  readonly detach: boolean;
  /** The guest that it runs as; null makes one for this box. */
  readonly as: string | null;
}

/** Everything that a box is made of, before anything has been started. */
export interface Prepared {
  readonly spec: Omit<BoxSpec, 'stdio'>;
  /** What the egress is told, but for what the daemon gives. */
  readonly egress: Omit<BoxEgress, 'link' | 'watched'>;
  /** What the daemon is asked for. */
  readonly opening: Omit<OpenBox, 'type'>;
  readonly workspaceAccess: string;
  readonly timeoutMs: number | null;
  readonly rules: readonly string[];
  readonly secretNames: readonly string[];
  /** Those of them that are in the vault, and not from a masked file. */
  readonly vaultSecrets: readonly BoundSecret[];
  /** Values of masked files that no request may carry. */
  readonly masked: readonly WatchedValue[];
}

export type Stdio = readonly [StdioTarget, StdioTarget, StdioTarget];

/**
 * Turns what was asked for into a box. Everything that can be wrong with it is found here; the
 * box's folder is made last, so that a refused start leaves nothing behind.
 */
export async function prepare(home: Home, options: RunOptions): Promise<Prepared> {
  const policy = options.policy ?? EMPTY_POLICY;
  const limits = readLimits(options, policy);
  const timeout = options.timeout ?? policy.limits.timeout;
  const timeoutMs = timeout === undefined ? null : parseDuration(timeout, '--timeout');
  const written = await readRules(options, policy);
  const config = readConfig(home);

  const access = options.workspace ?? policy.workspace;
  const wanted = wantedMounts(home, options, policy, access);
  const program = findProgram(
    options.program[0] as string,
    options.hostEnv.PATH ?? '',
    options.cwd,
    wanted,
    options.kit !== null,
  );
  wanted.push(...program.mounts);

  const make = placeholders();
  const masks = findMasks(wanted, [...options.masks, ...policy.mask], options.cwd, make);
  const asked = [...new Set([...options.secrets, ...policy.secrets])];
  const named = kitSecrets(options.kit, asked, () => listSecrets(home).map(({ name }) => name));
  const secrets = bindSecrets(home, named, options.kit, masks, make);
  const rules = [...kitRules(options.kit, secrets.fromVault), ...written];
  const environment = readEnvironment(options, policy, program.path, secrets.environment);

  const authority = makeBoxAuthority();
  const id = newBoxId();
  const folder = makeBoxFolder(home, id);
  const mounts = wanted.map((mount, index) => withCopy(mount, folder, index));
  mounts.push(
    ...seedKitFolders(options.kit, options.hostEnv.HOME ?? '', folder, secrets.fromVault),
  );
  return {
    spec: {
      id,
      stateDir: folder,
      program: [program.program, ...options.program.slice(1)],
      cwd: access === 'none' ? HOME_FOLDER : options.cwd,
      env: environment,
      mounts,
      readOnly: [],
      files: [...trustFiles(authority.certificate), insideCommand(), ...masks.map(maskFileOf)],
      limits,
    },
    egress: {
      box: id,
      secrets: secrets.bound,
      ca: authority,
      hosts: config.hosts,
      endMark: endMark(home, id),
    },
    opening: {
      box: id,
      as: options.as,
      reason: `powerbox run ${options.program.join(' ')}`.slice(0, REASON_CHARS_MAX),
      rules,
      secrets: secrets.fromVault.map(({ name }) => name),
    },
    workspaceAccess: access,
    timeoutMs,
    rules: rules.map((rule) => rule.text),
    secretNames: secrets.bound.map((secret) => secret.name),
    vaultSecrets: secrets.fromVault,
    masked: secrets.masked,
  };
}

const HOME_FOLDER = '/home/box';

function readLimits(options: RunOptions, policy: Policy): BoxLimits {
  const memory = options.memory ?? policy.limits.memory;
  const cpus = options.cpus ?? policy.limits.cpus;
  const pids = options.pids ?? policy.limits.pids;
  const disk = options.disk ?? policy.limits.disk;
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseBytes(memory, '--memory') }),
    ...(cpus === undefined ? {} : { cpus: parseCpus(cpus, '--cpus') }),
    pids: pids === undefined ? PIDS_DEFAULT : parseCount(pids, '--pids'),
    diskBytes: disk === undefined ? DISK_BYTES_DEFAULT : parseBytes(disk, '--disk'),
  };
}

async function readRules(options: RunOptions, policy: Policy): Promise<readonly Rule[]> {
  const { allow, allowAllHosts } = options;
  return [...policy.rules, ...(await parseRules(allow, { allowAllHosts }))];
}

function wantedMounts(
  home: Home,
  options: RunOptions,
  policy: Policy,
  access: string,
): WantedMount[] {
  const mounts = [...policy.mounts, ...options.mounts].map((text) =>
    parseMount(text, options.cwd, home),
  );
  if (access !== 'none') {
    mounts.unshift(workspaceMount(options.cwd, access as 'rw' | 'ro' | 'copy', home));
  }
  return mounts;
}

function withCopy(mount: WantedMount, folder: string, index: number): Mount {
  if (mount.access !== 'copy') return mount;
  const copyDir = join(folder, `copy-${index}`);
  mkdirSync(copyDir, { mode: 0o700 });
  return { ...mount, copyDir };
}

function maskFileOf(mask: Mask): BoxSpec['files'][number] {
  return { target: mask.target, content: mask.content };
}

/** Terminal and language; nothing else of the host's environment is passed on unasked. */
const PASSED = ['TERM', 'COLORTERM', 'NO_COLOR', 'FORCE_COLOR'];

function readEnvironment(
  options: RunOptions,
  policy: Policy,
  path: string,
  secrets: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {
    PATH: `${INSIDE_FOLDER}:${path}`,
    HOME: HOME_FOLDER,
    USER: 'box',
    LOGNAME: 'box',
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    TMPDIR: '/tmp',
    POWERBOX: '1',
    ...proxyEnvironment(),
    ...trustEnvironment(),
  };
  for (const name of PASSED) {
    const value = options.hostEnv[name];
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, options.kit?.env ?? {}, policy.env);
  for (const text of options.env) {
    const [name, value] = readVariable(text, options.hostEnv);
    env[name] = value;
  }
  return Object.assign(env, secrets);
}

function readVariable(
  text: string,
  hostEnv: Readonly<Record<string, string | undefined>>,
): [string, string] {
  const at = text.indexOf('=');
  const name = at === -1 ? text : text.slice(0, at);
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new PowerboxError(
      'usage',
      `Cannot use --env "${name.slice(0, 40)}": it is not the name of a variable.`,
    );
  }
  if (at !== -1) return [name, text.slice(at + 1)];
  const value = hostEnv[name];
  if (value === undefined) {
    throw new PowerboxError('usage', `Cannot pass --env ${name} on: it is not set here.`);
  }
  return [name, value];
}
