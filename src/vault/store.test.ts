import { Buffer } from 'node:buffer';
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryHome } from '../../test/support/journal-fixture.ts';
import type { Home } from '../store/home.ts';
import { PowerboxError } from '../wire/errors.ts';
import {
  COMMAND_BYTES_MAX,
  NAME_CHARS_MAX,
  ORIGINS_MAX,
  SECRET_BYTES_MAX,
  SECRET_CHARS_MIN,
  TTL_MS_DEFAULT,
  TTL_MS_MAX,
  TTL_MS_MIN,
  VAULT_FILE_BYTES_MAX,
} from './limits.ts';
import { type Binding, parseOrigin } from './slot.ts';
import { parseSlot } from './slot-text.ts';
import type { SecretSource } from './source.ts';
import { listSecrets, readSecret, removeSecret, rotateSecret, setSecret } from './store.ts';

const VALUE = 'sk-proj-Zx81mQp0LkVt94RbWn62';
const BINDINGS: readonly Binding[] = [
  {
    origin: parseOrigin('https://api.example.com'),
    slots: [parseSlot('header:authorization:bearer'), parseSlot('query:key')],
  },
];

let home: Home;
let dispose: () => void;
beforeEach(() => {
  ({ home, dispose } = temporaryHome());
});
afterEach(() => dispose());

const literal = (value: string): SecretSource => ({ kind: 'literal', value });

function keep(name: string, source: SecretSource = literal(VALUE), now?: () => number): void {
  setSecret(home, { name, bindings: BINDINGS, source }, now);
}

function fault(act: () => unknown): { code: string; text: string } {
  try {
    act();
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    return { code: error.code, text: inspect(error, { depth: 9, showHidden: true }) };
  }
  return { code: 'none', text: '' };
}

const pathOf = (name: string): string => join(home.vault, `${name}.json`);

