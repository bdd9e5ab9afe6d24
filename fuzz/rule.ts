import { parseRule } from '../src/policy/rule.ts';
import { httpKind } from '../src/powers/http/kind.ts';
import { narrowingSchema } from '../src/powers/http/narrowing-schema.ts';
import { readOnly } from '../src/powers/http/read-only.ts';
import { writeOnly } from '../src/powers/http/write-only.ts';
import { PowerboxError } from '../src/wire/errors.ts';
import { type FuzzTarget, holds, textOf } from './target.ts';

const CONFIG = {
  scheme: 'https',
  host: { type: 'exact', name: 'api.example.com' },
  port: 443,
} as const;

const CALL = {
  scheme: 'https',
  host: 'api.example.com',
  port: 443,
  method: 'POST',
  path: '/v1/x',
  query: 'page=1',
  headers: [['content-type', 'application/json']],
  body: { bytes: new TextEncoder().encode('{"amount":5}') },
} as const;

/** A rule, and what `--only` takes: read to data that is written and read back to the same. */
export const ruleTarget: FuzzTarget = {
  name: 'rule',
  seeds: [
    'GET,POST https://api.example.com:8443/repos/{owner=acme}/**',
    '*.example.com/a/*/b',
    'POST /v1/x query +page=* q=a|"b c" -admin ... header +accept=a only',
    'body /amount:number>=1<=100 /c="E U"|5|true ?/note#<=10 -/admin only',
    'graphql query=a|b mutation=* depth<=5 aliases<=1 request<=64K response<=1M',
    '/{a}/{b} a=x|y b=z',
    '{"any":[{"path":"/x"},{"methods":["GET"],"body":{"fields":[{"at":"/a","enum":[1,"b"]}]}}]}',
    'http://[::1]:81/x',
  ],
  words: [
    ...[
      'GET',
      'POST,',
      '/',
      '**',
      '{a}',
      '{a=b}',
      'query',
      'header',
      'body',
      'graphql',
      'only',
      '...',
    ],
    ...[
      '+',
      '-',
      '?',
      '=',
      '|',
      '"',
      '\\',
      '<=',
      '>=',
      '#<=',
      ':',
      '*',
      ' ',
      'request<=',
      '1K',
      'null',
    ],
    ...[
      '{"',
      '":',
      '[',
      ']',
      '}',
      ',',
      'any',
      '__proto__',
      'xn--',
      '.',
      '%2e',
      '@',
      ':443',
      '[::1]',
    ],
  ],
  check(input) {
    const text = textOf(input);
    return `${checkRule(text)} / ${checkOnly(text)}`;
  },
};

function checkRule(text: string): string {
  return outcomeOf('rule-invalid', () => {
    const rule = parseRule(text, { isPublicSuffix: (name) => !name.includes('.') });
    const again = parseRule(rule.text, { isPublicSuffix: () => false });
    holds(again.text === rule.text, 'a rule reads back to itself');
    holds(JSON.stringify(again) === JSON.stringify(rule), 'and to the same data');
    return `${rule.config.scheme} ${rule.config.host.type} ${rule.narrowing.path === null}`;
  });
}

function checkOnly(text: string): string {
  return outcomeOf('narrowing-invalid', () => {
    const read = readOnly([text], CONFIG);
    holds(narrowingSchema.safeParse(read).success, 'what is read is valid');
    const texts = writeOnly(read);
    const again = readOnly(texts, CONFIG);
    const [one, other] = [read, again].map((some) => httpKind.permits(some, CALL));
    holds(JSON.stringify(one) === JSON.stringify(other), 'it reads back to the same verdict');
    holds(writeOnly(again).join('\n') === texts.join('\n'), 'and to the same texts');
    return `${Object.keys(read).join()} ${one?.allow}`;
  });
}

/** What was read, or the words of the refusal without what they quote. */
function outcomeOf(code: string, read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (!PowerboxError.is(error) || error.code !== code) throw error;
    holds(error.message.length < 2_000 && !/[\x00-\x1f\x7f]/.test(error.message), 'it is one line');
    return error.message.replace(/"(?:[^"\\]|\\.)*"|\d+/g, '');
  }
}
