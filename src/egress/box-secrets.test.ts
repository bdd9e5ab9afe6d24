import { describe, expect, it } from 'vitest';
import { canonicalHost } from '../policy/host.ts';
import { parseOrigin } from '../vault/slot.ts';
import { parseSlot } from '../vault/slot-text.ts';
import { BoxSecrets } from './box-secrets.ts';
import type { BoundSecret } from './protocol.ts';
import { freezeTarget, type Target } from './target.ts';

const secretOf = (name: string, host: string): BoundSecret => ({
  name,
  value: `value-of-${name}-0123456789`,
  placeholder: `holds-${name}-abcdefghijkl`,
  bindings: [{ origin: parseOrigin(host), slots: [parseSlot('header:authorization:bearer')] }],
});
const A = secretOf('A', 'a.example');
const B = secretOf('B', 'b.example');

function target(name: string): Target {
  const host = canonicalHost(name);
  if (!host.ok) throw new Error(name);
  return freezeTarget('https', host, 443);
}

const names = (secrets: readonly BoundSecret[]): string[] => secrets.map(({ name }) => name);

describe('secrets that are gone', () => {
  it('go into nothing, and still pin their origin and are scrubbed', () => {
    const secrets = new BoxSecrets([A, B]);
    secrets.replaceValues([], [A.placeholder]);
    expect(names(secrets.usable(null))).toEqual(['B']);
    expect(names(secrets.all)).toEqual(['A', 'B']);
    expect(secrets.isGuarded(target('a.example'))).toBe(true);
    expect(secrets.scrubber.text(`it is ${A.value}`).text).not.toContain(A.value);
  });

  it('are there again with their next value', () => {
    const secrets = new BoxSecrets([A]);
    secrets.replaceValues([], [A.placeholder]);
    secrets.replaceValues([{ placeholder: A.placeholder, value: 'another-value-0123456789' }]);
    expect(secrets.usable(null)).toMatchObject([{ value: 'another-value-0123456789' }]);
    expect(secrets.scrubber.text(A.value).text).not.toContain(A.value);
  });

  it('are not brought into requests by a grant either', () => {
    const secrets = new BoxSecrets([]);
    secrets.adopt([A]);
    expect(secrets.ofGrant('A')?.value).toBe(A.value);
    secrets.adopt([], [A.placeholder]);
    expect(secrets.ofGrant('A')).toBe(null);
    expect(secrets.usable(null)).toEqual([]);
    secrets.adopt([A]);
    expect(secrets.ofGrant('A')?.value).toBe(A.value);
  });
});

describe('a secret that another daemon gives again', () => {
  it('goes under its new placeholder alone, and with its grant alone', () => {
    const secrets = new BoxSecrets([]);
    secrets.adopt([A]);
    const again = { ...A, placeholder: 'other-A-abcdefghijkl', value: 'next-of-A-0123456789' };
    secrets.adopt([again]);
    // A box can know the first one: an echo of the value is scrubbed to it.
    expect(secrets.usable(null)).toEqual([]);
    expect(secrets.usable(secrets.ofGrant('A'))).toMatchObject([again]);
    expect(secrets.scrubber.text(`${A.value} ${again.value}`).count).toBe(2);
    // After a change of heart it is not there under either.
    secrets.adopt([], [again.placeholder]);
    expect(secrets.usable(secrets.ofGrant('A'))).toEqual([]);
  });
});

describe('an answer that is not searched', () => {
  it('ends when a secret comes to be bound to its origin, and no other does', () => {
    const secrets = new BoxSecrets([]);
    const cut: string[] = [];
    for (const name of ['a.example', 'b.example', 'c.example']) {
      const hold = secrets.holdUnread(target(name));
      hold.onEnd(({ code }) => cut.push(`${name} ${code}`));
      if (name === 'b.example') hold.release();
    }
    secrets.adopt([A]);
    secrets.adopt([A, B]);
    expect(cut).toEqual(['a.example response-unscrubbable']);
  });
});
