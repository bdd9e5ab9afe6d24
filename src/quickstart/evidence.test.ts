import { describe, expect, it } from 'vitest';
import { COMMIT_SUBJECT, partsOf } from './agent-script.ts';
import { claims, type Evidence } from './evidence.ts';
import { journal, painter, sides } from './report.ts';

const TOKEN = 'acme_q7w3e9r5t2y8u4i6p1azs';
const PLACEHOLDER = 'kwbd_zb5n8m2k4j6h1g3f9d7sq';
const REFUSAL = { error: 'not-granted', message: `POST is not allowed: ${'a reason '.repeat(20)}` };

const STDOUT = `
== variable
${PLACEHOLDER}

== me
{"plan":"enterprise"}
200

== echo
{"headers":[["Authorization","Bearer ${PLACEHOLDER}"]]}

== theft
${JSON.stringify(REFUSAL)}
403

== push
   1d5ae60..fe7a345  main -> main
`;
const ROW = {
  kind: 'request',
  method: 'GET',
  url: 'https://api.acme.example/v1/me',
  verdict: 'allow',
  status: 200,
  secrets: ['ACME_TOKEN'],
};
const DENIED = {
  ...ROW,
  url: 'https://evil.example/echo',
  verdict: 'deny',
  reason: 'no '.repeat(60),
};
const ROWS = [
  { kind: 'box-start', program: ['sh', 'agent.sh'] },
  ROW,
  { ...ROW, url: 'https://git.acme.example/notes.git/info/refs?service=…' },
  DENIED,
  { kind: 'use', call: 'GET https://api.acme.example/v1/me', verdict: 'allow' },
  { kind: 'compartment', state: 'ended', reason: 'it was evaluated' },
];

const done = (stdout: string): Evidence['run'] => ({ status: 0, stdout, stderr: '' });
const GOOD: Evidence = {
  token: TOKEN,
  run: done(STDOUT),
  code: done('[200,"undefined","undefined"]\n'),
  parts: partsOf(STDOUT),
  placeholder: PLACEHOLDER,
  files: 'Buy milk.\nBuy bread.',
  apiReceived: Array<string>(3).fill(`Bearer ${TOKEN}`),
  gitReceived: [`agent:${TOKEN}`],
  evilConnections: 0,
  commits: [COMMIT_SUBJECT, 'First notes'],
  log: done(ROWS.map((row) => JSON.stringify(row)).join('\n')),
  verify: done('The journal is whole: 4 rows.'),
};

/** What can go wrong, and the number of the claim that must then fail. */
const FAULTS: readonly (readonly [string, number, Partial<Evidence>])[] = [
  ['the script fails', 0, { run: { ...GOOD.run, status: 1 } }],
  ['the box prints a part of the token', 1, { run: done(`${STDOUT}${TOKEN.slice(8, 17)}`) }],
  ['a message holds the token', 1, { run: { ...GOOD.run, stderr: btoa(TOKEN) } }],
  ['a file holds the token', 1, { files: TOKEN }],
  ['the API gets the placeholder', 2, { apiReceived: [`Bearer ${PLACEHOLDER}`] }],
  ['the API gets one request too many', 2, { apiReceived: [...GOOD.apiReceived, 'Bearer x'] }],
  ['git gets the placeholder', 4, { gitReceived: [`agent:${PLACEHOLDER}`] }],
  ['the push does not arrive', 4, { commits: ['First notes'] }],
  ['the thief is reached', 5, { evilConnections: 1 }],
  ['the code sees the machine', 6, { code: done('[200,"object","function"]') }],
  ['the code is refused', 6, { code: { ...GOOD.code, status: 77 } }],
  ['a row is missing', 7, { log: done(JSON.stringify(ROW)) }],
  ['a row holds the token', 7, { log: done(`${GOOD.log.stdout}${TOKEN}`) }],
  ['the journal is broken', 7, { verify: { ...GOOD.verify, status: 65 } }],
];

describe('the claims of the quickstart', () => {
  it('hold when all went well', () => {
    expect(claims(GOOD).filter((claim) => !claim.holds)).toEqual([]);
  });

  it.each(FAULTS)('fail when %s', (_what, number, change) => {
    const failed = claims({ ...GOOD, ...change }).map((claim) => !claim.holds);
    expect(failed.indexOf(true)).toBe(number);
  });

  it.each(['me', 'echo', 'theft'])('fail when the part %s is missing', (name) => {
    const parts = new Map([...GOOD.parts].filter(([each]) => each !== name));
    expect(claims({ ...GOOD, parts }).filter((claim) => !claim.holds)).toHaveLength(1);
  });
});

describe('the report of the quickstart', () => {
  it('fits 80 columns, in colour or not', () => {
    for (const colour of [true, false]) {
      const paint = painter(colour);
      const text = [...sides(GOOD, paint), ...journal(GOOD, paint)].join('\n');
      expect(text.includes('\u001b[')).toBe(colour);
      const plain = text.replaceAll(/\u001b\[\d+m/g, '');
      expect(plain.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(plain).toContain(PLACEHOLDER);
      expect(plain).toContain(`Bearer ${TOKEN}`);
    }
  });

  it('shows why there is nothing to show', () => {
    const broken = { status: 70, stdout: '', stderr: 'powerbox: Cannot read the journal.\n' };
    const evidence = { ...GOOD, parts: new Map(), log: broken, verify: broken };
    const text = [...sides(evidence, painter(false)), ...journal(evidence, painter(false))];
    expect(text.filter((line) => line.includes('Cannot read the journal'))).toHaveLength(2);
    expect(text).toContain(
      '  (nothing)                               nothing: no connection was made',
    );
  });
});
