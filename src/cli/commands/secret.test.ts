import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../../test/support/journal-fixture.ts';
import type { Home } from '../../store/home.ts';
import { readSecret } from '../../vault/store.ts';
import { PowerboxError } from '../../wire/errors.ts';
import type { CliContext } from '../context.ts';
import { secretCommand } from './secret.ts';

const VALUE = 'value-Zx81mQp0LkVt94Rb';

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

interface Ran {
  readonly out: string[];
  readonly err: string[];
  readonly code: string;
}

async function run(args: readonly string[], stdin: Readable = Readable.from([])): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const context: CliContext = {
    env: { FROM: VALUE },
    cwd: home.root,
    stdin,
    colour: false,
    home: () => home,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    daemon: () => Promise.reject(new Error('no daemon')),
    exit: () => {},
    close: () => {},
  };
  const command = secretCommand(context);
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({ writeErr: (text) => void err.push(text) });
  }
  let code = 'none';
  try {
    await command.parseAsync([...args], { from: 'user' });
  } catch (error) {
    code = PowerboxError.is(error) ? error.code : (error as { code: string }).code;
    err.push(`${(error as Error).message} ${PowerboxError.is(error) ? error.hint : ''}`);
  }
  expect([...out, ...err].join('\n')).not.toContain(VALUE);
  return { out, err, code };
}

const typed = (text: string): Readable => Readable.from([Buffer.from(text)]);
const kept = (name: string): string => readSecret(home, name).secret.reveal();

