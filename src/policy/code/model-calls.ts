import { MODEL_PACKAGES } from './known-names.ts';
import { modelNames, modelRule } from './power-calls.ts';
import { argumentsOf, type Reading } from './reading.ts';
import type { Root } from './roots.ts';
import { constantOf, type Expression, propertyOf, textsOf, wholeText } from './texts.ts';

/** `openai('gpt-4o')`, `client.chat.completions.create({ model })`, `ollama.chat({ model })`. */
export function readModelCall(root: Root, at: Expression, reading: Reading): boolean {
  const provider = root.from === 'import' ? MODEL_PACKAGES[root.name] : undefined;
  if (provider === undefined) return false;
  const [first] = argumentsOf(at);
  const given = first === undefined ? null : constantOf(first);
  const last = root.path.at(-1);
  const asks =
    given?.node.type === 'ObjectExpression' &&
    /^(?:create|chat|stream|generate|parse)$/.test(last ?? '');
  const names = asks ? modelNames(propertyOf(given, 'model')) : namedModel(root, first);
  for (const name of names) {
    if (name === null)
      reading.note(`asks a model of ${provider} that is known only when it runs`, at.node);
    else {
      const only = modelRule(name);
      reading.need(
        { kind: 'use', of: 'model', as: provider, power: `model:${provider}`, only },
        at.node,
      );
    }
  }
  return true;
}

/** Makers of clients take an object; what takes a text takes a model. */
function namedModel(root: Root, first: Expression | undefined): readonly (string | null)[] {
  if (first === undefined || /^(?:create|new$)/.test(root.path.at(-1) ?? '')) return [];
  const known = textsOf(first).some((text) => wholeText(text) !== null);
  return known || /^@ai-sdk\//.test(root.name) ? modelNames(first) : [];
}
