import type { UseKind } from '../needs.ts';
import { readRequest } from './http-calls.ts';
import { globOfPath } from './places.ts';
import { argumentsOf, type Reading } from './reading.ts';
import { constantOf, type Expression, propertyOf, type Text, textsOf, wholeText } from './texts.ts';
import { nodesOf } from './tree.ts';

/** What each method of a files power does with its paths. */
const FILES: Readonly<Record<string, readonly (readonly ('read' | 'write')[])[]>> = {
  read: [['read']],
  readText: [['read']],
  list: [['read']],
  stat: [['read']],
  watch: [['read']],
  write: [['write']],
  makeDirectory: [['write']],
  remove: [['write']],
  // What is taken from its place may be read at the other.
  rename: [['read', 'write'], ['write']],
};

const MODEL: ReadonlySet<string> = new Set(['chat', 'stream', 'complete', 'completeStream']);
const SECRET: ReadonlySet<string> = new Set(['sign', 'verify', 'derive']);

/**
 * Reads a call of a power that the program holds by `name`, by the methods that the kinds of
 * powers have. What the call does is in its literals, or it is noted and not given.
 */
export function readPowerCall(
  name: string,
  method: string,
  call: Expression,
  reading: Reading,
): void {
  const [first, second] = argumentsOf(call);
  const use = (of: UseKind, only: string | null): void =>
    reading.need({ kind: 'use', of, as: name, power: null, only }, call.node);
  const unsure = (why: string): void => reading.note(`calls ${name}.${method}, ${why}`, call.node);
  const request = first === undefined ? null : constantOf(first);
  const paths = Object.hasOwn(FILES, method) ? FILES[method] : undefined;
  if ((method === 'fetch' || method === 'open') && request?.node.type === 'ObjectExpression') {
    readRequest(name, request, call, reading);
  } else if (paths !== undefined) readFilesCall(paths, [first, second], use, unsure);
  else if (MODEL.has(method)) readModelCall(request, use, unsure);
  else if (SECRET.has(method)) use('secret', method);
  else if (method === 'send' && first !== undefined) use('mailbox', null);
  else if (method === 'run' || method === 'start') readCommandCall(first, use, unsure);
  else unsure('and what it needs cannot be told from its words');
}

type Use = (of: UseKind, only: string | null) => void;
type Unsure = (why: string) => void;

function readFilesCall(
  accesses: readonly (readonly ('read' | 'write')[])[],
  given: readonly (Expression | undefined)[],
  use: Use,
  unsure: Unsure,
): void {
  for (const [index, access] of accesses.entries()) {
    const path = given[index];
    const texts: readonly Text[] = path === undefined ? [[null]] : textsOf(path);
    for (const text of texts) {
      const glob = globOfPath(text);
      if (glob === null) unsure('with a path that is known only when it runs');
      else for (const one of access) use('files', `${one} ${glob}`);
    }
  }
}

function readModelCall(request: Expression | null, use: Use, unsure: Unsure): void {
  const model = request === null ? null : propertyOf(request, 'model');
  for (const name of modelNames(model)) {
    if (name === null) unsure('with a model that is known only when it runs');
    else use('model', modelRule(name));
  }
}

/** Null stands for one that only the run can tell. */
export function modelNames(model: Expression | 'missing' | null): readonly (string | null)[] {
  if (model === null || model === 'missing') return [null];
  return textsOf(model).map((text) => {
    const name = wholeText(text);
    return name !== null && /^[\x21-\x7e]{1,256}$/.test(name) && !name.includes('*') ? name : null;
  });
}

/** The words of the kind; a name with a mark of its own stands in quotes. */
export function modelRule(name: string): string {
  return `model=${/^[^\s",\\]+$/.test(name) ? name : JSON.stringify(name)}`;
}

/** Arguments that are all literals; `*` stands for what the program fills in. */
function readCommandCall(given: Expression | undefined, use: Use, unsure: Unsure): void {
  const list = given === undefined ? null : constantOf(given);
  const words = list?.node.type === 'ArrayExpression' ? literalWords(list) : null;
  if (words === null) unsure('with arguments that are known only when it runs');
  else if (words.includes(null)) unsure('with arguments that cannot be said in a rule');
  else if (words.length === 0) unsure('without arguments, which no rule can say');
  else use('command', words.join(' '));
}

/** Null for a word that a rule cannot have. */
function literalWords({ node, scope }: Expression): readonly (string | null)[] {
  return nodesOf(node, 'elements').map((element) => {
    const texts = element.type === 'SpreadElement' ? [] : textsOf({ node: element, scope });
    const [text] = texts;
    if (text === undefined || texts.length > 1) return null;
    const plain = text.every((piece) => piece === null || /^[A-Za-z0-9_@%+=:,./-]*$/.test(piece));
    const word = text.map((piece) => piece ?? '*').join('');
    return plain && word !== '' ? word : null;
  });
}
