import { expect, test } from 'vitest';
import { leaksIn } from './leaks.ts';

const TOKEN = 'acme_q7w3e9r5t2y8u4i6p1azs';

test('finds a part of a token in each form, at each alignment', () => {
  expect(leaksIn('q7w3e9r5', TOKEN)).toEqual(['plain']);
  expect(leaksIn('…y8u4i6p1…', TOKEN)).toEqual(['plain']);
  expect(leaksIn([...TOKEN].reverse().join(''), TOKEN)).toEqual(['reversed']);
  expect(leaksIn(Buffer.from(TOKEN).toString('hex'), TOKEN)).toEqual(['hexadecimal']);
  expect(leaksIn(Buffer.from(TOKEN).toString('hex').toUpperCase(), TOKEN)).toEqual(['hexadecimal']);
  for (const before of ['', 'x', 'xy', 'user:']) {
    const pair = Buffer.from(`${before}${TOKEN}`);
    expect(leaksIn(pair.toString('base64'), TOKEN)).toEqual(['base64']);
    expect(leaksIn(pair.toString('base64url'), TOKEN)).toEqual(['base64']);
  }
});

test('finds nothing in a placeholder and in what surrounds one', () => {
  const placeholder = 'acme_zb5n8m2k4j6h1g3f9d7sq';
  const encoded = ['base64', 'hex'] as const;
  const text = [placeholder, ...encoded.map((form) => Buffer.from(placeholder).toString(form))];
  expect(leaksIn(text.join(' Bearer '), TOKEN)).toEqual([]);
});
