// The library `powerbox/ocap`, as an author uses it who confines code in their own process.
import { pathToFileURL } from 'node:url';

const REFUSALS = ['source-invalid', 'endowment-missing'];

/** Arguments: where the compiled library is. */
export async function makeRooms([library]) {
  const { href } = pathToFileURL(library);
  const { compartment, lockdown } = await import(href);
  const { PowerboxError } = await import(new URL('../wire/errors.js', href).href);
  lockdown({ onUnhandled: () => {} });
  const timers = {
    start(work, ms) {
      const timer = setTimeout(work, ms);
      return () => clearTimeout(timer);
    },
  };
  return {
    make: (endowments) =>
      compartment({ endowments, timers, console: () => {}, clock: Date.now, random: Math.random }),
    async evaluate(room, code, raw, language) {
      const program = { code, ...(language === undefined ? {} : { language }) };
      if (!raw) return { it: await room.evaluate(program) };
      const { value, exports } = await room.run(program);
      // Exports are read as a host reads them: by name.
      return { it: value ?? { ...exports } };
    },
    /** Of code that did not begin; what it throws itself may look like anything. */
    refusalOf: (error) =>
      error instanceof PowerboxError && REFUSALS.includes(error.code) ? error.code : null,
  };
}
