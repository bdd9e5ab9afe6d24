import { describe, expect, it } from 'vitest';
import { DISK_BYTES_DEFAULT, PIDS_DEFAULT } from '../src/host/limits.ts';
import { KITS } from '../src/kits/kits.ts';
import { EMPTY_POLICY } from '../src/policy/policy.ts';
import { parseRule } from '../src/policy/rule.ts';
import { SECRET_CHARS_MIN } from '../src/vault/limits.ts';
import { formatSlot, parseSlot } from '../src/vault/slot-text.ts';
import { ERRORS } from '../src/wire/errors.ts';
import { CLI, runProgram } from './support/powerbox.ts';

/**
 * What programs and people hold on to, frozen as literals: a change here is a change of the
 * promise, and belongs into CHANGELOG.md. Never import the expected side from src.
 */

/** Code: HTTP status, exit status, whether trying again may help. */
const ERROR_CODES: Readonly<Record<string, readonly [number, number, boolean]>> = {
  'source-invalid': [400, 65, false],
  'module-missing': [400, 66, false],
  'endowment-missing': [403, 77, false],
  'evaluation-failed': [422, 65, false],
  'not-passable': [422, 65, false],
  'compartment-limit': [429, 75, false],
  'not-locked-down': [500, 70, false],
  'compartment-ended': [410, 69, false],
  'compartment-unknown': [404, 66, false],
  'agent-unknown': [404, 66, false],
  'agent-running': [409, 75, true],
  'agent-failed': [502, 70, true],
  'model-unknown': [400, 64, false],
  'kind-unknown': [400, 64, false],
  'power-invalid': [400, 64, false],
  'power-unknown': [404, 66, false],
  'guest-unknown': [404, 66, false],
  'guest-invalid': [400, 64, false],
  'guest-exists': [409, 73, false],
  'name-invalid': [400, 64, false],
  'name-unknown': [404, 66, false],
  'name-taken': [409, 73, false],
  'grant-invalid': [400, 64, false],
  'grant-unknown': [404, 66, false],
  'grant-revoked': [403, 77, false],
  'grant-expired': [403, 77, false],
  'grant-not-yet': [403, 75, true],
  'grant-not-delegable': [403, 77, false],
  'grant-too-deep': [403, 77, false],
  'grant-cycle': [409, 65, false],
  'narrowing-invalid': [400, 64, false],
  'narrowing-refused': [403, 77, false],
  'budget-spent': [403, 77, false],
  'rate-exceeded': [429, 75, true],
  'call-invalid': [400, 65, false],
  'method-unknown': [404, 65, false],
  'reference-closed': [410, 69, false],
  'power-failed': [502, 69, true],
  'body-unreadable': [400, 65, false],
  'body-refused': [403, 77, false],
  'file-unknown': [404, 66, false],
  'file-refused': [403, 77, false],
  'quota-exceeded': [403, 77, false],
  'statement-invalid': [400, 65, false],
  'statement-refused': [403, 77, false],
  'command-refused': [403, 77, false],
  'model-refused': [403, 77, false],
  'approval-unknown': [404, 66, false],
  'approval-decided': [409, 65, false],
  'approval-denied': [403, 77, false],
  'approval-timeout': [403, 75, true],
  'mail-unknown': [404, 66, false],
  'mail-decided': [409, 65, false],
  'mail-invalid': [400, 65, false],
  'mail-full': [429, 75, true],
  'daemon-unreachable': [503, 69, true],
  'daemon-running': [409, 75, true],
  'store-unavailable': [503, 69, true],
  'session-refused': [401, 77, false],
  'session-limit': [429, 75, true],
  usage: [400, 64, false],
  'program-missing': [400, 66, false],
  'mount-unreadable': [400, 66, false],
  'mount-exposes-state': [400, 77, false],
  'box-unknown': [404, 66, false],
  'box-running': [409, 75, true],
  'box-ended': [409, 69, false],
  'box-no-copy': [409, 65, false],
  'copy-conflict': [409, 75, false],
  'box-forbidden': [500, 69, false],
  'box-failed': [500, 70, true],
  'mask-too-large': [400, 65, false],
  'limit-invalid': [400, 64, false],
  'state-unusable': [500, 73, false],
  'config-invalid': [500, 78, false],
  'rule-invalid': [400, 64, false],
  'policy-invalid': [400, 78, false],
  'policy-not-accepted': [403, 77, false],
  'secret-unknown': [404, 66, false],
  'secret-invalid': [400, 65, false],
  'secret-no-origin': [400, 64, false],
  'secret-source-failed': [503, 69, true],
  'vault-unreadable': [500, 78, false],
  'not-granted': [403, 77, false],
  'method-not-granted': [403, 77, false],
  'path-not-granted': [403, 77, false],
  'target-mismatch': [421, 77, false],
  'request-malformed': [400, 65, false],
  'path-ambiguous': [400, 65, false],
  'credential-foreign': [403, 77, false],
  'secret-leaked': [403, 77, false],
  'address-refused': [403, 77, false],
  'protocol-refused': [403, 77, false],
  'certificate-invalid': [502, 69, false],
  'upstream-unreachable': [502, 69, true],
  'upstream-timeout': [504, 69, true],
  'response-unscrubbable': [502, 69, false],
  'limit-exceeded': [429, 75, true],
  'egress-down': [503, 69, true],
  'journal-broken': [500, 65, false],
  'journal-unavailable': [503, 69, true],
  internal: [500, 70, false],
};

