import { z } from 'zod';
import { PowerboxError } from '../wire/errors.ts';
import {
  CodeName,
  CompartmentEntry,
  CompartmentName,
  CompartmentPower,
  Line,
} from './compartment-schema.ts';
import { PolicyFile } from './file.ts';
import { POLICY_CHARS_MAX, POLICY_ENTRIES_MAX } from './limits.ts';
import type { Override } from './merge.ts';
import { explainIssue, pointer } from './schema-fault.ts';
import { parseStrictJson } from './strict-json.ts';

/** The file that stands on top of a generated `powerbox.json`, and that nothing generates. */

const Texts = z.array(Line).max(POLICY_ENTRIES_MAX).optional();

const CompartmentOverride = CompartmentEntry.extend({
  powers: z.record(CodeName, z.nullable(CompartmentPower)).optional(),
  deny: z.strictObject({ powers: Texts, packages: Texts, globals: Texts }).optional(),
});

const OverrideFile = PolicyFile.extend({
  env: z.record(z.string(), z.nullable(z.string())).optional(),
  compartments: z.record(CompartmentName, z.nullable(CompartmentOverride)).optional(),
  deny: z.strictObject({ powers: Texts, secrets: Texts, mounts: Texts, mask: Texts }).optional(),
});

/** Reads an override. Throws `policy-invalid`, as `parsePolicy` does. */
export function parseOverride(text: string, filename: string): Override {
  const fail = (reason: string): never => {
    throw new PowerboxError('policy-invalid', `Cannot read ${filename}: ${reason}.`);
  };
  if (text.length > POLICY_CHARS_MAX) fail(`it is longer than ${POLICY_CHARS_MAX} characters`);
  const json = parseStrictJson(text);
  if (!json.ok) return fail(`line ${json.line}, column ${json.column}: ${json.reason}`);
  const parsed = OverrideFile.safeParse(json.value);
  if (parsed.success) return parsed.data as Override;
  const { path, reason } = explainIssue(parsed.error.issues[0], json.value);
  return fail(`${pointer(path)}: ${reason}`);
}
