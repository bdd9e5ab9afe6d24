import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Requirement } from './requirements/requirement.ts';
import { REQUIREMENTS } from './requirements.ts';
import { ROOT, readRepositoryFile } from './support/repository.ts';

const SECURITY = 'docs/security.md';

/** `**G1.** sentence`, to the end of its paragraph's first sentence, by id. */
function promisesOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, id = '', paragraph = ''] of text.matchAll(
    /\*\*([GL][0-9]+)\.\*\* ([^\n]+(?:\n(?!\n|\s*[-*#]|\s*\d+\.)[^\n]+)*)/g,
  )) {
    if (found.has(id)) throw new Error(`The promise ${id} stands twice in ${SECURITY}.`);
    const sentence = /^.*?[.](?=\s|$)/s.exec(paragraph)?.[0] ?? paragraph;
    found.set(id, sentence.replace(/\s+/g, ' '));
  }
  return found;
}

function differences(
  promises: ReadonlyMap<string, string>,
  requirements: readonly Requirement[],
): readonly string[] {
  const listed = new Map(requirements.map((entry) => [entry.id, entry.promise]));
  const wrong = [...promises].flatMap(([id, sentence]) => {
    if (!listed.has(id)) return [`${id} has no entry in test/requirements.ts`];
    return listed.get(id) === sentence ? [] : [`${id} reads otherwise: ${sentence}`];
  });
  const gone = [...listed.keys()].filter((id) => !promises.has(id));
  return [...wrong, ...gone.map((id) => `${id} does not stand in ${SECURITY}`)];
}

/** Titles of the tests and suites of a file; comments do not count. */
function titlesOf(text: string): readonly string[] {
  const code = text.replace(/^\s*(?:\/\/|\*|\/\*).*$/gm, '');
  const call =
    // The title of `it.each(…)(title)` stands behind two brackets.
    /(?:\b(?:it|test|describe)|\))\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/g;
  return [...code.matchAll(call)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

function unverified(
  requirement: Requirement,
  read: (file: string) => string | undefined,
): readonly string[] {
  if (requirement.verifiedBy.length === 0) return [`${requirement.id} is verified by no test`];
  return requirement.verifiedBy.flatMap(([file, title]) => {
    const text = read(file);
    if (text === undefined) return [`${requirement.id}: ${file} does not exist`];
    const found = title !== '' && titlesOf(text).some((candidate) => candidate.includes(title));
    return found ? [] : [`${requirement.id}: ${file} has no test "${title}"`];
  });
}

describe('the promises of docs/security.md', () => {
  it('are read whole, and each once', () => {
    const text = 'x **G1.** A box has\nnothing. More.\n\n**L2.** A host like a.example is one.\n';
    expect([...promisesOf(text)]).toEqual([
      ['G1', 'A box has nothing.'],
      ['L2', 'A host like a.example is one.'],
    ]);
    expect(() => promisesOf('**G1.** A.\n\n**G1.** B.')).toThrow('twice');
  });

  it('are the ones of test/requirements.ts', () => {
    const sample: Requirement[] = [{ id: 'G1', promise: 'A.', verifiedBy: [] }];
    expect(differences(new Map([['G1', 'A.']]), sample)).toEqual([]);
    expect(differences(new Map([['G1', 'B.']]), sample)).toHaveLength(1);
    expect(differences(new Map(), sample)).toHaveLength(1);
    expect(differences(new Map([['G2', 'A.']]), sample)).toHaveLength(2);
    const promises = promisesOf(readRepositoryFile(SECURITY));
    expect(promises.size).toBeGreaterThan(0);
    expect(differences(promises, REQUIREMENTS)).toEqual([]);
  });

  it('are each verified by a test that exists', () => {
    const read = (): string => "it('does a thing', () => {}); // it('is a comment')\n// it('b'";
    const entry = (title: string): Requirement => ({
      id: 'G1',
      promise: 'A.',
      verifiedBy: [['a.test.ts', title]],
    });
    expect(unverified(entry('a thing'), read)).toEqual([]);
    expect(unverified(entry('another'), read)).toHaveLength(1);
    expect(unverified(entry('all'), () => "it.each(A)('all %s', f)")).toEqual([]);
    expect(unverified(entry("b'"), read)).toHaveLength(1);
    expect(unverified(entry(''), read)).toHaveLength(1);
    expect(unverified(entry('a thing'), () => undefined)).toHaveLength(1);
    expect(unverified({ ...entry(''), verifiedBy: [] }, read)).toHaveLength(1);
    const readReal = (file: string): string | undefined =>
      existsSync(join(ROOT, file)) ? readRepositoryFile(file) : undefined;
    expect(REQUIREMENTS.flatMap((requirement) => unverified(requirement, readReal))).toEqual([]);
  });
});
