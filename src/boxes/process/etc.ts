import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { RESOLVER_ADDRESS } from '../../egress/network.ts';
import type { FileOverride } from '../contract.ts';

/** The id that the program has inside the box, whoever started it. */
export const BOX_UID = 1000;
export const BOX_HOME = '/home/box';
export const BOX_HOSTNAME = 'box';

/** The /etc that a box has: nothing of the host's accounts, names or services. */
export function syntheticEtc(boxId: string): FileOverride[] {
  const files: Readonly<Record<string, string>> = {
    passwd: `root:x:0:0:root:/root:/bin/sh\nbox:x:${BOX_UID}:${BOX_UID}:box:${BOX_HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\nbox:x:${BOX_UID}:\nnogroup:x:65534:\n`,
    hosts: `127.0.0.1 localhost ${BOX_HOSTNAME}\n::1 localhost ${BOX_HOSTNAME}\n`,
    'nsswitch.conf':
      'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n',
    'resolv.conf': `nameserver ${RESOLVER_ADDRESS}\noptions timeout:2 attempts:2\n`,
    'host.conf': 'multi on\n',
    hostname: `${BOX_HOSTNAME}\n`,
    'machine-id': `${createHash('sha256').update(`powerbox ${boxId}`).digest('hex').slice(0, 32)}\n`,
    shells: '/bin/sh\n/bin/bash\n',
  };
  return Object.entries(files).map(([name, content]) => ({ target: `/etc/${name}`, content }));
}

/**
 * What a box sees of the host's /etc: configuration of programs below /usr that says nothing of
 * this machine, its people or its network. A trailing `*` stands for the rest of a name.
 */
const HOST_ENTRIES: readonly string[] = [
  'alternatives',
  'bash.bashrc',
  'debian_version',
  'fonts',
  'inputrc',
  'java-*',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'lsb-release',
  'magic*',
  'mime.types',
  'mailcap',
  'nodejs',
  'os-release',
  'perl',
  'php',
  'profile',
  'protocols',
  'python3*',
  'ruby',
  'services',
  'terminfo',
  'timezone',
];
const HOST_SSL_ENTRIES: readonly string[] = ['openssl.cnf'];

/** Absolute paths of the host's /etc that a box may read, as far as they exist. */
export function hostEtcEntries(): string[] {
  const matching = (folder: string, wanted: readonly string[]): string[] =>
    names(folder)
      .filter((name) =>
        wanted.some((w) => (w.endsWith('*') ? name.startsWith(w.slice(0, -1)) : name === w)),
      )
      .map((name) => `${folder}/${name}`);
  return [...matching('/etc', HOST_ENTRIES), ...matching('/etc/ssl', HOST_SSL_ENTRIES)];
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
