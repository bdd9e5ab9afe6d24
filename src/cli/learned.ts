import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type LearnedRequest, proposeRules } from '../host/learn.ts';
import { LEARNED_REQUESTS_MAX } from '../host/limits.ts';
import { acceptedPolicy } from '../host/policy-acceptance.ts';
import { queryJournal } from '../journal/query.ts';
import { parsePolicy } from '../policy/file.ts';
import { parseRules } from '../policy/rules.ts';
import { parseStrictJson } from '../policy/strict-json.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { CliContext } from './context.ts';
import { visible } from './render/text.ts';

export interface LearnOptions {
  /** Also what was allowed, where everything was. */
  readonly allowed: boolean;
  /** A file for the proposal; null to ask at the terminal. */
  readonly out: string | null;
}

/** Shows which rules would have been needed by a box that has ended, and takes them in. */
export async function proposeLearned(
  context: CliContext,
  home: Home,
  box: string,
  { allowed, out }: LearnOptions,
): Promise<void> {
  const rules = proposeRules(requestsOf(home, box, allowed));
  if (rules.length === 0) {
    context.err('powerbox: nothing was needed that the box did not have.');
    return;
  }
  context.err('powerbox: these rules cover what was needed:');
  for (const rule of rules) context.err(`  --allow '${visible(rule)}'`);
  if (out !== null) {
    const path = resolve(context.cwd, out);
    writeFileSync(path, withPowers(existsSync(path) ? readFileSync(path, 'utf8') : '', rules));
    context.err(`powerbox: written to ${visible(path)}; it takes effect when it is accepted.`);
    return;
  }
  const chosen = await choose(context, rules);
  if (chosen.length === 0) return;
  const path = join(context.cwd, 'powerbox.json');
  const text = withPowers(existsSync(path) ? readFileSync(path, 'utf8') : '', chosen);
  await parsePolicy(text, path);
  writeFileSync(path, text);
  // The person has just said so, rule for rule.
  await acceptedPolicy(home, context.cwd, true, async () => true);
  context.err(`powerbox: ${visible(path)} has them now, and is accepted.`);
}

function requestsOf(home: Home, box: string, allowed: boolean): readonly LearnedRequest[] {
  const filter = { box, kinds: ['request'], limit: LEARNED_REQUESTS_MAX };
  return queryJournal(home, filter).flatMap((record) => {
    if (record.kind !== 'request' || record.rule === 'powerbox.internal') return [];
    const wanted = record.verdict === 'deny' ? NEEDS_RULE.has(record.code ?? '') : allowed;
    return wanted ? [{ method: record.method, url: record.url }] : [];
  });
}

/** Refusals that a rule would have spared. */
const NEEDS_RULE: ReadonlySet<string> = new Set([
  'not-granted',
  'method-not-granted',
  'path-not-granted',
  'path-ambiguous',
]);

async function choose(context: CliContext, rules: readonly string[]): Promise<readonly string[]> {
  if (context.stdin.isTTY !== true) return [];
  const { createInterface } = await import('node:readline/promises');
  let proposed = rules;
  for (;;) {
    const lines = createInterface({ input: context.stdin, output: process.stderr });
    const answer = await lines
      .question('Take them into powerbox.json? [y/N/edit] ')
      .finally(() => lines.close());
    if (/^y(es)?$/i.test(answer.trim())) return proposed;
    if (!/^e(dit)?$/i.test(answer.trim())) return [];
    proposed = await edit(context, proposed);
    for (const rule of proposed) context.err(`  --allow '${visible(rule)}'`);
  }
}

/** In the person's own editor, one rule a line; what cannot be read is told and left as it was. */
async function edit(context: CliContext, rules: readonly string[]): Promise<readonly string[]> {
  const editor = context.env.VISUAL || context.env.EDITOR || 'vi';
  const folder = mkdtempSync(join(tmpdir(), 'powerbox-learn-'));
  const file = join(folder, 'rules.txt');
  try {
    writeFileSync(file, `# One rule a line.\n${rules.join('\n')}\n`, { mode: 0o600 });
    const { spawnSync } = await import('node:child_process');
    spawnSync('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
    const written = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    return (await parseRules(written)).map(({ text }) => text);
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    context.err(`powerbox: ${visible(error.message)}`);
    return rules;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The text of a policy with these powers beside what it has. */
function withPowers(before: string, rules: readonly string[]): string {
  const parsed = parseStrictJson(before.trim() === '' ? '{}' : before);
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null) {
    throw new PowerboxError('policy-invalid', 'Cannot add to the policy: it is not a JSON object.');
  }
  const policy = parsed.value as Readonly<Record<string, unknown>>;
  const powers = Array.isArray(policy.powers) ? (policy.powers as readonly unknown[]) : [];
  const added = rules.filter((rule) => !powers.includes(rule));
  const whole = { version: 1, ...policy, powers: [...powers, ...added] };
  return `${JSON.stringify(whole, null, 2)}\n`;
}
