import { describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../test/support/memory-store.ts';
import { openDirectory } from '../powers/directory/live.ts';
import { directoryPower } from '../powers/directory/power.ts';
import { openMailbox } from '../powers/mailbox/live.ts';
import { mailboxPower } from '../powers/mailbox/power.ts';
import { openSecret } from '../powers/secret/live.ts';
import { secretPower } from '../powers/secret/power.ts';
import { HOST, type InstalledKind, type Kernel, type Reference } from './kernel.ts';
import { openKernel } from './open-kernel.ts';

/** A kernel with the kinds that need it themselves, and one to look up. */
function openWithKinds(): Kernel {
  const made: { kernel?: Kernel } = {};
  const now = () => made.kernel as Kernel;
  const secret = () => ({ reveal: () => 'a value of many bytes' });
  const kinds: readonly (readonly [unknown, (config: never) => unknown])[] = [
    [secretPower, (config) => openSecret(config, { secret })],
    [mailboxPower, (config) => openMailbox(config, now().mail)],
    [
      directoryPower,
      (config) =>
        openDirectory(config, {
          names: now().names,
          kindOf: (grant) => now().view(grant).power.kind,
        }),
    ],
  ];
  const installed = kinds.map(([definition, open]) => ({ definition, open }) as InstalledKind);
  let rows = 0;
  made.kernel = openKernel({
    store: openMemoryStore(),
    journal: { appendMany: (entries) => entries.map(() => (rows += 1)) },
    kinds: new Map(installed.map((kind) => [kind.definition.kind, kind])),
    lastUsed: () => new Map(),
    now: Date.now,
    approvalMs: 60_000,
  });
  return made.kernel;
}

/** A power of the host, and a grant of it, both by the words of a person. */
function give(
  kernel: Kernel,
  to: string,
  [kind, words]: readonly [string, string],
  only: readonly string[] = [],
): string {
  const { definition } = kernel.kinds.get(kind) as InstalledKind;
  const config = definition.readConfig(words);
  const { root } = kernel.makePower(kind, config, 'a test');
  const narrowing = only.length === 0 ? null : definition.readNarrowing(only, config);
  return kernel.grant(HOST, { parent: root.id, to, narrowing }).id;
}

describe('a directory as a power', () => {
  it('gives what it finds only as long as it is granted itself', async () => {
    const kernel = openWithKinds();
    const ann = kernel.addGuest('ann', { reason: 'a test' }).id;
    const { root } = kernel.makePower('secret', secretPower.readConfig('HOOK'), 'a test');
    kernel.names.makeDirectory(HOST, 'tools');
    kernel.names.write(HOST, 'tools/hook', root.id);
    kernel.names.write(HOST, 'tools/other', root.id);
    const grant = give(kernel, ann, ['directory', 'host/tools'], ['name=hook']);
    const directory = kernel.reference(ann, grant);

    expect(await kernel.use(ann, directory, 'list', [''])).toEqual([
      { name: 'hook', type: 'grant' },
    ]);
    await expect(kernel.use(ann, directory, 'lookup', ['other'])).rejects.toMatchObject({
      code: 'narrowing-refused',
    });
    await expect(kernel.use(ann, directory, 'remove', ['hook'])).rejects.toMatchObject({
      code: 'narrowing-refused',
    });
    const hook = (await kernel.use(ann, directory, 'lookup', ['hook'])) as Reference;
    expect(hook).toMatchObject({ kind: 'secret', requires: [grant] });
    expect(await kernel.use(ann, hook, 'sign', ['x'])).toMatch(/^[0-9a-f]{64}$/);

    await kernel.revoke(HOST, { grant }, 'a test');
    await expect(kernel.use(ann, hook, 'sign', ['x'])).rejects.toMatchObject({
      code: 'grant-revoked',
    });
    await kernel.close();
  });
});

describe('a mailbox as a power', () => {
  it('puts a letter of its user into the box of its owner', async () => {
    const kernel = openWithKinds();
    const [ann, ben] = ['ann', 'ben'].map((name) => kernel.addGuest(name, { reason: 'x' }).id) as [
      string,
      string,
    ];
    const grant = give(kernel, ann, ['mailbox', ben], ['chars=5']);
    const mailbox = kernel.reference(ann, grant);
    const sent = await kernel.use(ann, mailbox, 'send', ['hello']);
    expect(kernel.mail.inbox(ben)).toMatchObject([
      { ...(sent as { id: string }), from: ann, to: ben, text: 'hello', enclosed: [] },
    ]);
    await expect(kernel.use(ann, mailbox, 'send', ['longer'])).rejects.toMatchObject({
      code: 'narrowing-refused',
    });
    expect(kernel.mail.inbox(ben)).toHaveLength(1);
    await kernel.close();
  });
});
