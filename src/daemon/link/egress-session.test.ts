import { expect, it } from 'vitest';
import { HOST, kernelFixture } from '../../../test/support/kernel-fixture.ts';
import type { Home } from '../../store/home.ts';
import type { RegisteredBox } from '../../store/kernel-store.ts';
import type { FromDaemon } from '../../wire/link.ts';
import { openEgressSession } from './egress-session.ts';

const never = (): never => {
  throw new Error('Nobody asks for this.');
};

it('pays for what a box used of a grant that has ended, and of no other box or guest', async () => {
  const { kernel, guest, till } = kernelFixture();
  const [ann, ben] = [guest('ann'), guest('ben')];
  const box: RegisteredBox = { id: 'bx-one', guest: ann, token: '', egress: null, created: 0 };
  const told: FromDaemon[] = [];
  const session = openEgressSession({
    home: '/nowhere' as unknown as Home,
    ...{ kernel, box, door: never },
    send: (message) => void told.push(message),
    hangUp() {},
  });
  const give = (to: string, of: string | null) =>
    kernel.grant(HOST, { parent: till(), to, budget: { tokens: 10 }, box: of }).id;
  const [own, others, another] = [give(ann, null), give(ben, null), give(ann, 'bx-two')];
  await kernel.revoke(HOST, { grant: own }, '');
  for (const [call, grant] of [own, others, another].entries()) {
    session.ask({
      type: 'ask',
      call,
      what: { do: 'spend', grant, spend: { tokens: 4 }, over: null },
    });
  }
  await expect.poll(() => told.length).toBe(3);
  session.close();
  const byCall = [...told].sort((a, b) =>
    'call' in a && 'call' in b ? Number(a.call) - Number(b.call) : 0,
  );
  expect(byCall).toMatchObject([
    { type: 'answer', value: { allow: false, code: 'grant-revoked' } },
    { type: 'refused', code: 'grant-unknown' },
    { type: 'refused', code: 'grant-unknown' },
  ]);
  expect([own, others, another].map((id) => kernel.view(id).spent)).toEqual([
    { tokens: 4 },
    {},
    {},
  ]);
});
