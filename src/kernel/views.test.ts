import { expect, it, vi } from 'vitest';
import { HOST, kernelFixture } from '../../test/support/kernel-fixture.ts';

it('shows a guest what it gave and holds, and looks at nothing else for it', () => {
  const { kernel, store, guest, till } = kernelFixture();
  const [ann, ben, cat] = [guest('ann'), guest('ben'), guest('cat')];
  const root = till();
  const first = kernel.grant(HOST, { parent: root, to: ann });
  const second = kernel.grant(ann, { parent: first.id, to: ben });
  for (let count = 0; count < 50; count++) kernel.grant(ben, { parent: second.id, to: cat });
  const idsOf = (seenBy: string) => kernel.grants({ seenBy }).map(({ grant }) => grant.id);
  expect(idsOf(ann)).toEqual([first.id, second.id]);
  expect(idsOf(ben)).toHaveLength(51);
  expect(kernel.grants({ seenBy: ann, of: HOST }).map(({ grant }) => grant.id)).toEqual([first.id]);
  const looks = vi.spyOn(store.names, 'of');
  idsOf(ann);
  expect(looks).toHaveBeenCalledTimes(2);
});
