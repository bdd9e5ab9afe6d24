import { randomBytes } from 'node:crypto';

/** What an id is of; `dr` is a directory of names, `cm` a compartment. */
export type IdPrefix = 'gu' | 'pw' | 'gr' | 'ml' | 'ap' | 'dr' | 'cm';

/** The 31 letters that are not mistaken for one another. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

const LENGTH = 12;

/** The prefix and 12 random letters, 59 bits: unlike any other, and no secret. */
export function newId(prefix: IdPrefix): string {
  let id = '';
  while (id.length < LENGTH) {
    for (const byte of randomBytes(LENGTH)) {
      // Bytes from 248 on would make the first letters more likely than the others.
      if (byte < 8 * LETTERS.length && id.length < LENGTH) id += LETTERS[byte % LETTERS.length];
    }
  }
  return `${prefix}-${id}`;
}
