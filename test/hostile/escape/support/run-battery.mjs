// Runs attempts of the battery in this process, one after the other, and prints a line for each.
// Arguments: the world to run them in, and what that world needs. The attempts come by stdin.
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { makeHost, makeShared, useAsHostsDo } from './host.mjs';
import { watchOutside } from './outside.mjs';

/** Longest that one part of an attempt may take before it is left alone. */
const PART_MS = 3_000;

const [world, ...words] = process.argv.slice(2);
const outsideWitness = `outside-${randomBytes(12).toString('hex')}`;
globalThis.outsideWitness = outsideWitness;

const { makeRooms } = await import(`./world-${world}.mjs`);
const rooms = await makeRooms(words);
// From here on it is attempts that throw.
process.on('unhandledRejection', () => {});
process.on('uncaughtException', () => {});
const { attempts, prelude } = JSON.parse(await readStdin());
const setTimer = setTimeout;
const write = writeSync;
const toJson = JSON.stringify;

const exit = process.exit.bind(process);
try {
  for (let at = 0; at < attempts.length; at++) {
    write(1, `${toJson({ begun: at })}\n`);
    const { evidence, refusal } = await run(attempts[at]);
    write(1, `${toJson({ at, evidence, refusal })}\n`);
  }
} catch (error) {
  // Of the harness: a battery that breaks has shown nothing.
  write(1, `${toJson({ fault: String(error.stack) })}\n`);
}
exit(0);

async function readStdin() {
  const chunks = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** What shows that it got through, empty when nothing does; and why it did not even begin. */
async function run(attempt) {
  const token = `token-${randomBytes(12).toString('hex')}`;
  const secret = `secret-${randomBytes(12).toString('hex')}`;
  const shared = makeShared();
  const isControl = attempt.category === 'controls';
  const first = makeSide({ token, shared }, isControl);
  const alone = attempt.neighbour === undefined;
  const second = alone ? null : makeSide({ secret, shared }, isControl);
  const { host } = first.endowments;
  const watch = watchOutside([host, host.add, host.Counter, host.Counter.prototype]);
  const refusal = await runPart(first, attempt.code, attempt);
  if (second !== null) await runPart(second, attempt.neighbour, attempt);
  if (attempt.after !== undefined) await runPart(first, attempt.after, attempt);
  await pause(1);
  const changes = [...watch.changes(), ...((await rooms.changes?.()) ?? [])];
  const sides = second === null ? [first] : [first, second];
  for (const side of sides) await leave(side);
  const all = sides.flatMap(({ said }) => said);
  const witnesses = [outsideWitness, process.version, ...(rooms.witnesses ?? [])];
  const evidence = [
    ...(witnesses.some((each) => has(all, each)) ? ['outside'] : []),
    ...(second !== null && has(second.said, token) ? ['token'] : []),
    ...(has(first.said, secret) ? ['secret'] : []),
    ...changes.slice(0, 3),
  ];
  return { evidence, refusal };
}

function makeSide(own, isControl) {
  const said = [];
  const tell = (text) => {
    if (typeof text === 'string') said[said.length] = text;
  };
  const endowments = { host: makeHost(outsideWitness, tell, isControl), ...own };
  return { endowments, said, tell, room: rooms.make(endowments, isControl) };
}

/** What was said elsewhere, where the host's object is not in this process. */
async function leave({ room, tell }) {
  for (const text of (await rooms.said?.(room)) ?? []) tell(text);
  await rooms.close?.(room);
}

/** One part, what a host does with its value, and no waiting for ever. */
async function runPart({ room, tell }, code, { raw = false, language }) {
  const over = pause(PART_MS);
  const program = raw ? code : `${prelude}${code}`;
  let refusal = null;
  const going = (async () => {
    let values;
    try {
      const value = await rooms.evaluate(room, program, raw, language);
      values = raw ? await useAsHostsDo(value.it) : [value.it];
    } catch (error) {
      refusal = rooms.refusalOf(error);
      values = await useAsHostsDo(error);
    }
    for (const value of values) tell(value);
  })();
  await new Promise((done) => {
    going.then(done, done);
    over.then(done);
  });
  return refusal;
}

function has(list, wanted) {
  return list.some((text) => text.includes(wanted));
}

function pause(ms) {
  return new Promise((done) => {
    setTimer(done, ms);
  });
}
