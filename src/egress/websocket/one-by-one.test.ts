import { once } from 'node:events';
import { Duplex, PassThrough, Readable, type Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { meterBytes } from './meter-bytes.ts';
import { oneByOne } from './one-by-one.ts';

const tick = (): Promise<void> => new Promise((done) => setImmediate(done));

/** How many pieces of one byte leave their source for an end that takes none. */
async function taken(join: (end: Duplex) => Writable): Promise<number> {
  let pieces = 0;
  const source = new Readable({
    highWaterMark: 1,
    read() {
      pieces += 1;
      this.push(pieces < 20_000 ? Buffer.from('a') : null);
    },
  });
  const end = new Duplex({ read() {}, write() {} });
  source.pipe(meterBytes(() => {}, null)).pipe(join(end));
  for (let turn = 0; turn < 200; turn += 1) await tick();
  source.destroy();
  end.destroy();
  return pieces;
}

describe('writing one by one', () => {
  it('leaves what an end does not take where it came from', async () => {
    expect(await taken(oneByOne)).toBeLessThan(20);
    // Into the end itself as many go as it has bytes of room.
    expect(await taken((end) => end)).toBeGreaterThan(10_000);
  });

  it('brings every piece in order, and the end', async () => {
    const end = new PassThrough();
    const pieces = Array.from({ length: 500 }, (_, i) => `${i},`);
    Readable.from(pieces.map((text) => Buffer.from(text))).pipe(oneByOne(end));
    let got = '';
    end.on('data', (chunk: Buffer) => {
      got += chunk.toString();
    });
    await once(end, 'end');
    expect(got).toBe(pieces.join(''));
  });

  it('goes no further than an end that is gone', async () => {
    const end = new PassThrough();
    const writer = oneByOne(end);
    end.destroy();
    writer.write('late');
    await new Promise<void>((done) => writer.once('close', done));
    expect(writer.destroyed).toBe(true);
  });
});
