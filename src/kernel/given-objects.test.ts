import { expect, it } from 'vitest';
import { HOST, kernelFixture, useGrant } from '../../test/support/kernel-fixture.ts';
import type { Reference } from './kernel.ts';

const code = (wanted: string) => expect.objectContaining({ code: wanted });

it('closes what was given when the time of a grant on the way is over', async () => {
  const fixture = kernelFixture();
  const { kernel, clock, log } = fixture;
  const [ann, ben] = [fixture.guest('ann'), fixture.guest('ben')];
  const ask = { parent: fixture.till(), to: ann, expires: clock.now + 30 };
  const first = kernel.grant(HOST, ask);
  const second = kernel.grant(ann, { parent: first.id, to: ben });
  const drawer = (await useGrant(fixture, ben, second.id, 'drawer')) as Reference;
  await expect(kernel.use(ben, drawer, 'put', [1])).resolves.toBe(1);
  expect(log).toEqual(['drawer', 'drawer.put']);
  clock.now += 30;
  // Nobody calls, and nothing is revoked: the time alone ends it.
  await expect.poll(() => log.at(-1), { timeout: 5_000 }).toBe('drawer closed');
  await expect(kernel.use(ben, drawer, 'put', [1])).rejects.toEqual(code('grant-expired'));
});

it('gives nothing through a grant that ended when the answer was there already', async () => {
  const fixture = kernelFixture();
  const { kernel, log } = fixture;
  const ann = fixture.guest('ann');
  const { id } = kernel.grant(HOST, { parent: fixture.till(), to: ann });
  const answer = useGrant(fixture, ann, id, 'lateDrawer').catch((error: unknown) => error);
  await expect.poll(() => fixture.late.length).toBe(1);
  // The power answers, and the grant ends before anybody has looked at the answer.
  fixture.late[0]?.();
  const ended = Promise.resolve().then(() => kernel.revoke(HOST, { grant: id }, ''));
  expect(await answer).toEqual(code('grant-revoked'));
  await ended;
  expect(log).toContain('drawer closed');
});

it('goes on with what is to be cut when a power fails to close', async () => {
  const fixture = kernelFixture();
  const { kernel, log, closing } = fixture;
  const ann = fixture.guest('ann');
  const { id } = kernel.grant(HOST, { parent: fixture.till(), to: ann });
  const waiting = useGrant(fixture, ann, id, 'wait').catch((error: unknown) => error);
  for (let count = 0; count < 3; count++) await useGrant(fixture, ann, id, 'drawer');
  const told: string[] = [];
  kernel.onReplica(async (_, ended) => {
    told.push(...ended);
    return 0;
  });
  closing.fails = true;
  await kernel.revoke(HOST, { grant: id }, '');
  expect(log.filter((line) => line === 'drawer closed')).toHaveLength(3);
  expect(await waiting).toEqual(code('grant-revoked'));
  expect(told).toEqual([id]);
});