/** Verb: the first line of its help. */
const VERBS: Readonly<Record<string, string>> = {
  run: 'powerbox run [options] <program...>',
  exec: 'powerbox exec [options] <box> <program...>',
  eval: 'powerbox eval [options] FILE | -e CODE | -',
  ls: 'powerbox ls [options]',
  inspect: 'powerbox inspect [options] <box>',
  stop: 'powerbox stop [options] <box...>',
  logs: 'powerbox logs [options] <box>',
  log: 'powerbox log [options] [command] [box]',
  diff: 'powerbox diff [options] <box>',
  apply: 'powerbox apply [options] <box>',
  discard: 'powerbox discard [options] <box>',
  secret: 'powerbox secret [options] [command]',
  policy: 'powerbox policy [options] [command]',
  kit: 'powerbox kit [options] [command]',
  agent: 'powerbox agent [options] [command] <name> [task]',
  guest: 'powerbox guest [options] [command]',
  power: 'powerbox power [options] [command]',
  name: 'powerbox name [options] [command]',
  grant: 'powerbox grant [options] POWER to GUEST',
  revoke: 'powerbox revoke [options] <what>',
  grants: 'powerbox grants [options]',
  can: 'powerbox can [options] GUEST -- METHOD URL',
  pending: 'powerbox pending [options]',
  approve: 'powerbox approve [options] [id...]',
  deny: 'powerbox deny [options] [id...]',
  request: 'powerbox request [options] <kind> <text>',
  inbox: 'powerbox inbox [options]',
  resolve: 'powerbox resolve [options] <id>',
  reject: 'powerbox reject [options] <id>',
  dismiss: 'powerbox dismiss [options] <id...>',
  adopt: 'powerbox adopt [options] <id> <enclosed>',
  send: 'powerbox send [options] <guest> <text>',
  reply: 'powerbox reply [options] <id> <text>',
  daemon: 'powerbox daemon [options] [command]',
  doctor: 'powerbox doctor [options]',
};

/** Flags of `run`, in order; a flag that is gone breaks somebody's script. */
const RUN_FLAGS =
  '--allow --allow-all-hosts --secret --workspace --mount --mask --env --memory --cpus --pids --disk --timeout --kit --as --learn --learn-out --no-policy --accept-policy --detach --quiet --help';

/** Verbs of verbs, and the flags of those that scripts use most, in order. */
const WITHIN: Readonly<Record<string, string>> = {
  agent: 'ls show stop rm',
  guest: 'add ls show rm token help',
  power: 'add ls show kinds help',
  name: 'ls mv cp rm mkdir show help',
  daemon: 'start stop status logs help',
  policy: 'schema check explain generate diff replay help',
};
const GRANT_FLAGS =
  '--only --budget --for --from --approve --no-delegate --as --because --by --json --help';
const REVOKE_FLAGS = '--guest --power --secret --dry-run --because --by --json --help';
const GRANTS_FLAGS = '--of --to --tree --all --unused --by --json --help';

const AGENT_FLAGS =
  '--model --model-power --give --only --approve --mode --steps --budget --timeout --yes --no --json --help';

const EVAL_FLAGS =
  '--give --only --budget --approve --as --name --policy --accept-policy --package --clock --random --isolation --memory --timeout --because --eval --json --help';

const FLAGS: Readonly<Record<string, string>> = {
  eval: EVAL_FLAGS,
  agent: AGENT_FLAGS,
  run: RUN_FLAGS,
  grant: GRANT_FLAGS,
  revoke: REVOKE_FLAGS,
  grants: GRANTS_FLAGS,
};

const SLOTS = [
  'header:authorization:bearer',
  'header:authorization:basic-password',
  'header:x-api-key',
  'query:key',
];

const KINDS_OF_KIT = ['claude', 'codex', 'gemini', 'opencode', 'pi'];

describe('the surface', () => {
  it.each(Object.entries(VERBS))('has the verb %s', async (verb, usage) => {
    const { stdout } = await runProgram([process.execPath, CLI, verb, '--help']);
    expect(stdout.split('\n')[0]).toBe(`Usage: ${usage}`);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]);
    if (verb in FLAGS) expect(flags.join(' ')).toBe(FLAGS[verb]);
    if (!(verb in WITHIN)) return;
    const commands = stdout.slice(stdout.indexOf('\nCommands:'));
    const within = [...commands.matchAll(/^ {2}([a-z]+)\b/gm)].map((match) => match[1]);
    expect(within.join(' ')).toBe(WITHIN[verb]);
  });

  it('has no other verb', async () => {
    const { stdout } = await runProgram([process.execPath, CLI, '--help']);
    const verbs = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((match) => match[1]);
    expect(verbs).toEqual(Object.keys(VERBS));
  });

  it('has these slots and kits', () => {
    for (const slot of SLOTS) expect(formatSlot(parseSlot(slot))).toBe(slot);
    expect(KITS.map(({ name }) => name)).toEqual(KINDS_OF_KIT);
  });

  it('has these defaults', () => {
    expect({ pids: PIDS_DEFAULT, disk: DISK_BYTES_DEFAULT, shortest: SECRET_CHARS_MIN }).toEqual({
      pids: 4096,
      disk: 2_147_483_648,
      shortest: 12,
    });
    expect(EMPTY_POLICY.workspace).toBe('rw');
    expect(parseRule('a.example').text).toBe('https://a.example');
  });

  it('has these error codes', () => {
    const found = Object.entries(ERRORS).map(([code, { http, exit, retryable }]) => [
      code,
      [http, exit, retryable],
    ]);
    expect(Object.fromEntries(found)).toEqual(ERROR_CODES);
  });

  it('gives each error an exit status of sysexits and a hint that is a sentence', () => {
    for (const [code, { exit, hint }] of Object.entries(ERRORS)) {
      expect(exit, code).toBeGreaterThanOrEqual(64);
      expect(exit, code).toBeLessThanOrEqual(78);
      expect(hint, code).toMatch(/^[A-Z].*\.$/);
    }
  });
});