describe('powerbox secret set', () => {
  it('takes a known name with its origins and slots, and the value from standard input', async () => {
    const { out, code } = await run(['set', 'ANTHROPIC_API_KEY'], typed(`${VALUE}\n`));
    expect(code).toBe('none');
    expect(out).toEqual([
      'Kept ANTHROPIC_API_KEY. It goes to nothing but:',
      '  https://api.anthropic.com:443  header:x-api-key',
    ]);
    expect(kept('ANTHROPIC_API_KEY')).toBe(VALUE);
  });

  it('takes another name with --for and --in, each repeatable', async () => {
    const where = ['--for', 'a.example', '--for=https://b.example:8443', '--for', 'a.example'];
    const slots = ['--in', 'header:x-key', '--in', 'query:key', '--in', 'header:X-Key'];
    const { out } = await run(['set', 'MINE', ...where, ...slots], typed(VALUE));
    expect(out.slice(1)).toEqual([
      '  https://a.example:443  header:x-key, query:key',
      '  https://b.example:8443  header:x-key, query:key',
    ]);
  });

  it('says what a grant must name for a slot that is not open by itself', async () => {
    const where = ['--for', 'a.example'];
    const slots = [
      'path:{token}',
      'form:secret',
      'json:/auth/key',
      'header:x-key:Key {}',
      'cookie:c',
    ];
    const { out } = await run(
      ['set', 'MINE', ...where, ...slots.flatMap((slot) => ['--in', slot])],
      typed(VALUE),
    );
    expect(out.slice(1)).toEqual([
      '  https://a.example:443  path:{token}, form:secret, json:/auth/key, header:x-key:Key {}, cookie:c',
      'path:{token} is open only under a grant whose path has {token}, as https://a.example:443/{token}/**',
      'form:secret is open only under a grant of methods and a path, as POST https://a.example:443/PATH',
      'json:/auth/key is open only under a grant of methods, a path and the field, as POST /PATH body /auth/key',
    ]);
  });

  it('refuses a value that a slot cannot carry', async () => {
    const asked = ['set', 'MINE', '--for', 'a.example', '--in', 'path:{token}'];
    expect((await run(asked, typed('a-value/with-a-slash'))).code).toBe('secret-invalid');
    expect((await run(['set', 'TELEGRAM_TOKEN'], typed('1234567/AAH-real-value'))).code).toBe(
      'secret-invalid',
    );
  });

  it('goes by the service on a server of one’s own, else by bearer', async () => {
    const gitlab = await run(['set', 'GITLAB_TOKEN', '--for', 'git.example'], typed(VALUE));
    expect(gitlab.out[1]).toContain('header:private-token, header:authorization:bearer');
    const mine = await run(['set', 'MINE', '--for', 'git.example'], typed(VALUE));
    expect(mine.out[1]).toBe('  https://git.example:443  header:authorization:bearer');
  });

  it('reads a variable, a file or a command', async () => {
    writeFileSync(join(home.root, 'value.txt'), `${VALUE}\n`);
    const where = ['--for', 'a.example'];
    await run(['set', 'A', ...where, '--from-env', 'FROM']);
    await run(['set', 'B', ...where, '--from-file', 'value.txt']);
    await run([
      'set',
      'C',
      ...where,
      '--from-command',
      'cat "$OLDPWD/none" || echo other-value-12',
    ]);
    expect([kept('A'), kept('B'), kept('C')]).toEqual([VALUE, VALUE, 'other-value-12']);
  });

  it.each([
    ['a value as an argument', ['set', 'MINE', VALUE, '--for', 'a.example'], 'usage'],
    ['a value as a flag', ['set', 'MINE', `--value=${VALUE}`, '--for', 'a.example'], 'usage'],
    ['a value as an unknown flag', ['set', 'MINE', `--${VALUE}`], 'usage'],
    ['a value as the name', ['set', VALUE], 'secret-invalid'],
    ['an unknown name without --for', ['set', 'MINE'], 'secret-no-origin'],
    ['--in without --for', ['set', 'GITHUB_TOKEN', '--in', 'query:key'], 'usage'],
    ['plain HTTP', ['set', 'MINE', '--for', 'http://a.example'], 'secret-invalid'],
    ['a bad slot', ['set', 'MINE', '--for', 'a.example', '--in', 'header:host'], 'secret-invalid'],
    ['a short value', ['set', 'GITHUB_TOKEN'], 'secret-invalid'],
    ['--ttl without a command', ['set', 'GITHUB_TOKEN', '--ttl', '5m'], 'usage'],
    [
      'a bad --ttl',
      ['set', 'GITHUB_TOKEN', '--from-command', 'x', '--ttl', '5 m'],
      'limit-invalid',
    ],
    [
      'a --ttl too long',
      ['set', 'GITHUB_TOKEN', '--from-command', 'x', '--ttl', '2d'],
      'secret-invalid',
    ],
    [
      'two sources',
      ['set', 'GITHUB_TOKEN', '--from-env', 'FROM', '--from-file', 'x'],
      'commander.conflictingOption',
    ],
    [
      'a variable that is not set',
      ['set', 'GITHUB_TOKEN', '--from-env', 'NONE'],
      'secret-source-failed',
    ],
    ['no name', ['set'], 'commander.missingArgument'],
  ])('refuses %s, and keeps nothing', async (_, args, code) => {
    expect((await run(args, typed('short'))).code).toBe(code);
    expect((await run(['ls', '--json'])).out).toEqual([]);
  });

  it('says why a value is no argument', async () => {
    const { err } = await run(['set', 'GITHUB_TOKEN', VALUE]);
    expect(err.join()).toMatch(/can be read by every program.*prompt/);
  });

  it('takes a short value when told', async () => {
    await run(['set', 'GITHUB_TOKEN', '--short'], typed('short'));
    expect(kept('GITHUB_TOKEN')).toBe('short');
  });

  it('stops reading what never ends', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield Buffer.alloc(4096, 'x');
    }
    expect((await run(['set', 'GITHUB_TOKEN'], Readable.from(endless()))).code).toBe(
      'secret-invalid',
    );
  });
});

