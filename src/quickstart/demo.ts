import { randomBytes } from 'node:crypto';
import type { HostOverride } from '../egress/protocol.ts';
import { type Authority, makeAuthority } from './certificates.ts';
import { type GitService, startGitService } from './git-service.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';

export const API_HOST = 'api.acme.example';
export const GIT_HOST = 'git.acme.example';
/** A server that is really there, so that "nothing arrived" says something. */
export const EVIL_HOST = 'evil.example';

/** A firm with an API and a git server, and a thief with a server. All of it on 127.0.0.1. */
export interface Demo {
  /** What the API wants as a bearer token and the git server as a password. New each time. */
  readonly token: string;
  readonly authority: Authority;
  readonly api: Service;
  readonly git: GitService;
  readonly evil: Service;
  /** `egress.hosts` of a config.json by which a box reaches all three. */
  readonly hosts: Readonly<Record<string, HostOverride>>;
  close(): Promise<void>;
}

/** The three are also good for the name `localhost`, for clients without a box. */
export async function startDemo(options: Pick<ServiceOptions, 'handle'> = {}): Promise<Demo> {
  const authority = makeAuthority();
  const token = newToken();
  const certificate = authority.issue([API_HOST, GIT_HOST, EVIL_HOST, 'localhost']);
  const [api, git, evil] = await Promise.all([
    startService({ certificate, token, ...options }),
    startGitService({ certificate, token }),
    startService({ certificate, token }),
  ]);
  const at = (port: number): HostOverride => ({
    connect: `127.0.0.1:${port}`,
    ca: authority.certificate,
  });
  return {
    token,
    authority,
    api,
    git,
    evil,
    hosts: {
      [`${API_HOST}:443`]: at(api.port),
      [`${GIT_HOST}:443`]: at(git.port),
      [`${EVIL_HOST}:443`]: at(evil.port),
    },
    async close() {
      await Promise.all([api.close(), git.close(), evil.close()]);
      authority.close();
    },
  };
}

/** 26 characters, with the kind of beginning that real services give their tokens. */
function newToken(): string {
  const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
  const random = [...randomBytes(21)].map((byte) => alphabet[byte % alphabet.length]);
  return `acme_${random.join('')}`;
}
