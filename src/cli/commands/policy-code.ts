import type { Lacks } from '../../policy/check-needs.ts';
import { EMPTY_COMPARTMENT } from '../../policy/compartment.ts';
import { type Found, type Note, type Place, placeText } from '../../policy/needs.ts';
import type { CliContext } from '../context.ts';
import { jsonLine, visible } from '../render/text.ts';
import { readPolicyFile } from './policy-files.ts';

export interface CodeFlags {
  readonly code: string;
  readonly name?: string;
  readonly for?: 'compartment' | 'box';
  readonly json?: boolean;
}

/** One program and what it lacks. */
interface Checked extends Lacks {
  readonly name: string;
}

/** `policy check --code`: false when code needs more than the policy gives. */
export async function checkCode(
  context: CliContext,
  file: string,
  flags: CodeFlags,
): Promise<boolean> {
  const policy = await readPolicyFile(context, file);
  const { readEntries } = await import('../../host/read-code.ts');
  const { judgePower, judgeRules } = await import('../../host/judge-policy.ts');
  const { lacksOfBox, lacksOfCompartment } = await import('../../policy/check-needs.ts');
  const { compartmentOf } = await import('../../policy/compartment.ts');
  const entries = await readEntries(flags.code, context.cwd);
  const checked = entries.map(({ name, needs }): Checked => {
    if (flags.for === 'box') return { name, ...lacksOfBox(needs, policy, judgeRules) };
    const own = flags.name ?? name;
    const compartment = compartmentOf(policy.compartments, own) ?? EMPTY_COMPARTMENT;
    return { name: own, ...lacksOfCompartment(needs, compartment, judgePower) };
  });
  await print(context, checked, flags.json === true);
  return checked.every(({ lacks }) => lacks.length === 0);
}

async function print(
  context: CliContext,
  checked: readonly Checked[],
  json: boolean,
): Promise<void> {
  const { sayNeed } = await import('../../policy/check-needs.ts');
  for (const { name, lacks, notes } of checked) {
    for (const found of lacks) {
      if (json) context.out(jsonLine({ name, needs: sayNeed(found), ...placeOf(found) }));
      else {
        const place = sayPlace(found.at);
        context.out(
          visible(`${name} needs ${sayNeed(found)}${place}, which the policy does not give.`),
        );
      }
    }
    if (!json) {
      for (const { text, at } of notes) {
        context.err(visible(`not decided: ${name} ${text}${sayPlace(at)}.`));
      }
    }
  }
}

function sayPlace(at: Place | null): string {
  return at === null ? '' : ` (${placeText(at)})`;
}

function placeOf({ at }: Found | Note): Partial<Place> {
  return at === null ? {} : { file: at.file, line: at.line };
}
