import { parseQuery } from '../src/egress/dns/query.ts';
import { makeFrameReader } from '../src/egress/dns/stream-frames.ts';
import { type FuzzTarget, holds } from './target.ts';

/**
 * A message, and the same bytes as a stream over TCP. A query that is taken has one question, whose
 * bytes are exactly those of its name, and no split of the stream gives other messages.
 */
export const dnsTarget: FuzzTarget = {
  name: 'dns',
  seeds: [
    query('\x03api\x07example\x03com\x00'),
    query('\x00'),
    query(`\x3f${'a'.repeat(63)}\x00`),
    query('\x03api\xc0\x0c'),
    framed(query('\x01a\x00'), query('\x01b\x00')),
  ],
  words: ['\x00\x01', '\x00\x1c', '\xc0\x0c', '\x00', '\x3f', '\x40', '.', '\x01a', '\x00\x20'],
  check(input) {
    const message = Buffer.from(input);
    checkStream(message);
    const read = parseQuery(message);
    if (read.state !== 'query') return read.state === 'wrong' ? `${read.rcode}` : read.state;
    const { name, question, type } = read.query;
    const labels = name === '' ? [] : name.split('.');
    const again = labels.map((label) => `${String.fromCharCode(label.length)}${label}`).join('');
    holds(question.toString('latin1', 0, question.length - 4) === `${again}\0`, 'it is the name');
    holds(question.equals(message.subarray(12, 12 + question.length)), 'it is what was asked');
    holds(
      labels.every((label) => label.length > 0 && label.length < 64),
      'labels have a length',
    );
    holds(again.length + 1 <= 255, 'the name has a length');
    return `query ${Math.min(labels.length, 4)} ${Math.min(type, 40)}`;
  },
};

function checkStream(stream: Buffer): void {
  const whole = messagesOf([stream]);
  for (const at of [1, 2, 3, stream.length >> 1, stream.length - 1]) {
    if (at <= 0 || at >= stream.length) continue;
    const parts = messagesOf([stream.subarray(0, at), stream.subarray(at)]);
    holds(parts === whole, 'a split changes nothing');
  }
  const bytes = Array.from(stream, (byte) => Buffer.from([byte]));
  holds(messagesOf(bytes) === whole, 'single bytes change nothing');
}

function messagesOf(chunks: readonly Buffer[]): string {
  const reader = makeFrameReader();
  return chunks
    .flatMap((chunk) => reader.push(chunk))
    .map((message) => message.toString('hex'))
    .join();
}

function query(name: string): Buffer {
  const head = '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00';
  return Buffer.from(`${head}${name}\x00\x01\x00\x01`, 'latin1');
}

function framed(...messages: readonly Buffer[]): Buffer {
  return Buffer.concat(messages.flatMap((message) => [Buffer.from([0, message.length]), message]));
}
