import { Command, InvalidArgumentError } from 'commander';
import type { JournalFilter } from '../../journal/query.ts';
import type { JournalRecord } from '../../journal/record.ts';
import type { CliContext } from '../context.ts';
import { logLine } from '../render/log-line.ts';
import { jsonLine } from '../render/text.ts';
import { parseSince } from '../render/time.ts';

/** Records shown without --limit; a screen's worth of screens, with a word when there are more. */
const LOG_RECORDS_DEFAULT = 1_000;

/** Beginnings and ends of guests that names are taken from; older guests are shown by their ids. */
const NAMES_MAX = 10_000;

interface LogOptions {
  readonly follow?: true;
  readonly denied?: true;
  readonly json?: true;
  readonly since?: string;
  readonly limit?: number;
  readonly guest?: string;
  readonly grant?: string;
}

export function logCommand(context: CliContext): Command {
  const command = new Command('log')
    .description('Show what boxes did: every connection, request, refusal, start and end.')
    .argument('[box]', 'only this box')
    .option('-f, --follow', 'keep showing new records')
    .option('--denied', 'only what was refused')
    .option('--guest <guest>', 'only what this guest did, and what was done to it')
    .option('--grant <id>', 'only this grant, and what hangs on it')
    .option('--since <when>', 'only from this time on: a span (1h, 7d) or a date')
    .option('--limit <n>', `the newest so many (default ${LOG_RECORDS_DEFAULT})`, parseLimit)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', EXAMPLE)
    .action((box: string | undefined, options: LogOptions) => showLog(context, box, options));
  command.addCommand(verifyCommand(context));
  return command;
}

const EXAMPLE = `
Examples:
  $ powerbox log --denied --since 1h
  $ powerbox log amber-fox --follow
  $ powerbox log --guest alice
  $ powerbox log verify`;

function verifyCommand(context: CliContext): Command {
  return new Command('verify')
    .description('Prove that no row of the journal was changed, moved, added or taken away.')
    .option('--expect <seq:mac>', 'also that this head, noted earlier, is still in it')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  $ powerbox log verify --expect 42:9f86d0…')
    .action(async (_options: unknown, self: Command) => {
      // `log` has a --json too, and takes it when it stands before or after `verify`.
      const { expect, json } = self.optsWithGlobals<{ expect?: string; json?: true }>();
      const { parseExpectedHead, verifyJournal } = await import('../../journal/verify.ts');
      const { deriveKey, loadKey } = await import('../../vault/key.ts');
      const head = expect === undefined ? undefined : parseExpectedHead(expect);
      const key = deriveKey(loadKey(context.home()), 'journal');
      const verified = verifyJournal(context.home(), key, head);
      if (json) context.out(jsonLine({ ok: true, ...verified }));
      else {
        context.out(`The journal is whole: ${verified.rows} rows.`);
        context.out(`head ${verified.rows}:${verified.head}`);
      }
    });
}

function parseLimit(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is a count from 1 up.');
  return Number(text);
}

async function showLog(
  context: CliContext,
  box: string | undefined,
  options: LogOptions,
): Promise<void> {
  const { queryJournal } = await import('../../journal/query.ts');
  const { sweepHome } = await import('../../host/sweep.ts');
  // A box that was killed together with its egress has nobody else to tell of its end.
  sweepHome(context.home());
  const limit = options.limit ?? LOG_RECORDS_DEFAULT;
  const filter: JournalFilter = {
    ...(box === undefined ? {} : { box }),
    ...(options.denied ? { denied: true } : {}),
    ...(options.guest === undefined ? {} : { guest: await guestId(context, options.guest) }),
    ...(options.grant === undefined ? {} : { grant: options.grant }),
    ...(options.since === undefined ? {} : { since: parseSince(options.since, Date.now()) }),
    // One more than is shown tells whether there are more.
    limit: limit + 1,
  };
  const names = new Map<string, string>();
  const learn = (record: JournalRecord): void => {
    if (record.kind === 'guest') names.set(record.guest, record.name);
  };
  if (!options.json)
    queryJournal(context.home(), { kinds: ['guest'], limit: NAMES_MAX }).forEach(learn);
  const print = (record: JournalRecord): void => {
    learn(record);
    const line = () => logLine(record, context.colour, (id) => names.get(id) ?? id);
    context.out(options.json ? recordLine(record) : line());
  };
  if (options.follow) return followLog(context, filter, limit, print);
  const found = queryJournal(context.home(), filter);
  if (found.length > limit && options.limit === undefined) {
    context.err(`Only the newest ${limit} records are shown; --limit N shows more.`);
  }
  for (const record of found.slice(-limit)) print(record);
}

/** Rows name guests by their ids; the newest guest that had a name is meant by it. */
async function guestId(context: CliContext, wanted: string): Promise<string> {
  if (wanted === 'host') return wanted;
  const { findGuest } = await import('./guest.ts');
  return findGuest(await (await context.daemon()).guests(true), wanted).id;
}

/** First what is there already, then what comes; ends when the reader goes away or interrupts. */
async function followLog(
  context: CliContext,
  filter: JournalFilter,
  limit: number,
  print: (record: JournalRecord) => void,
): Promise<void> {
  const { followJournal } = await import('../../journal/follow.ts');
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    for await (const record of followJournal(context.home(), { ...filter, limit }, stop.signal)) {
      print(record);
    }
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
}

/** Times are ISO 8601 in UTC; the other fields are those of `src/wire/journal-entry.ts`. */
function recordLine(record: JournalRecord): string {
  return jsonLine({ ...record, time: new Date(record.time).toISOString() });
}
