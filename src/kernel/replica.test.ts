import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { httpPower } from '../powers/http/power.ts';
import { HOST, type InstalledKind } from './kernel.ts';
import { openKernel } from './open-kernel.ts';

const http = {
  definition: httpPower,
  open: () => Promise.reject(new Error('nobody calls it here')),
} as unknown as InstalledKind;

const CONFIG = { scheme: 'https', host: { type: 'exact', name: 'api.example' }, port: 443 };
const POST = { methods: ['POST'], path: null };
const PATH = { methods: null, path: '/v1/{token}' };

describe('what an egress is told of narrowings', () => {
  it('says how many of them the host wrote, up to the first of a guest', () => {
    const kernel = openKernel({
      store: openMemoryStore(),
      journal: { appendMany: (entries) => entries.map((_, index) => index + 1) },
      kinds: new Map([['http', http]]),
      lastUsed: () => new Map(),
      now: () => 1_000_000,
      approvalMs: 60_000,
    });
    const guest = (name: string) => kernel.addGuest(name, { reason: 'a test' }).id;
    const [ann, ben, cat, dan] = [guest('ann'), guest('ben'), guest('cat'), guest('dan')];
    const root = kernel.makePower('http', CONFIG, 'a test').root.id;
    const told = (holder: string) =>
      kernel.replica(holder).map(({ narrowings, byHost }) => [narrowings.length, byHost]);

    const whole = kernel.grant(HOST, { parent: root, to: ann });
    expect(told(ann)).toEqual([[0, 0]]);
    // A guest that holds everything narrows it to a place of its own choice.
    kernel.grant(ann, { parent: whole.id, to: ben, narrowing: PATH });
    expect(told(ben)).toEqual([[1, 0]]);

    const narrowed = kernel.grant(HOST, { parent: root, to: cat, narrowing: POST });
    expect(told(cat)).toEqual([[1, 1]]);
    kernel.grant(cat, { parent: narrowed.id, to: dan, narrowing: PATH });
    expect(told(dan)).toEqual([[2, 1]]);
  });
});