describe('the vault', () => {
  it('gives back what was put in, and never shows it by accident', () => {
    keep('TOKEN');
    const { secret, bindings } = readSecret(home, 'TOKEN');
    expect(secret.reveal()).toBe(VALUE);
    expect(bindings).toEqual(BINDINGS);
    expect(`${secret} ${JSON.stringify(secret)} ${inspect(secret, { showHidden: true })}`).toBe(
      '[secret TOKEN] "[secret TOKEN]" [secret TOKEN]',
    );
  });

  it('lists names, bindings and times in order, never values', () => {
    keep('B', literal(VALUE), () => 1_000);
    keep('A', literal(VALUE), () => 2_000);
    expect(listSecrets(home)).toEqual([
      { name: 'A', bindings: BINDINGS, source: 'literal', created: 2_000, rotated: null },
      { name: 'B', bindings: BINDINGS, source: 'literal', created: 1_000, rotated: null },
    ]);
    expect(listSecrets(temporary())).toEqual([]);
  });

  function temporary(): Home {
    const other = temporaryHome();
    const before = dispose;
    dispose = () => {
      before();
      other.dispose();
    };
    return other.home;
  }

  it('keeps no value, in any usual form, in what it writes, and only the owner reads that', () => {
    keep('LITERAL');
    keep('COMMAND', { kind: 'command', command: `printf %s '${VALUE}'` });
    const utf8 = Buffer.from(VALUE);
    const hidden = [
      VALUE,
      'printf',
      utf8.toString('hex'),
      utf8.toString('hex').toUpperCase(),
      // Three alignments, without the characters at the edges that their neighbours change.
      ...[0, 1, 2].map((shift) =>
        Buffer.concat([Buffer.alloc(shift), utf8])
          .toString('base64')
          .slice(4, -4),
      ),
      encodeURIComponent(VALUE).slice(3, 15),
    ];
    const files = readdirSync(home.vault);
    expect(files.sort()).toEqual(['COMMAND.json', 'LITERAL.json']);
    for (const file of files) {
      const raw = readFileSync(join(home.vault, file));
      const body = Buffer.from(JSON.parse(raw.toString()).body, 'base64');
      for (const form of hidden) {
        expect(raw.includes(form) || body.includes(form)).toBe(false);
      }
      expect(statSync(join(home.vault, file)).mode & 0o777).toBe(0o600);
    }
  });

  it('seals the same value differently each time', () => {
    keep('A');
    const first = readFileSync(pathOf('A'), 'utf8');
    keep('A');
    expect(JSON.parse(readFileSync(pathOf('A'), 'utf8')).nonce).not.toBe(JSON.parse(first).nonce);
  });

  it('opens no file in which any one bit of any byte was changed', () => {
    keep('TOKEN');
    const whole = readFileSync(pathOf('TOKEN'));
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const changed = Buffer.from(whole);
        changed[at] = (changed[at] ?? 0) ^ mask;
        writeFileSync(pathOf('TOKEN'), changed);
        const { code, text } = fault(() => readSecret(home, 'TOKEN'));
        expect(`byte ${at}: ${code}`).toBe(`byte ${at}: vault-unreadable`);
        expect(text).not.toContain(VALUE);
      }
    }
    writeFileSync(pathOf('TOKEN'), whole);
    expect(readSecret(home, 'TOKEN').secret.reveal()).toBe(VALUE);
  });

  it.each([
    ['cut short', (file: string) => file.slice(0, -20)],
    ['longer', (file: string) => `${file} `],
    ['empty', () => ''],
    ['spelt another way', (file: string) => file.replace('{"clear"', '{ "clear"')],
    ['escaped', (file: string) => file.replace('api.example', '\\u0061pi.example')],
    ['sent elsewhere', (file: string) => file.replace('api.example.com', 'api.example.org')],
    ['opened wider', (file: string) => file.replace('"query:key"', '"query:any"')],
    ['with a key twice', (file: string) => file.replace('"nonce"', '"nonce":"","nonce"')],
    ['null', () => 'null'],
    ['larger than a file may be', (file: string) => file.padEnd(VAULT_FILE_BYTES_MAX + 1)],
  ])('opens no file that is %s', (_, change) => {
    keep('TOKEN');
    const file = readFileSync(pathOf('TOKEN'), 'utf8');
    expect(change(file)).not.toBe(file);
    writeFileSync(pathOf('TOKEN'), change(file));
    expect(fault(() => readSecret(home, 'TOKEN')).code).toBe('vault-unreadable');
    expect(fault(() => listSecrets(home)).code).toBe('vault-unreadable');
    expect(fault(() => rotateSecret(home, 'TOKEN', literal(VALUE))).code).toBe('vault-unreadable');
  });

  it('opens no file of another name, another home, another key, or that is a link', () => {
    keep('TOKEN');
    copyFileSync(pathOf('TOKEN'), pathOf('OTHER'));
    expect(fault(() => readSecret(home, 'OTHER')).code).toBe('vault-unreadable');
    const elsewhere = temporary();
    setSecret(elsewhere, { name: 'TOKEN', bindings: BINDINGS, source: literal(VALUE) });
    copyFileSync(join(elsewhere.vault, 'TOKEN.json'), pathOf('TOKEN'));
    expect(fault(() => readSecret(home, 'TOKEN')).code).toBe('vault-unreadable');
    keep('TOKEN');
    rmSync(pathOf('OTHER'));
    symlinkSync(pathOf('TOKEN'), pathOf('OTHER'));
    expect(fault(() => readSecret(home, 'OTHER')).code).toBe('vault-unreadable');
    writeFileSync(home.key, Buffer.alloc(32, 9));
    expect(fault(() => readSecret(home, 'TOKEN')).code).toBe('vault-unreadable');
  });

  it.each([
    '',
    '..',
    '../key',
    'a/b',
    'a.b',
    'a\0',
    '1A',
    'a b',
    'é',
    'a-b',
    'A'.repeat(NAME_CHARS_MAX + 1),
  ])('has no secret named %j, and does not repeat that name', (name) => {
    for (const act of [
      () => keep(name),
      () => readSecret(home, name),
      () => rotateSecret(home, name, literal(VALUE)),
      () => removeSecret(home, name),
    ]) {
      expect(fault(act).code).toBe('secret-invalid');
    }
    expect(readdirSync(home.vault)).toEqual([]);
  });

  it('takes the longest name, most origins and largest value, command and all', () => {
    const name = 'A'.repeat(NAME_CHARS_MAX);
    const bindings = Array.from({ length: ORIGINS_MAX }, (_, at) => ({
      origin: parseOrigin(`${`${'a'.repeat(60)}.`.repeat(4)}h${at}:65535`),
      slots: BINDINGS[0]?.slots ?? [],
    }));
    const command = `# ${'"'.repeat(COMMAND_BYTES_MAX - 60)}\nhead -c ${SECRET_BYTES_MAX} /dev/zero | tr '\\0' '"'`;
    setSecret(home, { name, bindings, source: { kind: 'command', command } });
    expect(readSecret(home, name).secret.reveal()).toBe('"'.repeat(SECRET_BYTES_MAX));
    const more = [...bindings, ...BINDINGS];
    expect(
      fault(() => setSecret(home, { name, bindings: more, source: literal(VALUE) })).code,
    ).toBe('secret-invalid');
  });

  it('wants an origin and a slot', () => {
    const source = literal(VALUE);
    expect(fault(() => setSecret(home, { name: 'A', bindings: [], source })).code).toBe(
      'secret-no-origin',
    );
    const bindings = [{ origin: 'https://a.example:443', slots: [] }];
    expect(fault(() => setSecret(home, { name: 'A', bindings, source })).code).toBe(
      'secret-no-origin',
    );
  });

  it('replaces the value and keeps the rest, and says when', () => {
    keep('TOKEN', literal(VALUE), () => 1_000);
    rotateSecret(home, 'TOKEN', literal('another-value-1'), { now: () => 5_000 });
    expect(readSecret(home, 'TOKEN').secret.reveal()).toBe('another-value-1');
    expect(listSecrets(home)).toEqual([
      { name: 'TOKEN', bindings: BINDINGS, source: 'literal', created: 1_000, rotated: 5_000 },
    ]);
    expect(fault(() => rotateSecret(home, 'NONE', literal(VALUE))).code).toBe('secret-unknown');
  });

  it('forgets', () => {
    keep('TOKEN');
    removeSecret(home, 'TOKEN');
    expect(readdirSync(home.vault)).toEqual([]);
    expect(fault(() => readSecret(home, 'TOKEN')).code).toBe('secret-unknown');
    expect(fault(() => removeSecret(home, 'TOKEN')).code).toBe('secret-unknown');
  });

  it('forgets a file that it cannot open', () => {
    writeFileSync(pathOf('TOKEN'), 'nonsense');
    removeSecret(home, 'TOKEN');
    expect(readdirSync(home.vault)).toEqual([]);
  });
});

