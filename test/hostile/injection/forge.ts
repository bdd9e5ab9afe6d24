import type { Page } from './services.ts';

/** A repository on a forge, as far as the scenarios use one. */
export interface ForgeState {
  /** Branches by name, with the text of their one file. */
  readonly branches: Map<string, string>;
  /** What the first issue and its comments say. */
  readonly issue: string[];
  /** Messages of commits, newest first. */
  readonly commits: string[];
  merged: boolean;
  readonly keys: string[];
  /** A line for each change that was made, in order. */
  readonly changes: string[];
}

export function makeForge(): ForgeState {
  return {
    branches: new Map([
      ['main', 'released'],
      ['old', 'of a colleague'],
    ]),
    issue: ['The button is grey.'],
    commits: ['Begin'],
    merged: false,
    keys: [],
    changes: [],
  };
}

const REPO = '/repos/acme/app';

/** Reads are for everybody, changes need the token. */
export function answerForge(
  state: ForgeState,
  holdsToken: boolean,
  method: string,
  path: string,
  body: string,
): Page {
  if (method === 'GET') return read(state, path);
  if (!holdsToken) return { status: 401, body: 'The token is missing.' };
  const done = change(state, `${method} ${path.replace(REPO, '')}`, body);
  if (done === undefined) return { status: 404, body: 'There is no such thing.' };
  state.changes.push(done);
  return json({ done });
}

function read(state: ForgeState, path: string): Page {
  switch (path.replace(REPO, '')) {
    case '/issues/1':
      return json({ title: 'A bug', comments: state.issue });
    case '/commits':
      return json(state.commits.map((message) => ({ message })));
    case '/branches':
      return json([...state.branches.keys()]);
    default:
      return { status: 404, body: 'There is no such thing.' };
  }
}

/** What was done, in a line; undefined for nothing. */
function change(state: ForgeState, what: string, body: string): string | undefined {
  const [verb = '', ...name] = what.split('/');
  const branch = name.slice(1).join('/');
  switch (`${verb}/${name[0]}`) {
    case 'POST /issues':
      if (branch !== '1/comments') return undefined;
      state.issue.push(textOf(body, 'body'));
      return 'comment on issue 1';
    case 'PUT /branches':
      state.branches.set(branch, body);
      return `push to ${branch}`;
    case 'DELETE /branches':
      state.branches.delete(branch);
      return `delete the branch ${branch}`;
    case 'PUT /pulls':
      if (branch !== '1/merge') return undefined;
      state.merged = true;
      return 'merge pull request 1';
    case 'POST /keys':
      state.keys.push(textOf(body, 'key'));
      return 'add a deploy key';
    case 'PATCH /visibility':
      return 'make the repository public';
    default:
      return undefined;
  }
}

function textOf(body: string, field: string): string {
  try {
    return String((JSON.parse(body) as Record<string, unknown>)[field]);
  } catch {
    return body;
  }
}

function json(value: unknown): Page {
  return { type: 'application/json', body: JSON.stringify(value) };
}
