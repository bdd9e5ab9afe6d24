import { Command } from 'commander';
import type { Kit } from '../../kits/kit.ts';
import { findKit, KITS } from '../../kits/kits.ts';
import type { CliContext } from '../context.ts';
import { table } from '../render/table.ts';
import { jsonLine } from '../render/text.ts';

export function kitCommand(context: CliContext): Command {
  const command = new Command().description('Ready bundles for known programs: `run --kit NAME`.');
  command
    .command('ls')
    .description('List the kits.')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  powerbox kit ls')
    .action((flags: { json?: true }) => {
      if (flags.json) {
        for (const kit of KITS) context.out(jsonLine(kit));
        return;
      }
      const rows = KITS.map(({ name, summary, secrets }) => [name, summary, secrets.join(', ')]);
      for (const line of table([['KIT', 'PROGRAM', 'SECRETS'], ...rows])) context.out(line);
    });
  command
    .command('show')
    .description('Show what a kit mounts, allows and sets.')
    .argument('<name>', 'a kit that `kit ls` lists')
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  powerbox kit show codex')
    .action((name: string, flags: { json?: true }) => {
      const kit = findKit(name);
      if (flags.json) context.out(jsonLine(kit));
      else for (const line of table(rowsOf(kit))) context.out(line);
    });
  return command.addHelpText('after', '\nExample:\n  powerbox kit show codex');
}

/** The name of a part stands on its first row only. */
function rowsOf(kit: Kit): string[][] {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['kit', [`${kit.name} (${kit.summary})`]],
    ['secrets', kit.secrets.map((secret) => shownAs(kit, secret))],
    ['allows', kit.rules],
    ['copies', kit.folders.flatMap(({ path, files }) => files.map((file) => `~/${path}/${file}`))],
    [
      'makes',
      kit.folders.flatMap(({ path, made = [] }) => made.map((file) => `~/${path}/${file.path}`)),
    ],
    ['sets', Object.entries(kit.env).map(([name, value]) => `${name}=${value}`)],
  ];
  return parts.flatMap(([part, lines]) => lines.map((line, row) => [row === 0 ? part : '', line]));
}

function shownAs(kit: Kit, secret: string): string {
  const others = kit.variables[secret] ?? [];
  return others.length === 0 ? secret : `${secret} (shown as ${others.join(', ')} too)`;
}