describe('the prompt', () => {
  function terminal(keys: string): { stdin: Readable; raw: boolean[] } {
    const raw: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode: (on: boolean) => {
        raw.push(on);
        if (on) setImmediate(() => stdin.write(keys));
      },
    });
    return { stdin, raw };
  }

  it.each([
    ['a line', `${VALUE}\r`, VALUE],
    ['corrections', `wrong\x15valux\x7fe-é\x7f12345678\n`, 'value-12345678'],
    ['an end without a line', `${VALUE}\x04`, VALUE],
  ])('takes %s without echo', async (_, keys, value) => {
    const { stdin, raw } = terminal(keys);
    const { err } = await run(['set', 'GITHUB_TOKEN'], stdin);
    expect(err).toEqual(['Value of GITHUB_TOKEN (it is not shown):']);
    expect(kept('GITHUB_TOKEN')).toBe(value);
    expect(raw).toEqual([true, false]);
  });

  it.each([
    ['an interrupt', 'abc\x03', 'usage'],
    ['an end at once', '\x04', 'usage'],
    ['several lines', `${VALUE}\rmore\r`, 'secret-invalid'],
    ['an arrow key', `${VALUE}\x1b[D\r`, 'secret-invalid'],
    ['far too much', `${'x'.repeat(40_000)}\r`, 'secret-invalid'],
  ])('keeps nothing after %s', async (_, keys, code) => {
    const { stdin, raw } = terminal(keys);
    expect((await run(['set', 'GITHUB_TOKEN'], stdin)).code).toBe(code);
    expect(raw).toEqual([true, false]);
    expect((await run(['ls', '--json'])).out).toEqual([]);
  });

  it('does not appear for a secret that is not there', async () => {
    const { stdin, raw } = terminal(`${VALUE}\r`);
    expect((await run(['rotate', 'NONE'], stdin)).code).toBe('secret-unknown');
    expect(raw).toEqual([]);
  });
});

describe('powerbox secret ls, rm, rotate, show-slots', () => {
  beforeEach(async () => {
    await run(['set', 'GEMINI_API_KEY'], typed(VALUE));
  });

  it('lists without values', async () => {
    const { out } = await run(['ls']);
    expect(out[0]).toMatch(/^NAME +SOURCE +SET +GOES TO$/);
    expect(out[1]).toMatch(/^GEMINI_API_KEY +literal +\d{4}-.* https:\/\/generativelanguage/);
    expect(JSON.parse((await run(['ls', '--json'])).out[0] ?? '')).toEqual({
      name: 'GEMINI_API_KEY',
      source: 'literal',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      rotated: null,
      bindings: [
        {
          origin: 'https://generativelanguage.googleapis.com:443',
          slots: ['header:x-goog-api-key', 'query:key'],
        },
      ],
    });
  });

  it('replaces, and forgets', async () => {
    await run(['rotate', 'GEMINI_API_KEY'], typed('another-value-1'));
    expect(kept('GEMINI_API_KEY')).toBe('another-value-1');
    expect((await run(['rotate', 'GEMINI_API_KEY', VALUE])).code).toBe('usage');
    expect((await run(['rm', 'GEMINI_API_KEY'])).out).toEqual(['Forgot GEMINI_API_KEY.']);
    expect((await run(['rm', 'GEMINI_API_KEY'])).code).toBe('secret-unknown');
    expect(await run(['ls'])).toMatchObject({
      out: [],
      err: [expect.stringMatching(/^No secrets/)],
    });
  });

  it('shows one’s own slots before those of the table', async () => {
    await run(['set', 'GITHUB_TOKEN', '--for', 'git.example', '--in', 'query:t'], typed(VALUE));
    expect((await run(['show-slots', 'GITHUB_TOKEN'])).out.slice(1)).toEqual([
      'GITHUB_TOKEN  https://git.example:443  query:t',
    ]);
    expect((await run(['show-slots', 'OPENAI_API_KEY'])).out.slice(1)).toEqual([
      'OPENAI_API_KEY  https://api.openai.com:443  header:authorization:bearer',
    ]);
    expect((await run(['show-slots', 'NOBODY'])).code).toBe('secret-unknown');
    expect((await run(['show-slots'])).code).toBe('usage');
    expect((await run(['show-slots', 'X', '--all-known'])).code).toBe('usage');
    const all = (await run(['show-slots', '--all-known', '--json'])).out;
    expect(all.length).toBeGreaterThanOrEqual(35);
    expect(JSON.parse(all[0] ?? '')).toMatchObject({ name: 'AIRTABLE_API_KEY', from: 'table' });
  });

  it('has an example in every help', () => {
    const command = secretCommand({} as CliContext);
    for (const each of [command, ...command.commands]) {
      let help = '';
      const addTo = (text: string): void => {
        help += text;
      };
      each.configureOutput({ writeOut: addTo }).outputHelp();
      expect(help).toMatch(/Examples?:\n {2}\$ powerbox secret/);
      expect(help).not.toContain('refused');
    }
  });
});
