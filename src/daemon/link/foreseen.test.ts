import { expect, it } from 'vitest';
import { HOST, kernelFixture } from '../../../test/support/kernel-fixture.ts';
import { makeForeseen } from './foreseen.ts';

it('lets go of what was foreseen when a use is over, once, or when the egress is gone', () => {
  const { kernel, guest, till } = kernelFixture();
  const ask = { parent: till(), to: guest('ann'), budget: { tokens: 10 } };
  const { id } = kernel.grant(HOST, ask);
  const [one, two] = [makeForeseen(kernel), makeForeseen(kernel)];
  const most = { tokens: 5, microdollars: 1 };
  expect([one.begin(id, most), one.begin(id, most)]).toEqual([null, null]);
  expect(two.begin(id, most)).toMatchObject({ code: 'budget-spent' });
  // Nothing of this size goes on there, so nothing is let go of.
  one.end(id, { tokens: 1 });
  two.end(id, most);
  expect(two.begin(id, most)).toMatchObject({ code: 'budget-spent' });
  one.end(id, most);
  expect(two.begin(id, most)).toBeNull();
  expect(one.begin(id, most)).toMatchObject({ code: 'budget-spent' });
  two.close();
  expect(one.begin(id, most)).toBeNull();
  expect(one.begin('gr-none', most)).toMatchObject({ code: 'grant-unknown' });
});

it('spends what was foreseen of uses whose egress was killed, as far as there is any left', () => {
  const { kernel, guest, till } = kernelFixture();
  const ask = { parent: till(), to: guest('ann'), budget: { tokens: 12 } };
  const { id } = kernel.grant(HOST, ask);
  const uses = makeForeseen(kernel);
  const most = { tokens: 5, microdollars: 1 };
  expect([uses.begin(id, most), uses.begin(id, most)]).toEqual([null, null]);
  uses.end(id, most);
  uses.forfeit();
  expect(kernel.view(id).spent).toMatchObject({ tokens: 5 });
  // One use may be foreseen beyond what is left.
  expect(uses.begin(id, { tokens: 100 })).toBeNull();
  uses.forfeit();
  expect(kernel.view(id).spent).toMatchObject({ tokens: 12 });
  // Nothing of it goes on any more.
  uses.forfeit();
  expect(uses.begin(id, { tokens: 100 })).toBeNull();
});
