// The positive control: `node:vm`, which is documented not to be a way to confine anything.
import { createContext, runInContext } from 'node:vm';

export function makeRooms() {
  return {
    make: (endowments) =>
      createContext({
        ...endowments,
        console,
        URL,
        URLSearchParams,
        TextEncoder,
        TextDecoder,
        setTimeout,
        structuredClone,
      }),
    /** The value is in a record, so that what is a thenable is not waited for on the way. */
    async evaluate(room, program, raw, language) {
      if (language !== undefined) throw new Error('It knows no types.');
      const it = runInContext(raw ? program : `(async () => { ${program}\n })()`, room);
      return { it: raw ? it : await it };
    },
    refusalOf: (error) => (error?.name === 'SyntaxError' ? 'source-invalid' : null),
  };
}