describe('a value', () => {
  const kept = (value: string, short = false): string => {
    const bindings = BINDINGS;
    setSecret(home, { name: 'A', bindings, source: literal(value), short });
    return readSecret(home, 'A').secret.reveal();
  };

  it.each(['pass word with spaces', 'ünïcödé-latin-1', '"quotes\\and/slashes"', '=?&%00%0a#====='])(
    'may be %j',
    (value) => expect(kept(value)).toBe(value),
  );

  it.each([
    ['a line feed', 'secret-value\ninjected: 1'],
    ['a carriage return', 'secret-value\rinjected'],
    ['NUL', 'secret-value\0more'],
    ['a tab', 'secret-value\tmore'],
    ['escape', 'secret-value\x1b[0m'],
    ['delete', 'secret-value\x7f'],
    ['a C1 control', 'secret-value\x85more'],
    ['a character beyond ISO 8859-1', 'secret-value-€'],
    ['a space before', ' secret-value'],
    ['a space after', 'secret-value '],
    ['nothing', ''],
  ])('may not hold %s, which is not repeated', (_, value) => {
    const { code, text } = fault(() => kept(value, true));
    expect(code).toBe('secret-invalid');
    expect(text).not.toContain('secret-value');
  });

  it('has SECRET_CHARS_MIN characters unless short, and at most SECRET_BYTES_MAX bytes', () => {
    expect(fault(() => kept('x'.repeat(SECRET_CHARS_MIN - 1))).code).toBe('secret-invalid');
    expect(kept('x'.repeat(SECRET_CHARS_MIN - 1), true)).toHaveLength(SECRET_CHARS_MIN - 1);
    expect(kept('x'.repeat(SECRET_CHARS_MIN))).toHaveLength(SECRET_CHARS_MIN);
    expect(kept('x'.repeat(SECRET_BYTES_MAX))).toHaveLength(SECRET_BYTES_MAX);
    expect(fault(() => kept('x'.repeat(SECRET_BYTES_MAX + 1))).code).toBe('secret-invalid');
    expect(fault(() => kept('é'.repeat(SECRET_BYTES_MAX / 2 + 1))).code).toBe('secret-invalid');
  });
});

