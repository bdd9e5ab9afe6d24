import { makeScrubber, type Scrubber } from '../src/egress/scrub/scrubber.ts';
import { echoesIn } from './echoes.ts';
import { makeRandom } from './random.ts';
import { type FuzzTarget, holds } from './target.ts';

/** One like a real token, one that repeats itself, one that begins another, one full of escapes, a long one. */
const VALUES = [
  'sk-7Qm2kVxT9aLp4R',
  'abababababab',
  'ababababababXy',
  'p%41&a\\/"9z+=<q',
  `${'aab'.repeat(13)}c`,
] as const;

const scrubbers: readonly Scrubber[] = [
  ...VALUES.map((value) => makeScrubber([secretOf(value)])),
  makeScrubber(VALUES.map(secretOf)),
];

const [TOKEN, REPEATED, LONGER, ESCAPED, LONG] = VALUES;

/**
 * A body; its first bytes say where it is cut into chunks. Cutting changes nothing, the length
 * stays, what was an echo is none any more, and nothing else is touched.
 */
export const scrubTarget: FuzzTarget = {
  name: 'scrub',
  seeds: [
    `ab{"authorization":"Bearer ${TOKEN}","x":"${encodeURIComponent(ESCAPED)}"}`,
    `cd${Buffer.from(`user:${TOKEN}`).toString('base64')} ${Buffer.from(ESCAPED).toString('hex')}`,
    `ef${REPEATED}${REPEATED}a${LONGER}`,
    `op${'aab'.repeat(20)}c${LONG.slice(3)}${LONG.slice(0, 38)}aab${LONG}`,
    `gh${JSON.stringify(ESCAPED)} ${ESCAPED.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}`,
    new Uint8Array(Buffer.from(`x${TOKEN}`, 'utf16le')),
    `ij${[...TOKEN].map((char) => `\\u00${Buffer.from(char).toString('hex')}`).join('')}`,
    `kl${[...REPEATED].map((char) => `&#${char.charCodeAt(0)};`).join('')}\r\n`,
    `mn${Buffer.from(`12${LONGER}`).toString('base64').replace(/.{4}/g, '$&\r\n')}`,
  ],
  words: [
    ...[...VALUES, 'sk-', 'abab', 'Xy', '%61', '%6', '%', '\\', '\\u0061', '\\u00', '\\x61', '\\n'],
    ...['&', '&#', '&#97;', '&#x61;', '&#0000097;', '&amp;', '&am', '\r\n', '\n', '+', '%2B', '\0'],
    ...VALUES.map((value) => Buffer.from(value).toString('base64')),
    ...VALUES.map((value) => Buffer.from(value).toString('hex').toUpperCase()),
  ],
  async prepare() {
    // The expressions of the second searcher are compiled when they are used.
    for (const value of VALUES) for (let i = 0; i < 3; i += 1) echoesIn(value, VALUES.join());
  },
  check(input) {
    const body = Buffer.from(input.subarray(2));
    const outcomes = scrubbers.map((scrubber, at) => {
      const whole = run(scrubber, [body]);
      holds(whole.out.length === body.length, 'the length stays');
      for (const chunks of cuts(body, input)) {
        const cut = run(scrubber, chunks);
        holds(cut.out.equals(whole.out) && cut.count === whole.count, 'a cut changes nothing');
      }
      const text = scrubber.text(body.toString('latin1'));
      holds(text.text === whole.out.toString('latin1'), 'text is scrubbed like a stream');
      const values = VALUES[at] === undefined ? VALUES : [VALUES[at]];
      return `${Math.min(whole.count, 9)}${checkEchoes(values, body, whole.out)}`;
    });
    return outcomes.join();
  },
};

/** What another searcher finds is gone from where it was, and only there something changed. */
function checkEchoes(values: readonly string[], body: Buffer, out: Buffer): string {
  const echoes = values.flatMap((value) => echoesIn(value, body.toString('latin1')));
  const covered = new Uint8Array(body.length);
  for (const { at, end } of echoes) covered.fill(1, at, end);
  for (let at = 0; at < body.length; at += 1) {
    holds(out[at] === body[at] || covered[at] === 1, 'nothing but echoes is changed');
  }
  for (const { at, end, form, certain } of echoes) {
    const changed = !out.subarray(at, end).equals(body.subarray(at, end));
    holds(changed || !certain, `no ${form} is left`);
  }
  return [...new Set(echoes.map(({ form }) => form))].join('');
}

function run(scrubber: Scrubber, chunks: readonly Buffer[]): { out: Buffer; count: number } {
  const stream = scrubber.stream();
  const parts = chunks.map((chunk) => Buffer.from(stream.write(Buffer.from(chunk))));
  parts.push(Buffer.from(stream.end()));
  return { out: Buffer.concat(parts), count: stream.count };
}

/** One cut in two, many random ones, and every byte alone. */
function cuts(body: Buffer, input: Uint8Array): Buffer[][] {
  const random = makeRandom(((input[0] ?? 0) << 8) | (input[1] ?? 0));
  const middle = random.below(body.length + 1);
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const length = 1 + random.below(1 << random.below(7));
    pieces.push(body.subarray(at, at + length));
    at += length;
  }
  const bytes = Array.from({ length: body.length }, (_, at) => body.subarray(at, at + 1));
  return [[body.subarray(0, middle), body.subarray(middle)], pieces, bytes];
}

function secretOf(value: string): { value: string; placeholder: string } {
  // Letters and digits that no value has, so that no echo can come about by scrubbing.
  return { value, placeholder: 'W'.repeat(value.length) };
}
