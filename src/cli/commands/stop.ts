import { Command } from 'commander';
import { findRecord } from '../../host/box-record.ts';
import { stopBox } from '../../host/stop-box.ts';
import type { CliContext } from '../context.ts';

export function stopCommand(context: CliContext): Command {
  return new Command()
    .description('End boxes: the program is asked first, then everything in the box is killed.')
    .argument('<box...>', 'ids of boxes, or their beginnings')
    .addHelpText('after', '\nExample:\n  powerbox stop bx-7k2m9qpa')
    .action(async (boxes: string[]) => {
      const home = context.home();
      for (const record of boxes.map((box) => findRecord(home, box))) {
        await stopBox(home, record);
        context.out(record.id);
      }
    });
}
