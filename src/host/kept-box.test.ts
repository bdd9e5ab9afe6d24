import { expect, it } from 'vitest';
import type { BoxEgress, SecretChange, ToEgress } from '../egress/protocol.ts';
import type { Watched } from '../vault/fingerprint.ts';
import type { EgressChild } from './egress-child.ts';
import { keepBox } from './kept-box.ts';

const secretOf = (placeholder: string) => ({
  ...{ name: placeholder.toUpperCase(), value: `first of ${placeholder}`, placeholder },
  bindings: [],
});
const nothing: Watched = { key: 'k', values: [] };
const config = {
  ...{ box: 'box-1', endMark: '/end', hosts: {}, ca: { certificate: '', key: '' } },
  ...{ link: { socket: '', token: '' }, secrets: [secretOf('a'), secretOf('b')], watched: nothing },
} satisfies BoxEgress;

const change = (more: Partial<SecretChange>): SecretChange => ({
  ...{ values: [], gone: [], watched: null },
  ...more,
});

it('gives the next process what is recognised, each value in turn, and what is gone', async () => {
  const box = keepBox(config);
  const watched: Watched = { key: 'k', values: [{ name: 'A', kind: 'value', prints: [] }] };
  const values = (placeholder: string, value: string) => [{ placeholder, value }];
  box.changeSecrets(change({ values: values('a', 'second'), gone: ['b'], watched }));
  box.changeSecrets(change({ values: values('a', 'third') }));
  box.changeSecrets(change({ gone: ['a'] }));
  box.changeSecrets(change({ values: values('b', 'again') }));
  const told: ToEgress[] = [];
  await box.giveTo({ tell: (message) => void told.push(message) } as EgressChild);
  expect(told[0]).toMatchObject({ type: 'open', config: { watched } });
  expect(told.slice(1)).toMatchObject([
    { type: 'secrets', change: { values: values('a', 'second'), gone: [] } },
    { type: 'secrets', change: { values: values('a', 'third'), gone: [] } },
    { type: 'secrets', change: { values: values('b', 'again'), gone: [] } },
    { type: 'secrets', change: { values: [], gone: ['a'] } },
  ]);
});
