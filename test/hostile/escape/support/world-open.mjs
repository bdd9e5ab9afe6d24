// No confinement at all: shows that what an attempt hides would do harm where it is let run.

const NAMES = ['host', 'shared', 'token', 'secret'];

export function makeRooms() {
  let current = {};
  // Read through accessors, so that another room is no change of the global object.
  for (const name of NAMES) {
    Object.defineProperty(globalThis, name, { get: () => current[name], configurable: true });
  }
  return {
    make: (endowments) => endowments,
    async evaluate(room, program, raw, language) {
      if (language !== undefined) throw new Error('It knows no types.');
      current = room;
      const { eval: evaluate } = globalThis;
      const it = evaluate(raw ? program : `(async () => { ${program}\n })()`);
      return { it: raw ? it : await it };
    },
    refusalOf: (error) => (error?.name === 'SyntaxError' ? 'source-invalid' : null),
  };
}
