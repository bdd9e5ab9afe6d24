import { diffPolicy } from '../src/policy/diff.ts';
import { explainCompartments } from '../src/policy/explain-compartments.ts';
import { parsePolicy } from '../src/policy/file.ts';
import { mergeOverride } from '../src/policy/merge.ts';
import { parseOverride } from '../src/policy/override-file.ts';
import { PowerboxError } from '../src/wire/errors.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

/** A policy file and an override: refused in one line, or a policy that everything can be said of. */
export const policyTarget: FuzzTarget = {
  name: 'policy',
  seeds: [
    '{"version":1,"powers":["GET a.example/x/**",{"http":"b.example","paths":["/y"]}],"env":{"A":"b"}}',
    '{"version":1,"compartments":{"tool":{"globals":["clock"],"powers":{"api":{"power":"https://a.example with KEY","only":["GET /x"],"budget":["uses=9"],"approval":"writes"},"repo":"files:/srv/repo"},"packages":["@a/b"],"builtins":[],"isolation":"shared","limits":{"memory":"64M"}}}}',
    '{"version":1,"deny":{"powers":["POST https://a.example"],"secrets":["A"]},"compartments":{"a":null,"tool":{"powers":{"api":null},"deny":{"packages":["x"]}}}}',
  ],
  words: [
    ...['"compartments"', '"powers"', '"only"', '"deny"', '"power"', '"globals"', '"packages"'],
    ...[
      'null',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"clock"',
      'https://',
      '*.',
      '**',
      ' with ',
      '@',
    ],
    ...['__proto__', 'constructor', 'GET ', 'files:', '\\u0000', '\n'],
  ],
  async check(input) {
    const text = textOf(input);
    const read = await outcomeOf(async () => {
      const policy = await parsePolicy(text, 'p');
      holds(diffPolicy(policy, policy).length === 0, 'a policy does not differ from itself');
      const lines = [
        ...diffPolicy(null, policy),
        ...explainCompartments(policy.compartments).map(({ sentence }) => sentence),
      ];
      holds(
        lines.every((line) => /^[\x20-\x7e…]*$/.test(line)),
        'what is said is plain lines',
      );
      return `read ${lines.length > 0} ${Object.keys(policy.compartments).length > 0}`;
    });
    const merged = await outcomeOf(async () => {
      const override = parseOverride(text, 'o');
      const once = mergeOverride({ version: 1 }, override);
      const twice = mergeOverride(once, override);
      holds(JSON.stringify(twice) === JSON.stringify(once), 'an override twice is as once');
      return `merged ${Object.keys(once).length}`;
    });
    return `${read}; ${merged}`;
  },
};

/** What was read, or the words of the refusal without what they quote. */
async function outcomeOf(read: () => Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    if (!PowerboxError.is(error)) throw error;
    holds(
      /^(?:policy|rule)-invalid$/.test(error.code),
      `the code ${error.code} is one of a policy`,
    );
    holds(/^[\x20-\x7e…]{1,2000}$/.test(error.message), 'it is one line');
    return error.message.replace(/"(?:[^"\\]|\\.)*"|\d+|\/\S+/g, '');
  }
}
