import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { HOST, type InstalledKind, type Kernel } from '../kernel/kernel.ts';
import { openKernel } from '../kernel/open-kernel.ts';
import { httpPower } from '../powers/http/power.ts';
import { canRequest } from './can-request.ts';
import { readGrant } from './grant-words.ts';

const NOW = 1_000_000;

function open(): Kernel {
  const http = { definition: httpPower, open: () => undefined } as unknown as InstalledKind;
  return openKernel({
    store: openMemoryStore(),
    journal: { appendMany: (entries) => entries.map((_, index) => index + 1) },
    kinds: new Map([['http', http]]),
    lastUsed: () => new Map(),
    now: () => NOW,
  });
}

async function give(kernel: Kernel, words: object): Promise<string> {
  const grant = await readGrant(kernel, HOST, { power: '', to: 'ann', ...words }, NOW);
  return kernel.together(grant).id;
}

describe('whether a request would be let out', () => {
  it('is said by the grants that the guest holds, with the one that would', async () => {
    const kernel = open();
    const ann = kernel.addGuest('ann', { reason: '' }).id;
    const can = (method: string, url: string) => canRequest(kernel, ann, method, url, NOW);
    expect(can('GET', 'https://a.example/v1')).toMatchObject({ allow: false, code: 'not-granted' });
    const one = await give(kernel, { power: 'GET https://a.example/v1/**' });
    expect(can('GET', 'https://a.example/v1/x')).toEqual({ allow: true, grant: one, waits: false });
    expect(can('POST', 'https://a.example/v1/x')).toMatchObject({ code: 'method-not-granted' });
    expect(can('GET', 'https://a.example/v2')).toMatchObject({ code: 'path-not-granted' });
    expect(() => can('GET', 'https://')).toThrow(expect.objectContaining({ code: 'call-invalid' }));
    await kernel.revoke(HOST, { grant: one }, 'enough');
    expect(can('GET', 'https://a.example/v1/x')).toMatchObject({ code: 'grant-revoked' });
    expect(can('GET', 'https://a.example/v2')).toMatchObject({ code: 'not-granted' });
  });

  it('is no when the budget is spent, unless another grant has one', async () => {
    const kernel = open();
    const ann = kernel.addGuest('ann', { reason: '' }).id;
    const can = () => canRequest(kernel, ann, 'GET', 'https://a.example/', NOW);
    const first = await give(kernel, { power: 'a.example', budget: ['uses=1'] });
    expect(can()).toEqual({ allow: true, grant: first, waits: false });
    kernel.spend(first, { uses: 1 });
    expect(can()).toMatchObject({ allow: false, code: 'budget-spent' });
    const second = await give(kernel, { power: 'a.example' });
    expect(can()).toEqual({ allow: true, grant: second, waits: false });
  });

  it('is yes with a wait where the host is asked first', async () => {
    const kernel = open();
    const ann = kernel.addGuest('ann', { reason: '' }).id;
    await give(kernel, { power: 'a.example', approval: 'writes' });
    const can = (method: string) => canRequest(kernel, ann, method, 'https://a.example/', NOW);
    expect(can('GET')).toMatchObject({ allow: true, waits: false });
    expect(can('POST')).toMatchObject({ allow: true, waits: true });
  });
});

describe('the words of a grant', () => {
  it('are all read before anything is made', async () => {
    const kernel = open();
    kernel.addGuest('ann', { reason: '' });
    for (const [words, code] of [
      [{ power: 'a.example', to: 'eve' }, 'guest-unknown'],
      [{ power: 'a.example', budget: ['uses=x'] }, 'grant-invalid'],
      [{ power: 'a.example', expires: 'soon' }, 'grant-invalid'],
      [{ power: 'a.example', begins: '2h', expires: '1h' }, 'grant-invalid'],
      [{ power: 'a.example', only: ['nothing here'] }, 'narrowing-invalid'],
      [{ power: 'GET a.example', only: ['/v1'] }, 'grant-invalid'],
      [{ power: 'a.example', as: 'not a name' }, 'name-invalid'],
    ] as const) {
      await expect(give(kernel, words)).rejects.toMatchObject({ code });
    }
    expect(kernel.powers()).toEqual([]);
    expect(kernel.grants({ all: true })).toEqual([]);
  });
});
