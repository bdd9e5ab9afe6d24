import type { PowerDefinition } from '../src/ocap/power.ts';
import { commandPower } from '../src/powers/command/power.ts';
import { directoryPower } from '../src/powers/directory/power.ts';
import { mailboxPower } from '../src/powers/mailbox/power.ts';
import { modelPower } from '../src/powers/model/power.ts';
import { secretPower } from '../src/powers/secret/power.ts';
import { storePower } from '../src/powers/store/power.ts';
import { PowerboxError } from '../src/wire/errors.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

type AnyPower = PowerDefinition<unknown, unknown, unknown>;

/** The kinds whose texts are words, each with a config to read narrowings for. */
const POWERS: readonly (readonly [AnyPower, unknown])[] = [
  [secretPower, 'HOOK'],
  [commandPower, 'git'],
  [modelPower, 'openai'],
  [mailboxPower, 'host'],
  [directoryPower, 'host'],
  [storePower, 'notes'],
].map(([power, words]) => {
  const any = power as unknown as AnyPower;
  return [any, any.readConfig(words as string)];
});

/** What a person says of the smaller kinds: read to data that is written and read back the same. */
export const onlyWordsTarget: FuzzTarget = {
  name: 'only-words',
  seeds: [
    'sign verify algorithm=hmac-sha256 bytes=64K prefix="v1:" purpose=a/*,b',
    'model=gpt-4o,gpt-* tokens=1000 tools=off stream=off messages=20 bytes=1M extras=none',
    "log --oneline 'a b'|c* ** < *",
    'ro below=tools name=github,notes/**',
    'chars=500 replies=off',
    'any',
    'HOOK algorithm=hmac-sha512 key=base64',
    'git -C /srv -- workspace=/srv/repo:rw mount=/a:/b:ro env=A=1,"B=x y" time=60 pids=4',
    'openai https://example.com/v1 credential=KEY price=m:1.5:2 extras=n',
    'host/tools:rw',
    'ro keys=notes/*,config value=4K bytes=100K items=1000',
    'notes bytes=10M items=5000',
  ],
  words: ['=', ',', '"', "'", '\\', '*', '**', '|', '<', ' ', '--', '/', ':', '..', 'K', '\ud800'],
  check(input) {
    const text = textOf(input);
    return POWERS.map(
      ([power, config]) => `${narrowed(power, config, text)}${configured(power, text)}`,
    ).join(' ');
  },
};

function narrowed(power: AnyPower, config: unknown, text: string): string {
  let narrowing: unknown;
  try {
    narrowing = power.readNarrowing([text], config);
  } catch (error) {
    return refusal(error, 'narrowing-invalid');
  }
  holds(power.narrowing.safeParse(narrowing).success, `${power.kind} gives data of its schema`);
  const written = power.describeNarrowing(narrowing);
  const again = power.readNarrowing(written, config);
  holds(JSON.stringify(again) === JSON.stringify(narrowing), `${power.kind} reads its own text`);
  return 'n';
}

function configured(power: AnyPower, text: string): string {
  let config: unknown;
  try {
    config = power.readConfig(text);
  } catch (error) {
    return refusal(error, 'power-invalid');
  }
  holds(power.config.safeParse(config).success, `${power.kind} gives a config of its schema`);
  const known = power.describeConfig(config);
  holds(known.startsWith(`${power.kind}:`) && !/[\r\n]/.test(known), `${power.kind} is one line`);
  return 'c';
}

function refusal(error: unknown, code: string): string {
  if (!PowerboxError.is(error)) throw error;
  holds(error.code === code, `a refusal has the code ${code}, and not ${error.code}`);
  holds(/^[^\r\n]{10,}\.$/.test(error.message), 'a refusal is one sentence');
  return '-';
}
