import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { jsonLine } from '../render/text.ts';
import { readPolicyFile, readPolicyText } from './policy-files.ts';

/** As diff(1) says it. */
const EXIT_DIFFERENT = 1;

export function diffCommand(context: CliContext): Command {
  return new Command('diff')
    .description('say in words what one policy file gives and another does not')
    .argument('<old>', 'a policy file; an empty one gives nothing')
    .argument('<new>', 'a policy file')
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      '\nExits with 0 when both say the same and with 1 when not.\n\nExample:\n  $ git show HEAD:powerbox.json > /tmp/old.json; powerbox policy diff /tmp/old.json powerbox.json',
    )
    .action(async (old: string, now: string, { json }: { readonly json?: true }) => {
      const { diffPolicy } = await import('../../policy/diff.ts');
      const isEmpty = readPolicyText(context, old).trim() === '';
      const before = isEmpty ? null : await readPolicyFile(context, old);
      const lines = diffPolicy(before, await readPolicyFile(context, now));
      for (const change of lines) {
        const sentence = /^[A-Za-z0-9][A-Za-z0-9._-]*: /.test(change) ? change : `a box ${change}`;
        context.out(json === true ? jsonLine({ change: sentence }) : sentence);
      }
      if (lines.length > 0) context.exit(EXIT_DIFFERENT);
    });
}
