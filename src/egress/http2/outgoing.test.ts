import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeOutgoingQueue } from './outgoing.ts';

/** What it gives, blocks as `[text]`, until it has nothing more or may give nothing. */
function drained(queue: ReturnType<typeof makeOutgoingQueue>, most: number): string {
  let text = '';
  for (;;) {
    const item = queue.take(most);
    if (item === null || item === 'window') return text;
    if (Buffer.isBuffer(item)) expect(item.length).toBeLessThanOrEqual(most);
    text += Buffer.isBuffer(item) ? item.toString('latin1') : `[${item.block.toString('latin1')}]`;
  }
}

describe('what a stream has to send', () => {
  it('comes out in order, whatever its pieces are and however little may be sent at a time', () => {
    const items = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 6000 }).map((size) => Buffer.alloc(size, 97 + (size % 26))),
        fc.constant({ block: Buffer.from('head') }),
      ),
      { maxLength: 30 },
    );
    const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 30 });
    fc.assert(
      fc.property(items, sizes, (pushed, takes) => {
        const queue = makeOutgoingQueue();
        let [out, expected, sent] = ['', '', 0];
        for (const [at, item] of pushed.entries()) {
          queue.push(item);
          const isBody = Buffer.isBuffer(item);
          expected += isBody ? item.toString('latin1') : `[${item.block.toString('latin1')}]`;
          const size = takes[at];
          if (size === undefined) continue;
          const item2 = queue.take(size);
          if (item2 === null || item2 === 'window') continue;
          if (Buffer.isBuffer(item2)) sent += item2.length;
          out += Buffer.isBuffer(item2) ? item2.toString('latin1') : '[head]';
        }
        const bodies = pushed.reduce(
          (sum, item) => sum + (Buffer.isBuffer(item) ? item.length : 0),
          0,
        );
        expect(queue.bytes).toBe(bodies - sent);
        expect(out + drained(queue, 1000)).toBe(expected);
        expect([queue.isEmpty, queue.bytes]).toEqual([true, 0]);
      }),
    );
  });

  it('gives blocks, and no bytes, where the window has no room', () => {
    const queue = makeOutgoingQueue();
    queue.push({ block: Buffer.from('a') });
    queue.push(Buffer.from('b'));
    queue.push({ block: Buffer.from('c') });
    expect(drained(queue, 0)).toBe('[a]');
    expect(queue.take(0)).toBe('window');
    expect(drained(queue, 9)).toBe('b[c]');
  });

  it('puts together what came in tiny pieces', () => {
    const queue = makeOutgoingQueue();
    for (let i = 0; i < 100_000; i += 1) queue.push(Buffer.from('a'));
    expect(queue.bytes).toBe(100_000);
    let pieces = 0;
    for (let item = queue.take(16_384); item !== null; item = queue.take(16_384)) {
      expect(Buffer.isBuffer(item) && item.buffer.byteLength <= 8_192).toBe(true);
      pieces += 1;
    }
    expect(pieces).toBeLessThan(30);
  });
});
