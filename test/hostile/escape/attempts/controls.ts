import { attempts } from '../attempt.ts';

/**
 * Not attempts: code that was handed what it should not have. The harness must say of each, in
 * every world, that it got through, or it would say nothing of the others.
 */
export const CONTROLS = attempts('controls', [
  { name: 'the witness, told', code: `await send(host).tell(await send(host).leak());` },
  { name: 'the witness, as a result', code: `return send(host).leak();` },
  {
    name: 'the witness, as a raw result',
    raw: true,
    code: `(globalThis.E ?? ((it) => it))(host).leak()`,
  },
  { name: 'a change outside', code: `await send(host).pollute();` },
  {
    name: 'a table that both have',
    code: `await send(host).put(token);`,
    neighbour: `return send(host).get();`,
  },
  {
    name: 'a table that both have, the other way',
    code: `await send(host).put('nothing yet');`,
    neighbour: `await send(host).put(secret);`,
    after: `return send(host).get();`,
  },
]);
