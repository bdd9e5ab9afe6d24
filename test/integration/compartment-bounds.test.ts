import { describe, expect, it, onTestFinished } from 'vitest';
import {
  COMPARTMENTS_MAX,
  COMPARTMENTS_OF_MAKER_MAX,
  FILE_CHARS_MAX,
  GIVES_MAX,
  METHOD_CHARS_MAX,
  MODULES_MAX,
  PROGRAM_BYTES_MAX,
  THROWN_CHARS_MAX,
  WORKERS_MAX,
} from '../../src/gateway/limits.ts';
import { receivedError } from '../../src/gateway/send-error.ts';
import type { CompartmentDoor, CompartmentWords } from '../../src/wire/compartment.ts';
import type { GuestDoor, HostDoor } from '../../src/wire/doors.ts';
import { rawWorker, thrown } from '../hostile/support/raw-worker.ts';
import { fakeWorkers } from '../support/fake-worker.ts';
import { type Gateway, openGateway } from '../support/gateway-harness.ts';

/** What the gateway lets makers of compartments have, each at its limit and one beyond. */

async function scene(): Promise<Gateway & { readonly door: HostDoor }> {
  const workers = fakeWorkers((box) => {
    rawWorker(box, (code) => {
      if (code === 'throw')
        return thrown(`[evaluation-failed] ${'x'.repeat(THROWN_CHARS_MAX + 5)}`);
      return code === 'far' ? ['export', -500] : 1;
    });
  });
  onTestFinished(() => workers.close());
  const gateway = await openGateway({ workers });
  gateway.kernel.names.write('host', 'till', gateway.till());
  const client = await gateway.host();
  return { ...gateway, door: client.door as unknown as HostDoor };
}

const SHARED: CompartmentWords = { isolation: 'shared' };

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'no failure',
    (failure: unknown) => failure,
  );
  return receivedError(error)?.code ?? String(error);
}

function many(count: number, one: (n: number) => readonly [string, unknown]): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => one(n)));
}

describe('the number of compartments', () => {
  it('is bounded for one maker, and comes free again', async () => {
    const { door } = await scene();
    const boxes: CompartmentDoor[] = [];
    for (let n = 0; n < COMPARTMENTS_OF_MAKER_MAX; n += 1)
      boxes.push(await door.compartment(SHARED));
    expect(await codeOf(door.compartment(SHARED))).toBe('limit-exceeded');
    await boxes[0]?.stop('room for another');
    expect((await door.status()).compartments.running).toBe(COMPARTMENTS_OF_MAKER_MAX - 1);
    await door.compartment(SHARED);
  });

  it('is bounded for all guests, as is that of their processes, and the host has its own', async () => {
    const { door, guest } = await scene();
    const makers = Array.from({ length: COMPARTMENTS_MAX / COMPARTMENTS_OF_MAKER_MAX }, (_, n) => {
      guest(`maker-${n}`);
      return door.guest(`maker-${n}`);
    });
    const fill = async (
      words: CompartmentWords,
      makersOfIt: number,
    ): Promise<CompartmentDoor[]> => {
      const opened: CompartmentDoor[] = [];
      for (const maker of makers.slice(0, makersOfIt)) {
        const own = await maker;
        const boxes = Array.from({ length: COMPARTMENTS_OF_MAKER_MAX }, () =>
          own.compartment(words),
        );
        opened.push(...(await Promise.all(boxes)));
      }
      return opened;
    };
    const own = await fill({}, WORKERS_MAX / COMPARTMENTS_OF_MAKER_MAX);
    expect(own).toHaveLength(WORKERS_MAX);
    const last = (await makers.at(-1)) as GuestDoor;
    expect(await codeOf(last.compartment({}))).toBe('limit-exceeded');
    const ofHost = await door.compartment({});
    expect(await ofHost.evaluate({ code: 'one' })).toBe(1);
    await ofHost.stop('room for others');
    await Promise.all(own.map((box) => box.stop('room for others')));
    const shared = await fill(SHARED, makers.length);
    expect(shared).toHaveLength(COMPARTMENTS_MAX);
    guest('late');
    const late = await door.guest('late');
    expect(await codeOf(late.compartment(SHARED))).toBe('limit-exceeded');
    expect(await (await door.compartment(SHARED)).evaluate({ code: 'one' })).toBe(1);
  });
});

describe('what a compartment is made with, and given to evaluate', () => {
  it('is bounded in names, sources and modules', async () => {
    const { door } = await scene();
    const gives = (count: number): CompartmentWords => ({
      give: many(count, (n) => [`t${n}`, { power: 'till' }]) as CompartmentWords['give'] & object,
    });
    expect(await codeOf(door.compartment(gives(GIVES_MAX + 1)))).toBe('call-invalid');
    const box = await door.compartment(gives(GIVES_MAX));
    const half = 'x'.repeat(PROGRAM_BYTES_MAX / 2);
    expect(await box.evaluate({ code: half, modules: { './a': half.slice(3) } })).toBe(1);
    const longer = { code: half, modules: { './a': half.slice(2) } };
    expect(await codeOf(box.evaluate(longer))).toBe('source-invalid');
    const modules = (count: number): Record<string, string> =>
      many(count, (n) => [`./${n}`, '']) as Record<string, string>;
    expect(await box.evaluate({ code: '', modules: modules(MODULES_MAX) })).toBe(1);
    const more = { code: '', modules: modules(MODULES_MAX + 1) };
    expect(await codeOf(box.evaluate(more))).toBe('call-invalid');
  });

  it('is recorded by its name, cut, and its digest', async () => {
    const { door, rows } = await scene();
    const box = await door.compartment({});
    await box.evaluate({ code: 'the source', file: 'f'.repeat(FILE_CHARS_MAX + 5) });
    const row = rows.find((one) => one.kind === 'compartment' && one.state === 'evaluated');
    const { reason } = row as { readonly reason: string };
    expect(reason).toMatch(/^f{200} sha256 [0-9a-f]{64}$/);
    expect(JSON.stringify(rows)).not.toContain('the source');
  });

  it('throws no more than so much text, and has no longer names of methods', async () => {
    const { door } = await scene();
    const box = await door.compartment({});
    const error: unknown = await box
      .evaluate({ code: 'throw' })
      .catch((failure: unknown) => failure);
    expect(receivedError(error)?.message).toHaveLength(THROWN_CHARS_MAX);
    const far = (await box.evaluate({ code: 'far' })) as {
      call(method: string, args: readonly unknown[]): Promise<unknown>;
    };
    const long = 'm'.repeat(METHOD_CHARS_MAX + 1);
    expect(await codeOf(far.call(long, []))).toBe('call-invalid');
  });
});
