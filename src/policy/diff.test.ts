import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffPolicy } from './diff.ts';
import { EMPTY_POLICY, type Policy } from './policy.ts';
import { parseRule } from './rule.ts';

const policy = (part: Partial<Policy>, ...rules: readonly string[]): Policy => ({
  ...EMPTY_POLICY,
  ...part,
  rules: rules.map((text) => parseRule(text)),
});

describe('diffPolicy', () => {
  test('leaves out no end of what is long', () => {
    const mount = `./${'a/'.repeat(200)}${'../'.repeat(202)}.ssh:ro`;
    const before = policy({ mounts: [mount], env: { A: 'x'.repeat(200) } });
    const after = policy({ mounts: [`${mount}x`], env: { A: `${'x'.repeat(200)}y` } });
    expect(diffPolicy(before, after).join('\n')).toContain('.ssh:rox"');
    expect(diffPolicy(before, after).join('\n')).toContain('xy"');
  });

  test('finds nothing where nothing is', () => {
    expect(diffPolicy(null, EMPTY_POLICY)).toEqual([]);
  });

  test('says everything of a first policy', () => {
    const first = policy(
      {
        limits: { memory: '1G' },
        workspace: 'ro',
        mounts: ['/data'],
        secrets: ['TOKEN'],
        mask: ['.env.x'],
        env: { A: 'b\n' },
      },
      'POST api.example.com/v1',
      'b.example',
    );
    expect(diffPolicy(null, first)).toEqual([
      'may now POST to https://api.example.com/v1',
      'may now send any request to https://b.example',
      'may now use secret TOKEN',
      'has the workspace as ro (before: rw)',
      'now has the mount "/data"',
      'has the variable A="b\\n"',
      'has memory limited to 1G (before: the default)',
      'sees placeholders for the values in ".env.x"',
    ]);
    expect(diffPolicy(first, EMPTY_POLICY)).toEqual([
      'has the workspace as rw (before: ro)',
      'now sees the values in ".env.x"',
      'no longer has the variable A',
      'has memory limited to the default (before: 1G)',
      'no longer has the mount "/data"',
      'no longer sees secret TOKEN',
      'may no longer POST to https://api.example.com/v1',
      'may no longer send any request to https://b.example',
    ]);
  });

  test.each([
    ['GET a.example', 'GET,PUT a.example', ['may now PUT to https://a.example']],
    ['GET,PUT a.example', 'GET a.example', ['may no longer PUT to https://a.example']],
    ['GET a.example', 'a.example', ['may now send any request to https://a.example']],
    ['a.example', 'GET a.example', ['may now only GET to https://a.example']],
    ['a.example', 'https://a.example:443', []],
    [
      'GET a.example/x',
      'GET a.example',
      ['may now GET to https://a.example', 'may no longer GET to https://a.example/x'],
    ],
  ])('from %s to %s', (before, after, lines) => {
    expect(diffPolicy(policy({}, before), policy({}, after))).toEqual(lines);
  });

  test('is silent only about policies that say the same', () => {
    const rule = fc.constantFrom('a.example', 'GET a.example', 'PUT a.example', 'GET a.example/x');
    const some = fc.record({
      rules: fc.uniqueArray(rule),
      secrets: fc.subarray(['A', 'B']),
      workspace: fc.constantFrom<Policy['workspace']>('rw', 'ro', 'copy'),
    });
    // What the rules say, as a set: one that gives all methods of a place outdoes the others there.
    const meaning = ({ rules, secrets, workspace }: Policy): string => {
      const texts = rules.map(({ text }) => text);
      const all = texts.includes('https://a.example');
      const kept = texts.filter((text) => !all || !/^(GET|PUT) https:\/\/a\.example$/.test(text));
      return JSON.stringify([kept.sort(), secrets, workspace]);
    };
    fc.assert(
      fc.property(some, some, (one, two) => {
        const before = policy({ secrets: one.secrets, workspace: one.workspace }, ...one.rules);
        const after = policy({ secrets: two.secrets, workspace: two.workspace }, ...two.rules);
        expect(diffPolicy(before, after).length === 0).toBe(meaning(before) === meaning(after));
      }),
      { seed: 15, numRuns: 1000 },
    );
  });
});
