import { Command, Option } from 'commander';
import type { Policy } from '../../policy/policy.ts';
import type { Rule } from '../../policy/rule.ts';
import { ERRORS, PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { jsonLine } from '../render/text.ts';
import type { CodeFlags } from './policy-code.ts';
import { diffCommand } from './policy-diff.ts';
import { DEFAULT_FILE, readPolicyFile } from './policy-files.ts';
import { generateCommand } from './policy-generate.ts';
import { replayCommand } from './policy-replay.ts';

/** Whatever the code of the refusal: the question was understood, and the answer is no. */
const EXIT_REFUSED = ERRORS['not-granted'].exit;

/** `powerbox policy`: what rules and policy files say, without starting anything. */
export function policyCommand(context: CliContext): Command {
  return new Command('policy')
    .description('generate, explain, compare and check rules and policy files')
    .addCommand(schemaCommand(context))
    .addCommand(checkCommand(context))
    .addCommand(explainCommand(context))
    .addCommand(generateCommand(context))
    .addCommand(diffCommand(context))
    .addCommand(replayCommand(context))
    .addHelpText('after', '\nExample:\n  $ powerbox policy explain powerbox.json');
}

function schemaCommand(context: CliContext): Command {
  return new Command('schema')
    .description('print the JSON Schema of powerbox.json')
    .addHelpText('after', '\nExample:\n  $ powerbox policy schema > powerbox.schema.json')
    .action(async () => {
      const { policyJsonSchema } = await import('../../policy/file.ts');
      context.out(JSON.stringify(policyJsonSchema(), null, 2));
    });
}

function checkCommand(context: CliContext): Command {
  return new Command('check')
    .description('say whether a request would be allowed, or whether code needs more than is given')
    .usage(
      '[options] [RULE|FILE...] -- METHOD URL\n       powerbox policy check --code PATH [FILE]',
    )
    .argument('[words...]', 'rules or policy files, then the method and the URL of a request')
    .option('--allow-all-hosts', 'accept the rule *')
    .option('--code <path>', 'check what this code needs against the policy file')
    .option('--name <name>', 'of the code: the compartment that it runs in')
    .addOption(
      new Option('--for <what>', 'of the code: a compartment, or the box of a process').choices([
        'compartment',
        'box',
      ]),
    )
    .option('--json', 'print one JSON object, of code one a line')
    .addHelpText('after', CHECK_HELP)
    .action(async (words: string[], options: CheckFlags) => {
      const { code } = options;
      if (code !== undefined) await runCodeCheck(words, { ...options, code }, context);
      else await runRequestCheck(words, options, context);
    });
}

const CHECK_HELP = `
Exits with 0 when it is allowed and 77 when not. A word that ends in .json and has no ://
names a policy file. Of code, what only the run can tell is told on standard error.

Examples:
  $ powerbox policy check 'GET https://api.github.com/repos/acme/**' -- GET https://api.github.com/repos/acme/x
  $ powerbox policy check --code src/search-tool.ts powerbox.json`;

interface CheckFlags extends RuleFlags, Partial<CodeFlags> {}

async function runCodeCheck(
  words: readonly string[],
  flags: CodeFlags,
  context: CliContext,
): Promise<void> {
  if (words.length > 1) {
    throw new PowerboxError('usage', 'Cannot check code: there is more than one policy file.');
  }
  const { checkCode } = await import('./policy-code.ts');
  const isGiven = await checkCode(context, words[0] ?? DEFAULT_FILE, flags);
  if (!isGiven) context.exit(EXIT_REFUSED);
}

async function runRequestCheck(
  words: readonly string[],
  options: CheckFlags,
  context: CliContext,
): Promise<void> {
  const [method, url] = words.slice(-2);
  if (method === undefined || url === undefined) {
    throw new PowerboxError('usage', 'Cannot check a request: METHOD and URL are missing.', {
      hint: 'End the line with -- METHOD URL.',
    });
  }
  const rules = await readRules(words.slice(0, -2), options, context);
  await printCheck(rules, method, url, options.json === true, context);
}

function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('say in words what rules or a policy file allow')
    .argument('[words...]', `rules or policy files; ${DEFAULT_FILE} of this folder when left out`)
    .option('--allow-all-hosts', 'accept the rule *')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', "\nExample:\n  $ powerbox policy explain 'GET api.example.com/v1/**'")
    .action(async (words: string[], options: RuleFlags) => {
      const given = words.length === 0 ? [DEFAULT_FILE] : words;
      const policies = await readPolicies(given, options, context);
      const rules = policies.flatMap((policy) => policy.rules);
      const { explain } = await import('../../policy/explain.ts');
      const { explainCompartments } = await import('../../policy/explain-compartments.ts');
      for (const [index, sentence] of explain(rules).entries()) {
        const rule = rules[index]?.text ?? null;
        context.out(options.json === true ? jsonLine({ rule, sentence }) : sentence);
      }
      for (const { compartments = {} } of policies) {
        for (const line of explainCompartments(compartments)) {
          context.out(options.json === true ? jsonLine(line) : line.sentence);
        }
      }
    });
}

interface RuleFlags {
  readonly json?: boolean;
  readonly allowAllHosts?: boolean;
}

async function printCheck(
  rules: readonly Rule[],
  method: string,
  url: string,
  json: boolean,
  context: CliContext,
): Promise<void> {
  const { checkRules } = await import('../../policy/explain.ts');
  const { httpKind } = await import('../../powers/http/kind.ts');
  const check = checkRules(httpKind, rules, method, url);
  if (!check.allow) context.exit(EXIT_REFUSED);
  if (json) {
    const { allow } = check;
    context.out(jsonLine(check.allow ? { allow, rule: check.rule.text } : check));
  } else {
    context.out(check.allow ? `allowed by ${check.rule.text}` : `refused: ${check.reason}`);
  }
}

async function readRules(
  words: readonly string[],
  flags: RuleFlags,
  context: CliContext,
): Promise<readonly Rule[]> {
  return (await readPolicies(words, flags, context)).flatMap(({ rules }) => rules);
}

async function readPolicies(
  words: readonly string[],
  flags: RuleFlags,
  context: CliContext,
): Promise<readonly (Pick<Policy, 'rules'> & Partial<Policy>)[]> {
  const options = { allowAllHosts: flags.allowAllHosts === true };
  const { parseRules } = await import('../../policy/rules.ts');
  return Promise.all(
    words.map(async (word) =>
      isFile(word)
        ? readPolicyFile(context, word, options)
        : { rules: await parseRules([word], options) },
    ),
  );
}

/** Decided by the word alone, so that a rule means the same in every folder. */
function isFile(word: string): boolean {
  return word.endsWith('.json') && !word.includes('://') && !word.includes(' ');
}
