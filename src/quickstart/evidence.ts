import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMIT_SUBJECT, partsOf } from './agent-script.ts';
import type { CommandResult } from './command-line.ts';
import { API_HOST, type Demo, EVIL_HOST, GIT_HOST } from './demo.ts';
import { leaksIn } from './leaks.ts';
import { headerOf, type ReceivedRequest } from './service.ts';

/** Everything that can be known after the run, from both sides of the wall. */
export interface Evidence {
  readonly token: string;
  readonly run: CommandResult;
  /** Of `powerbox eval`. */
  readonly code: CommandResult;
  /** The parts of what the script printed. */
  readonly parts: ReadonlyMap<string, string>;
  /** What the box had for a token. */
  readonly placeholder: string;
  /** Every file in the workspace, one after the other. */
  readonly files: string;
  /** The authorization headers that the API and the git server received, decoded. */
  readonly apiReceived: readonly string[];
  readonly gitReceived: readonly string[];
  readonly evilConnections: number;
  readonly commits: readonly string[];
  /** Of `powerbox log --json`. */
  readonly log: CommandResult;
  readonly verify: CommandResult;
}

export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

export function gather(
  demo: Demo,
  workspace: string,
  results: Pick<Evidence, 'run' | 'code' | 'log' | 'verify'>,
): Evidence {
  const parts = partsOf(results.run.stdout);
  return {
    ...results,
    token: demo.token,
    parts,
    placeholder: parts.get('variable') ?? '',
    files: contentOf(workspace),
    apiReceived: credentialsOf(demo.api.requests),
    gitReceived: credentialsOf(demo.git.requests),
    evilConnections: demo.evil.connections(),
    commits: demo.git.subjects(),
  };
}

/** What the quickstart says of Powerbox, and whether it was so this time. */
export function claims(evidence: Evidence): readonly Claim[] {
  const { token, run, parts, placeholder, files, apiReceived, gitReceived, log } = evidence;
  const part = (name: string): string => parts.get(name) ?? '';
  const isPlaceholder = placeholder.length === token.length && placeholder !== token;
  const clean = (text: string): boolean => leaksIn(text, token).length === 0;
  const bearer = `Bearer ${token}`;
  return [
    { text: 'The script ran to its end.', holds: run.status === 0 },
    {
      text: 'Nothing that the box printed or wrote holds any part of the token.',
      holds: isPlaceholder && clean(run.stdout) && clean(run.stderr) && clean(files),
    },
    {
      text: 'The API received the token, and nothing else.',
      holds:
        part('me').endsWith('200') &&
        apiReceived.length === 3 &&
        apiReceived.every((each) => each === bearer),
    },
    {
      text: 'Its echo of the token reached the box as the placeholder.',
      holds: part('echo').includes(`Bearer ${placeholder}`),
    },
    {
      text: 'git cloned and pushed with the token, and the commit arrived.',
      holds:
        gitReceived.length > 0 &&
        gitReceived.every((each) => each === `agent:${token}`) &&
        evidence.commits[0] === COMMIT_SUBJECT,
    },
    {
      text: 'The thief got no connection, and the script was told why.',
      holds:
        evidence.evilConnections === 0 &&
        part('theft').endsWith('403') &&
        part('theft').includes('"not-granted"'),
    },
    {
      text: 'The code used the API with the token, and found nothing else.',
      holds:
        evidence.code.status === 0 &&
        evidence.code.stdout.trim() === '[200,"undefined","undefined"]' &&
        clean(evidence.code.stderr),
    },
    {
      text: 'The journal has all of it, unbroken, and no part of the token.',
      holds:
        [API_HOST, GIT_HOST, EVIL_HOST].every((host) => log.stdout.includes(host)) &&
        log.stdout.includes('"kind":"compartment"') &&
        clean(log.stdout) &&
        evidence.verify.status === 0,
    },
  ];
}

/** The authorization headers in order; of HTTP Basic, the user name and password. */
function credentialsOf(requests: readonly ReceivedRequest[]): readonly string[] {
  return requests.flatMap((request) => {
    const value = headerOf(request, 'authorization');
    if (value === undefined) return [];
    const pair = /^basic (.*)$/i.exec(value)?.[1];
    return [pair === undefined ? value : Buffer.from(pair, 'base64').toString()];
  });
}

function contentOf(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}
