import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Rule } from '../../policy/rule.ts';
import { ERRORS, PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';

const DEFAULT_FILE = 'powerbox.json';

/** Whatever the code of the refusal: the question was understood, and the answer is no. */
const EXIT_REFUSED = ERRORS['not-granted'].exit;

/** `powerbox policy`: what rules and policy files say, without starting anything. */
export function policyCommand(context: CliContext): Command {
  return new Command('policy')
    .description('explain and check rules and policy files')
    .addCommand(schemaCommand(context))
    .addCommand(checkCommand(context))
    .addCommand(explainCommand(context))
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
    .description('say whether a request would be allowed, and by which rule')
    .usage('[options] [RULE|FILE...] -- METHOD URL')
    .argument('[words...]', 'rules or policy files, then the method and the URL of a request')
    .option('--allow-all-hosts', 'accept the rule *')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      "\nExits with 0 when it is allowed and 77 when not. A word that ends in .json and has no ://\nnames a policy file.\n\nExample:\n  $ powerbox policy check 'GET https://api.github.com/repos/acme/**' -- GET https://api.github.com/repos/acme/x",
    )
    .action(async (words: string[], options: RuleFlags) => {
      const [method, url] = words.slice(-2);
      if (method === undefined || url === undefined) {
        throw new PowerboxError('usage', 'Cannot check a request: METHOD and URL are missing.', {
          hint: 'End the line with -- METHOD URL.',
        });
      }
      const rules = await readRules(words.slice(0, -2), options, context);
      await printCheck(rules, method, url, options.json === true, context);
    });
}

function explainCommand(context: CliContext): Command {
  return new Command('explain')
    .description('say in words what rules or a policy file allow')
    .argument('[words...]', `rules or policy files; ${DEFAULT_FILE} of this folder when left out`)
    .option('--allow-all-hosts', 'accept the rule *')
    .option('--json', 'print one JSON object a line')
    .addHelpText('after', "\nExample:\n  $ powerbox policy explain 'GET api.example.com/v1/**'")
    .action(async (words: string[], options: RuleFlags) => {
      const rules = await readRules(words.length === 0 ? [DEFAULT_FILE] : words, options, context);
      const { explain } = await import('../../policy/explain.ts');
      for (const [index, sentence] of explain(rules).entries()) {
        const rule = rules[index]?.text ?? null;
        context.out(options.json === true ? JSON.stringify({ rule, sentence }) : sentence);
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
    context.out(JSON.stringify(check.allow ? { allow, rule: check.rule.text } : check));
  } else {
    context.out(check.allow ? `allowed by ${check.rule.text}` : `refused: ${check.reason}`);
  }
}

async function readRules(
  words: readonly string[],
  flags: RuleFlags,
  context: CliContext,
): Promise<readonly Rule[]> {
  const options = { allowAllHosts: flags.allowAllHosts === true };
  const { parseRules } = await import('../../policy/rules.ts');
  const rules = await Promise.all(
    words.map((word) =>
      isFile(word) ? readFileRules(word, options, context) : parseRules([word], options),
    ),
  );
  return rules.flat();
}

/** Decided by the word alone, so that a rule means the same in every folder. */
function isFile(word: string): boolean {
  return word.endsWith('.json') && !word.includes('://') && !word.includes(' ');
}

async function readFileRules(
  file: string,
  options: { readonly allowAllHosts: boolean },
  context: CliContext,
): Promise<readonly Rule[]> {
  const { parsePolicy } = await import('../../policy/file.ts');
  let text: string;
  try {
    text = readFileSync(resolve(context.cwd, file), 'utf8');
  } catch (cause) {
    throw new PowerboxError('policy-invalid', `Cannot read ${file}: it is missing or unreadable.`, {
      cause,
      hint: 'Name a policy file, or rules.',
    });
  }
  return (await parsePolicy(text, file, options)).rules;
}