describe('a source', () => {
  function fromFile(content: string | Uint8Array): string {
    const path = join(home.root, 'value');
    writeFileSync(path, content);
    keep('A', { kind: 'file', path });
    rmSync(path);
    return readSecret(home, 'A').secret.reveal();
  }

  it('may be a file, less the one newline at its end', () => {
    expect(fromFile(`${VALUE}\n`)).toBe(VALUE);
    expect(fromFile(`${VALUE}\r\n`)).toBe(VALUE);
    expect(fromFile(VALUE)).toBe(VALUE);
    expect(fromFile(`${'x'.repeat(SECRET_BYTES_MAX)}\r\n`)).toHaveLength(SECRET_BYTES_MAX);
    expect(fault(() => fromFile(`${VALUE}\n\n`)).code).toBe('secret-invalid');
    expect(fault(() => fromFile('x'.repeat(SECRET_BYTES_MAX * 8))).code).toBe('secret-invalid');
    expect(fault(() => fromFile(Buffer.from('abcdefghijkl\xff', 'latin1'))).code).toBe(
      'secret-invalid',
    );
    expect(fault(() => fromFile(`\u{feff}${VALUE}`)).code).toBe('secret-invalid');
    expect(fault(() => keep('B', { kind: 'file', path: join(home.root, 'none') })).code).toBe(
      'secret-source-failed',
    );
  });

  it('may be a variable, read once', () => {
    const env: Record<string, string> = { FROM: VALUE };
    keep('A', { kind: 'env', variable: 'FROM', env });
    delete env.FROM;
    expect(readSecret(home, 'A').secret.reveal()).toBe(VALUE);
    expect(fault(() => keep('B', { kind: 'env', variable: 'FROM', env })).code).toBe(
      'secret-source-failed',
    );
  });
});

describe('a command as a source', () => {
  let now = 1_000_000;
  const clock = (): number => now;
  const counter = (): string => join(home.root, 'count');
  const command = (): string =>
    `echo x >> '${counter()}'; echo "value-number-$(wc -l < '${counter()}')"`;
  const read = (): string => readSecret(home, 'A', clock).secret.reveal();

  beforeEach(() => {
    now = 1_000_000;
    keep('A', { kind: 'command', command: command() }, clock);
  });

  it('runs again once its value has expired, after TTL_MS_DEFAULT unless told', () => {
    expect(read()).toBe('value-number-1');
    now += TTL_MS_DEFAULT - 1;
    expect(read()).toBe('value-number-1');
    now += 1;
    expect(read()).toBe('value-number-2');
    now += TTL_MS_DEFAULT - 1;
    expect(read()).toBe('value-number-2');
    now += 1;
    expect(read()).toBe('value-number-3');
  });

  it('runs again when the clock was set back', () => {
    now -= 10_000_000;
    expect(read()).toBe('value-number-2');
  });

  it('takes no newer value that was made for another record, or changed', () => {
    now += TTL_MS_DEFAULT;
    expect(read()).toBe('value-number-2');
    const cache = join(home.vault, 'A.cache');
    const late = readFileSync(cache);
    rotateSecret(home, 'A', { kind: 'command', command: command() }, { now: clock });
    expect(readdirSync(home.vault)).toEqual(['A.json']);
    writeFileSync(cache, late);
    expect(read()).toBe('value-number-3');
    now += TTL_MS_DEFAULT;
    expect(read()).toBe('value-number-4');
    const whole = readFileSync(cache);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      writeFileSync(cache, changed);
      expect(fault(read).code).toBe('vault-unreadable');
    }
    removeSecret(home, 'A');
    expect(readdirSync(home.vault)).toEqual([]);
  });

  it.each([
    ['fails', 'echo secret-value-123; exit 1', 'secret-source-failed'],
    ['prints nothing', 'true', 'secret-invalid'],
    ['prints two lines', 'echo secret-value-123; echo 2', 'secret-invalid'],
    ['prints too much', 'yes secret-value-123', 'secret-source-failed'],
    ['is empty', ' ', 'secret-invalid'],
    ['is too long', `#${'x'.repeat(COMMAND_BYTES_MAX)}`, 'secret-invalid'],
  ])('keeps nothing when it %s', (_, text, code) => {
    const failed = fault(() => keep('B', { kind: 'command', command: text }));
    expect(failed.code).toBe(code);
    expect(failed.text).not.toContain('secret-value-123');
    expect(readdirSync(home.vault)).toEqual(['A.json']);
  });

  it('has a ttl between TTL_MS_MIN and TTL_MS_MAX', () => {
    for (const ttlMs of [TTL_MS_MIN - 1, TTL_MS_MAX + 1, Number.NaN, 1_000.5]) {
      const source: SecretSource = { kind: 'command', command: command(), ttlMs };
      expect(fault(() => keep('B', source)).code).toBe('secret-invalid');
    }
    keep('B', { kind: 'command', command: command(), ttlMs: TTL_MS_MIN });
    keep('B', { kind: 'command', command: command(), ttlMs: TTL_MS_MAX });
  });
});
