import { PowerboxError } from '../wire/errors.ts';
import { NAME_CHARS_MAX, NAME_DEPTH_MAX } from './limits.ts';

/** Where an entry lies: the directories on the way, and its name in the last of them. */
export interface NamePath {
  readonly directories: readonly string[];
  readonly name: string;
}

/** A name cannot be `.` or `..`, nor look like an option of a command line. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function isName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= NAME_CHARS_MAX && NAME.test(text);
}

/** Throws `name-invalid`. */
export function readNamePath(path: string): NamePath {
  const names = readDirectoryPath(path);
  const name = names.at(-1);
  if (name === undefined) throw new PowerboxError('name-invalid', 'Cannot use an empty name.');
  return { directories: names.slice(0, -1), name };
}

/** The empty path is the holder's root directory. Throws `name-invalid`. */
export function readDirectoryPath(path: string): readonly string[] {
  if (path === '') return [];
  const names = typeof path === 'string' ? path.split('/', NAME_DEPTH_MAX + 1) : [];
  if (names.length > NAME_DEPTH_MAX) {
    throw new PowerboxError(
      'name-invalid',
      `Cannot use the name "${shown(path)}": it has more than ${NAME_DEPTH_MAX} parts.`,
    );
  }
  if (names.length === 0 || !names.every(isName)) {
    throw new PowerboxError('name-invalid', `Cannot use the name "${shown(path)}".`);
  }
  return names;
}

/** Room for the number that makes a name unlike others. */
const NUMBER_CHARS = 6;

/** A name like the text, whatever the text is. */
export function nameLike(text: string): string {
  const plain = text
    .slice(0, 4 * NAME_CHARS_MAX)
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, NAME_CHARS_MAX - NUMBER_CHARS)
    .replace(/[._-]+$/, '');
  return plain === '' ? 'power' : plain;
}

export function shown(text: string): string {
  return String(text).slice(0, 80);
}
