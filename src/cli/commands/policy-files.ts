import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { POLICY_BYTES_MAX } from '../../host/limits.ts';
import { readOrdinary } from '../../host/read-ordinary.ts';
import type { PolicyDraft } from '../../policy/draft.ts';
import { parsePolicy } from '../../policy/file.ts';
import type { Override } from '../../policy/merge.ts';
import { parseOverride } from '../../policy/override-file.ts';
import type { Policy } from '../../policy/policy.ts';
import { parseStrictJson } from '../../policy/strict-json.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';

export const DEFAULT_FILE = 'powerbox.json';
export const OVERRIDE_FILE = 'powerbox.override.json';

/** Throws `policy-invalid`. */
export function readPolicyText(context: CliContext, file: string): string {
  try {
    const text = readOrdinary(resolve(context.cwd, file), POLICY_BYTES_MAX);
    if (typeof text === 'string') return text;
    throw new Error(`it is ${text.why}`);
  } catch (cause) {
    throw new PowerboxError('policy-invalid', `Cannot read ${file}: it is missing or unreadable.`, {
      cause,
      hint: 'Name a policy file.',
    });
  }
}

export async function readPolicyFile(
  context: CliContext,
  file: string,
  options: { readonly allowAllHosts?: boolean } = {},
): Promise<Policy> {
  return parsePolicy(readPolicyText(context, file), file, options);
}

/** What a file says, to be written again; null when it is not there. Throws `policy-invalid`. */
export async function readDraft(context: CliContext, file: string): Promise<PolicyDraft | null> {
  if (!existsSync(resolve(context.cwd, file))) return null;
  const text = readPolicyText(context, file);
  if (text.trim() === '') return null;
  await parsePolicy(text, file);
  const json = parseStrictJson(text);
  return json.ok ? (json.value as PolicyDraft) : null;
}

/** The override that was named, or the one beside the policy when there is one. */
export function readOverride(
  context: CliContext,
  named: string | undefined,
  beside: string,
): Override | null {
  const file = named ?? join(dirname(beside), OVERRIDE_FILE);
  if (named === undefined && !existsSync(resolve(context.cwd, file))) return null;
  return parseOverride(readPolicyText(context, file), file);
}
