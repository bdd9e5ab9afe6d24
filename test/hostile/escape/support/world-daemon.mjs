// Compartments in boxes, as a program makes them: through the SDK and the daemon.
import { pathToFileURL } from 'node:url';

const REFUSALS = ['source-invalid', 'endowment-missing'];

const LIMITS = { turnMs: 5_000, lifeMs: 120_000 };

/** Arguments: the compiled SDK, the home, and how compartments are kept apart. */
export async function makeRooms([sdk, home, isolation]) {
  const { connect, PowerboxError } = await import(pathToFileURL(sdk).href);
  const powerbox = await connect({ home });
  const { power } = await powerbox.door.makePower('auditor:all', 'auditor', 'a test').then(
    async () => ({ power: await powerbox.lookup('auditor') }),
    async () => ({ power: await powerbox.lookup('auditor') }),
  );
  await power.changes();
  // The process that they share lasts as long as one of them.
  if (isolation === 'shared') await powerbox.compartment({ isolation, limits: LIMITS });
  // One power for each side, made once: what is tried here is not how fast powers are made.
  for (const side of ['first', 'second']) {
    for (const leaky of ['', 'leaky-']) {
      const name = `${leaky}${process.pid}-${side}`;
      await powerbox.door.makePower(`careless:${name}`, name, 'a test');
    }
  }
  return {
    witnesses: [await power.witness()],
    make({ host: _, shared, ...own }, isControl) {
      const name = `${process.pid}-${own.token === undefined ? 'second' : 'first'}`;
      const give = { host: `${isControl ? 'leaky-' : ''}${name}` };
      const box = powerbox.compartment({
        give,
        isolation,
        clock: true,
        random: true,
        limits: LIMITS,
      });
      box.catch(() => {});
      // Data crosses by copy; what cannot is left out of what both are given.
      const { list, record } = shared;
      return { name, box, given: { ...own, shared: { list, record } } };
    },
    async evaluate(room, code, _raw, language) {
      const box = await room.box;
      const given = room.given;
      room.given = {};
      const it = await box.evaluate({ code, with: given, ...(language ? { language } : {}) });
      return { it };
    },
    async said({ name }) {
      return power.said(name);
    },
    changes: () => power.changes(),
    async close({ box }) {
      // An attempt may have ended it, and its process.
      await box.then((made) => made.close()).catch(() => {});
    },
    refusalOf: (error) =>
      error instanceof PowerboxError && REFUSALS.includes(error.code) ? error.code : null,
  };
}
