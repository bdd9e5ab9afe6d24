import { describe, expect, it } from 'vitest';
import type { GrantInfo } from '../../wire/doors.ts';
import { budgetText, grantLines } from './grant-lines.ts';
import { grantTree } from './grant-tree.ts';

function grant(id: string, parent: string | null, more: Partial<GrantInfo> = {}): GrantInfo {
  return {
    id,
    from: 'host',
    to: parent === null ? 'host' : 'alice',
    parent,
    chain: [id],
    power: 'pw-1',
    kind: 'http',
    text: 'https://api.example',
    only: [],
    budget: [],
    spent: {},
    begins: null,
    expires: null,
    approval: 'none',
    delegable: true,
    names: [],
    reason: '',
    created: 0,
    lastUsed: null,
    valid: { allow: true },
    ...more,
  };
}

describe('grantTree()', () => {
  it('hangs each grant on its parent, in order', () => {
    const lines = grantTree(
      [grant('a', null), grant('b', 'a'), grant('c', 'b'), grant('d', 'a'), grant('e', 'd')],
      false,
    );
    expect(lines.map((line) => line.split('  alice')[0])).toEqual([
      'a  host  http https://api.example  valid',
      '├─ b',
      '│  └─ c',
      '└─ d',
      '   └─ e',
    ]);
  });

  it('shows a grant at the left whose parent is not among them', () => {
    expect(grantTree([grant('b', 'a')], false)[0]).toMatch(/^b {2}alice/);
  });

  it('says budgets, why a grant ended, and obeys nothing that a guest wrote', () => {
    const reason = 'The grant has ended: \u001b[2J\nnever mind.';
    const [line = ''] = grantTree(
      [
        grant('b', null, {
          budget: ['uses=10'],
          spent: { uses: 3 },
          names: ['\u001b]0;x\u0007'],
          valid: { allow: false, code: 'grant-revoked', reason },
        }),
      ],
      false,
    );
    expect(line).toContain('uses 3 of 10');
    expect(line).toContain('grant-revoked: The grant has ended: \\x1b[2J\\x0anever mind.');
    expect(line).not.toMatch(/[\u0000-\u001f]/);
  });

  it('draws a chain of any depth', () => {
    const chain = Array.from({ length: 5_000 }, (_, at) =>
      grant(`g${at}`, at === 0 ? null : `g${at - 1}`),
    );
    expect(grantTree(chain, false)).toHaveLength(5_000);
  });
});

describe('grantLines()', () => {
  it('says everything that narrows it, a line each', () => {
    const lines = grantLines(
      grant('b', 'a', {
        only: ['GET https://api.example/**'],
        budget: ['usd=2.50', 'rate=10/minute'],
        spent: { microdollars: 1_250_000 },
        approval: 'writes',
        delegable: false,
        reason: 'for the review',
        names: ['github'],
      }),
      false,
    );
    expect(lines).toEqual([
      'b  https://api.example  host to alice as github  valid',
      '  only GET https://api.example/**',
      '  budget usd 1.25 of 2.50, rate=10/minute',
      '  approve writes',
      '  may not be granted on',
      '  because for the review',
    ]);
  });

  it('counts from zero what nothing was spent of', () => {
    expect(budgetText({ budget: ['tokens=1000'], spent: {} })).toBe('tokens 0 of 1000');
  });
});
