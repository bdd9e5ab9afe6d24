// What the two kinds of these tests share in the daemon's process.
import { randomBytes } from 'node:crypto';
import { watchOutside } from './outside.mjs';

/** Nothing but the daemon's own memory holds it. */
export const witness = `outside-${randomBytes(12).toString('hex')}`;
globalThis.outsideWitness = witness;

const said = new Map();

export function say(room, text) {
  const lines = said.get(room) ?? [];
  lines.push(text);
  said.set(room, lines);
}

/** What was said in a room, once. */
export function hear(room) {
  const lines = said.get(room) ?? [];
  said.delete(room);
  return lines;
}

let watch;

/** What is other in the daemon's realm than when this was asked first. */
export function changes() {
  watch ??= watchOutside();
  return watch.changes();
}
