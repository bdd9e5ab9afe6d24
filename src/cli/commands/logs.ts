import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { findRecord, isRunning } from '../../host/box-record.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { hasOutput, outputPath } from '../detach.ts';

const FOLLOW_MS = 100;

export function logsCommand(context: CliContext): Command {
  return new Command()
    .description(
      'Show what the program of a detached box printed. What it did is in `powerbox log`.',
    )
    .argument('<box>', 'id of the box, or its beginning')
    .option('-f, --follow', 'keep showing until the box ends')
    .addHelpText('after', '\nExample:\n  powerbox logs bx-7k2m9qpa --follow')
    .action(async (box: string, flags: { follow?: true }) => {
      const home = context.home();
      const record = findRecord(home, box);
      if (!hasOutput(home, record.id)) {
        throw new PowerboxError(
          'box-ended',
          `Cannot show the output of ${record.id}: it went to its own terminal.`,
          {
            hint: 'Start boxes with --detach to keep their output.',
          },
        );
      }
      const file = openSync(outputPath(home, record.id), 'r');
      try {
        let running = flags.follow === true && isRunning(record);
        copyRest(file);
        while (running) {
          await sleep(FOLLOW_MS);
          running = isRunning(record);
          copyRest(file);
        }
      } finally {
        closeSync(file);
      }
    });
}

/** The bytes as the program wrote them: this is its terminal, later. */
function copyRest(file: number): void {
  const chunk = Buffer.alloc(65_536);
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    process.stdout.write(Buffer.from(chunk.subarray(0, read)));
  }
}
