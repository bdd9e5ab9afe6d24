import { PowerboxError } from '../wire/errors.ts';

/** A program without types may hand in anything: what is not meant is said, and never passed over. */
export function mustBeObject(value: unknown, cannot: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw invalid(`${cannot}: give an object`);
}

export function mustKnowKeys(value: object, known: readonly string[], cannot: string): void {
  mustBeObject(value, cannot);
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other === undefined) return;
  const shown = JSON.stringify(other.slice(0, 64));
  throw invalid(`${cannot}: ${shown} is none of ${known.join(', ')}`);
}

function invalid(sentence: string): PowerboxError {
  return new PowerboxError('call-invalid', `${sentence}.`, { hint: 'See docs/compartments.md.' });
}
