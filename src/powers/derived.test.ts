import { describe, expect, it } from 'vitest';
import { type Declared, guardOf } from '../ocap/derive.ts';
import { declarationOf } from '../ocap/derive-declaration.ts';
import { methodsOf } from '../ocap/derive-schema.ts';
import { commandPower } from './command/power.ts';
import { directoryPower } from './directory/power.ts';
import { mailboxPower } from './mailbox/power.ts';
import { modelPower } from './model/power.ts';
import { secretPower } from './secret/power.ts';
import { storePower } from './store/power.ts';

const hello = { model: 'm', messages: [{ role: 'user', content: 'hello' }] };

describe.each([
  ['secret', secretPower, 'sign', [new Uint8Array([1]), { encoding: 'hex' }], ['x', 1]],
  ['command', commandPower, 'run', [['log'], { stdin: 'x' }], [['log'], { env: {} }]],
  ['model', modelPower, 'chat', [hello], [{ ...hello, n: 2 }]],
  ['mailbox', mailboxPower, 'send', ['hello'], ['']],
  ['directory', directoryPower, 'lookup', ['a/b'], ['../a']],
  ['store', storePower, 'put', ['a/b', { c: [1] }], [1, 1]],
] as const)('what is derived from %s', (kind, power, method, good, bad) => {
  const declared = power as unknown as Declared;

  it('guards its methods', () => {
    const guard = guardOf(declared);
    expect(guard('root', method, good).slice(0, good.length)).toEqual(good);
    expect(() => guard('root', method, bad)).toThrow(
      expect.objectContaining({ code: 'call-invalid' }),
    );
    expect(() => guard('root', 'constructor', [])).toThrow();
  });

  it('has a schema of each method and a text for models', () => {
    expect(power.kind).toBe(kind);
    const methods = methodsOf(declared);
    expect(methods.length).toBeGreaterThan(0);
    expect(() => JSON.stringify(methods)).not.toThrow();
    const text = declarationOf(declared, power.summary);
    for (const [, table] of Object.entries(power.facets)) {
      for (const name of Object.keys(table)) expect(text).toContain(name);
    }
  });
});
