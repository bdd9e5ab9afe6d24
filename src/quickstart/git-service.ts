import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerCertificate } from './certificates.ts';
import { listen, type ReceivedRequest, record, shut } from './service.ts';

/** The head of a CGI answer is a few lines; more than this is none. */
const CGI_HEAD_BYTES_MAX = 16 * 1024;

/** A git server that speaks the smart HTTP protocol with the real `git http-backend`. */
export interface GitService {
  readonly port: number;
  /** The bare repository, served as `/notes.git`, with one commit on its branch `main`. */
  readonly repository: string;
  /** Every request in order of arrival. */
  readonly requests: ReceivedRequest[];
  /** Subjects of the commits on `branch` (`main` if not said), newest first. */
  subjects(branch?: string): readonly string[];
  /** Ends it, its connections and its programs, and removes the repository. */
  close(): Promise<void>;
}

export interface GitServiceOptions {
  readonly certificate: ServerCertificate;
  /** The password of HTTP Basic that reads and writes need; the user name may be any. */
  readonly token: string;
}

export async function startGitService(options: GitServiceOptions): Promise<GitService> {
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-git-'));
  const repository = join(folder, 'notes.git');
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const requests: ReceivedRequest[] = [];
  const running = new Set<ChildProcess>();
  const { cert, key } = options.certificate;
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(record(request));
    if (passwordOf(request) === options.token) runBackend(folder, request, response, running);
    else refuse(response);
  });
  try {
    makeRepository(folder, repository);
    const port = await listen(server);
    return {
      port,
      repository,
      requests,
      subjects: (branch = 'main') =>
        git(folder, ['-C', repository, 'log', '--format=%s', branch]).trim().split('\n'),
      async close() {
        await shut(server);
        await Promise.all([...running].map(end));
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Nothing of the caller's git: no user's or system's configuration, no variables. */
function gitEnvironment(folder: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: folder,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
  };
}

function git(folder: string, args: readonly string[], input = ''): string {
  return execFileSync('git', args, { env: gitEnvironment(folder), input, encoding: 'utf8' });
}

function makeRepository(folder: string, repository: string): void {
  git(folder, ['init', '--quiet', '--bare', '--initial-branch=main', repository]);
  git(folder, ['-C', repository, 'config', 'http.receivepack', 'true']);
  git(folder, ['-C', repository, 'fast-import', '--quiet'], FIRST_COMMIT);
}

const FIRST_COMMIT = `commit refs/heads/main
committer Demo <demo@acme.example> 1700000000 +0000
data <<END
First notes
END
M 644 inline notes.txt
data <<END
Buy milk.
END
`;

function passwordOf(request: IncomingMessage): string | undefined {
  const [scheme, encoded] = (request.headers.authorization ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'basic' || encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString();
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

function refuse(response: ServerResponse): void {
  response.writeHead(401, {
    'www-authenticate': 'Basic realm="notes"',
    'content-type': 'text/plain',
  });
  response.end('A user name and a token are needed.\n');
}

/** One request by the Common Gateway Interface (RFC 3875). */
function runBackend(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
  running: Set<ChildProcess>,
): void {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const { headers } = request;
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: {
      ...gitEnvironment(folder),
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GATEWAY_INTERFACE: 'CGI/1.1',
      REQUEST_METHOD: request.method ?? '',
      PATH_INFO: decodeURIComponent(path),
      QUERY_STRING: query,
      REMOTE_USER: 'demo',
      REMOTE_ADDR: '127.0.0.1',
      CONTENT_TYPE: headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: headers['content-encoding'] ?? '',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      ...(headers['content-length'] === undefined
        ? {}
        : { CONTENT_LENGTH: headers['content-length'] }),
    },
  });
  running.add(backend);
  backend.on('close', () => running.delete(backend));
  backend.on('error', () => response.destroy());
  // The backend may be done before it has read everything.
  backend.stdin.on('error', () => {});
  request.pipe(backend.stdin);
  response.on('close', () => backend.kill());
  copyAnswer(backend, response);
}

/** The backend writes header lines, an empty line and the body; `Status:` is the first line's. */
function copyAnswer(backend: ChildProcess, response: ServerResponse): void {
  const output = backend.stdout;
  if (output === null) return;
  let head = Buffer.alloc(0);
  const gather = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = /\r?\n\r?\n/.exec(head.toString('latin1'));
    if (end === null) {
      if (head.length > CGI_HEAD_BYTES_MAX) response.destroy();
      return;
    }
    output.off('data', gather);
    for (const line of head.toString('latin1', 0, end.index).split(/\r?\n/)) {
      const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? [];
      if (name.toLowerCase() === 'status') response.statusCode = Number.parseInt(value, 10);
      else if (name !== '') response.setHeader(name, value);
    }
    response.write(head.subarray(end.index + end[0].length));
    output.pipe(response);
  };
  output.on('data', gather);
  output.on('end', () => response.end());
}

async function end(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const closed = new Promise<void>((done) => program.once('close', () => done()));
  program.kill('SIGKILL');
  await closed;
}
