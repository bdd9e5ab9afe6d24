/**
 * `powerbox/ocap`: Hardened JavaScript and the patterns of object capabilities, for an author who
 * runs code that they do not trust in a process of their own. docs/ocap.md tells how.
 */
export { caretaker, type Lent } from './caretaker.ts';
export { compartment } from './compartment.ts';
export type {
  Compartment,
  CompartmentOptions,
  ConsoleSink,
  Handler,
  Outcome,
  Program,
  Sent,
  Timers,
} from './contract.ts';
export { E, type Eventual, makePresence, type PresenceOptions } from './eventual.ts';
export { Far } from './far.ts';
export { type MembraneCall, type MembranePolicy, membrane } from './membrane.ts';
export { type ArgumentPattern, type Guard, narrow } from './narrow.ts';
export { type Rate, rateLimit } from './rate-limit.ts';
export { harden, type LockdownOptions, lockdown } from './realm.ts';
export { type Seal, type SealedBox, seal } from './seal.ts';
export { watch } from './watch.ts';
