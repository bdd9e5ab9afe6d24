import { describe, expect, it } from 'vitest';
import { kernelFixture } from '../../test/support/kernel-fixture.ts';
import { HOST, type InstalledKind, type Kernel } from '../kernel/kernel.ts';
import { httpPower } from '../powers/http/power.ts';
import { readNewPower, readPower, rootOf } from './power-words.ts';

function fixture(): Kernel {
  const { kernel } = kernelFixture();
  const http = { definition: httpPower } as unknown as InstalledKind;
  return { ...kernel, kinds: new Map([...kernel.kinds, ['http', http]]) };
}

/** The power, and the rule of its grant. */
async function readBoth(text: string): Promise<void> {
  const { definition, config, only } = await readNewPower(fixture(), text);
  if (only.length > 0) definition.readNarrowing(only, config);
}

const origin = (host: string, more: object = {}): object => ({
  kind: 'http',
  config: {
    scheme: 'https',
    host: { type: 'exact', name: host },
    port: 443,
    credential: null,
    ...more,
  },
});

describe('the words of a new power', () => {
  it.each([
    ['api.example.com', origin('api.example.com'), []],
    ['https://api.example.com', origin('api.example.com'), []],
    ['http:api.example.com', origin('api.example.com'), []],
    ['http://localhost:8080', origin('localhost', { scheme: 'http', port: 8080 }), []],
    ['localhost:8080', origin('localhost', { port: 8080 }), []],
    ['a.example with KEY', origin('a.example', { credential: 'KEY' }), []],
    ['GET a.example/v1/**', origin('a.example'), ['GET https://a.example/v1/**']],
    [
      'GET  a.example with KEY',
      origin('a.example', { credential: 'KEY' }),
      ['GET https://a.example'],
    ],
    ['a.example/v1 query page=*', origin('a.example'), ['https://a.example/v1 query page=*']],
    ['*.example.com', origin('', { host: { type: 'below', suffix: 'example.com' } }), []],
  ])('%s', async (text, power, only) => {
    const read = await readNewPower(fixture(), text);
    expect({ kind: read.kind, config: read.config }).toEqual(power);
    expect(read.only).toEqual(only);
    // What is not read here is read by the kind, which knows the words of its own rules.
    if (only.length > 0)
      expect(() => read.definition.readNarrowing(only, read.config)).not.toThrow();
  });

  it.each([
    ['other:x', 'kind-unknown'],
    ['constructor:x', 'kind-unknown'],
    ['', 'rule-invalid'],
    ['https://', 'rule-invalid'],
    ['https://a.example with two words', 'narrowing-invalid'],
    ['a.example with K-E-Y', 'power-invalid'],
    ['*.com', 'rule-invalid'],
  ])('%j is refused', async (text, code) => {
    await expect(readBoth(text)).rejects.toMatchObject({ code });
  });
});

describe('the words of a power', () => {
  it('are a petname or an id of what the giver holds; new ones only the host may use', async () => {
    const { kernel, till, guest } = kernelFixture();
    const id = till();
    const ann = guest('ann');
    kernel.names.write(HOST, 'shop.one', id);
    expect(await readPower(kernel, HOST, 'shop.one')).toEqual({ type: 'grant', grant: id });
    expect(await readPower(kernel, HOST, id)).toEqual({ type: 'grant', grant: id });
    expect(await readPower(kernel, HOST, 'till:x')).toMatchObject({ type: 'new' });
    await expect(readPower(kernel, HOST, 'shop')).rejects.toMatchObject({ code: 'name-unknown' });
    await expect(readPower(kernel, ann, id)).rejects.toMatchObject({ code: 'grant-unknown' });
    await expect(readPower(kernel, ann, 'shop.one')).rejects.toMatchObject({
      code: 'name-unknown',
    });
    await expect(readPower(kernel, ann, 'till:x')).rejects.toMatchObject({
      code: expect.stringMatching(/^name-/),
    });
  });

  it('lead to the power that is there, until its grant has ended', async () => {
    const { kernel } = kernelFixture();
    const wanted = await readNewPower(kernel, 'till:x');
    const root = rootOf(kernel, wanted, '').grant.id;
    expect(rootOf(kernel, wanted, '').grant.id).toBe(root);
    await kernel.revoke(HOST, { grant: root }, '');
    expect(rootOf(kernel, wanted, '').grant.id).not.toBe(root);
  });
});
