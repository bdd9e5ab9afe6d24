import { z } from 'zod';
import type { MethodDefinition } from '../ocap/power.ts';
import type { GuestDoor, HostDoor } from '../wire/doors.ts';
import { AgentAsk } from './agents-side.ts';
import { CompartmentAsk } from './compartments/words.ts';
import { ITEMS_MAX, LETTER_CHARS_MAX, RULES_MAX, TOKEN_MS_MAX } from './limits.ts';
import { method, Word } from './method.ts';

/**
 * The methods of the doors with the shapes of their arguments: what a peer sends is checked
 * against these before a door sees it, and a door has no method that is not here.
 */

const Letter = z.string().max(LETTER_CHARS_MAX);
const Words = z.array(Word).max(RULES_MAX);
const Flag = z.boolean();
const Milliseconds = z.number().int().positive().max(TOKEN_MS_MAX);

const grantShape = {
  power: Word,
  only: Words.optional(),
  budget: Words.optional(),
  expires: Word.optional(),
  begins: Word.optional(),
  approval: z.enum(['none', 'writes', 'always']).optional(),
  delegable: Flag.optional(),
  as: Word.optional(),
  reason: Word.optional(),
};
const Gift = z.strictObject(grantShape);
const Enclosed = z.array(z.strictObject({ name: Word, words: Gift })).max(ITEMS_MAX);
const Revoked = z.strictObject({
  what: z.enum(['grant', 'guest', 'power', 'secret']),
  id: Word,
});
const Filter = z.strictObject({
  of: Word.optional(),
  to: Word.optional(),
  unusedDays: z.number().min(0).max(36_600).optional(),
  all: Flag.optional(),
});
const Asked = z.strictObject({
  to: Word.optional(),
  kind: Word,
  text: Letter,
  power: Word.nullable().optional(),
  only: Words.optional(),
});

export const GUEST_METHODS: Readonly<Record<keyof GuestDoor, MethodDefinition>> = {
  whoami: method({}),
  list: method({ path: Word }),
  lookup: method({ path: Word }),
  describe: method({ path: Word }),
  makeDirectory: method({ path: Word }),
  move: method({ from: Word, to: Word }),
  copy: method({ from: Word, to: Word }),
  remove: method({ path: Word, recursive: Flag }),
  grant: method({ words: z.strictObject({ ...grantShape, to: Word }) }),
  revoke: method({ what: Revoked, reason: Word }),
  preview: method({ what: Revoked }),
  grants: method({ filter: Filter }),
  can: method({ path: Word, method: Word, args: z.array(z.unknown()).max(ITEMS_MAX) }),
  canRequest: method({ method: Word, url: Word }),
  request: method({ ask: Asked }),
  answered: method({ id: Word }),
  inbox: method({}),
  sent: method({}),
  send: method({ to: Word, text: Letter, enclosed: Enclosed, replyTo: Word.nullable() }),
  resolve: method({ id: Word, words: Gift.partial() }),
  reject: method({ id: Word, reason: Letter }),
  dismiss: method({ id: Word }),
  adopt: method({ id: Word, enclosed: Word, path: Word }),
  compartment: method({ words: CompartmentAsk }),
};

export const HOST_METHODS: Readonly<Record<keyof HostDoor, MethodDefinition>> = {
  ...GUEST_METHODS,
  status: method({}),
  stop: method({}),
  addGuest: method({ name: Word, reason: Word }),
  guests: method({ all: Flag }),
  removeGuest: method({ name: Word, reason: Word }),
  guest: method({ name: Word }),
  token: method({ name: Word, forMs: Milliseconds.nullable() }),
  makePower: method({ text: Word, name: Word.nullable(), reason: Word }),
  powers: method({}),
  kinds: method({}),
  agent: method({ words: AgentAsk }),
  agentRun: method({ name: Word }),
  agents: method({}),
  conversation: method({ name: Word }),
  removeAgent: method({ name: Word, reason: Word }),
  pending: method({}),
  decide: method({
    ids: z.array(Word).max(ITEMS_MAX),
    verdict: z.enum(['approved', 'denied']),
    reason: Word,
  }),
};
