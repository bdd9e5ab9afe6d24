/**
 * `powerbox/ocap`: Hardened JavaScript and the patterns of object capabilities, for an author who
 * runs code that they do not trust in a process of their own. docs/ocap.md tells how.
 */
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
export { harden, type LockdownOptions, lockdown } from './realm.ts';
