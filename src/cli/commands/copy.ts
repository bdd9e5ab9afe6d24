import { Command } from 'commander';
import type { Mount } from '../../boxes/contract.ts';
import { applyCopy, type CopyChange, diffCopy, discardCopy } from '../../boxes/process/copy.ts';
import { type BoxRecord, findRecord, isRunning, removeBox } from '../../host/box-record.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { type Paint, painter } from '../render/colour.ts';
import { jsonLine, visible } from '../render/text.ts';

export function diffCommand(context: CliContext): Command {
  return new Command()
    .description('Show what a box changed in the folders that it has as a copy.')
    .argument('<box>', 'id of the box, or its beginning')
    .option('--names', 'only the names of what changed')
    .option('--json', 'one JSON object a changed path')
    .addHelpText('after', '\nExample:\n  powerbox diff bx-7k2m9qpa --names')
    .action((box: string, flags: { names?: true; json?: true }) => {
      const paint = painter(context.colour);
      for (const mount of copiesOf(findRecord(context.home(), box))) {
        const { changes, text } = diffCopy(mount);
        if (flags.json)
          for (const change of changes) context.out(jsonLine({ mount: mount.target, ...change }));
        else if (flags.names) for (const change of changes) context.out(nameLine(change, paint));
        else
          for (const line of text.split('\n')) if (line !== '') context.out(paintLine(line, paint));
      }
    });
}

export function applyCommand(context: CliContext): Command {
  return new Command()
    .description(
      'Take what a box changed in its copies into the real folders, and drop the copies.',
    )
    .argument('<box>', 'id of the box, or its beginning')
    .option('--force', 'also over files that changed here since the box started')
    .addHelpText('after', '\nExample:\n  powerbox diff bx-7k2m9qpa && powerbox apply bx-7k2m9qpa')
    .action((box: string, flags: { force?: true }) => {
      const home = context.home();
      const record = ended(findRecord(home, box));
      const copies = copiesOf(record);
      for (const mount of copies) {
        const { applied, refused } = applyCopy(mount, { force: flags.force === true });
        for (const change of applied) context.out(nameLine(change, painter(context.colour)));
        for (const path of refused)
          context.err(`powerbox: left out ${visible(path)}: the host would execute it.`);
      }
      removeBox(home, record.id);
    });
}

export function discardCommand(context: CliContext): Command {
  return new Command()
    .description('Drop what a box changed in its copies, and forget the box.')
    .argument('<box>', 'id of the box, or its beginning')
    .addHelpText('after', '\nExample:\n  powerbox discard bx-7k2m9qpa')
    .action((box: string) => {
      const home = context.home();
      const record = ended(findRecord(home, box));
      for (const mount of copiesOf(record)) discardCopy(mount);
      removeBox(home, record.id);
      context.out(record.id);
    });
}

function copiesOf(record: BoxRecord): readonly Mount[] {
  const copies = record.mounts.filter((mount) => mount.access === 'copy');
  if (copies.length === 0) {
    throw new PowerboxError('box-no-copy', `Cannot find changes of ${record.id}: it has no copy.`);
  }
  return copies;
}

function ended(record: BoxRecord): BoxRecord {
  if (isRunning(record)) {
    throw new PowerboxError(
      'box-running',
      `Cannot change the copy of ${record.id}: it is running.`,
    );
  }
  return record;
}

function nameLine(change: CopyChange, paint: Paint): string {
  const colour =
    change.change === 'added' ? 'green' : change.change === 'removed' ? 'red' : 'yellow';
  return paint(colour, `${change.change.padEnd(7)} ${visible(change.path)}`);
}

function paintLine(line: string, paint: Paint): string {
  const text = visible(line);
  if (/^(\+\+\+|---|diff |index )/.test(text)) return paint('bold', text);
  if (text.startsWith('+')) return paint('green', text);
  return text.startsWith('-') ? paint('red', text) : text;
}
