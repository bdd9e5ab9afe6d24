import 'ses';
import { PowerboxError } from '../wire/errors.ts';
import { inspect } from './inspect.ts';

/**
 * Hardened JavaScript for the whole process: after `lockdown` nobody can change what all code
 * shares, `Object.prototype` and its like. It is done once and holds for as long as the process.
 */

interface RealmGlobals {
  lockdown?: unknown;
  repairIntrinsics: (options: Readonly<Record<string, unknown>>) => void;
  hardenIntrinsics: () => void;
  harden: <T>(value: T) => T;
  readonly console: { readonly error: (text: string) => void };
  readonly process?: { readonly on?: (event: string, work: (reason: unknown) => void) => void };
}

const realm = globalThis as unknown as RealmGlobals;

/** What the platform calls `Error`; SES puts one of its own in its place. */
const PlatformError = Error;

/**
 * Every option is named, because SES takes those that are not from the environment, where
 * LOCKDOWN_HARDEN_TAMING could undo all of this.
 */
const OPTIONS = {
  // `error.name = …`, `object.toString = …` and keys such as `constructor` work as in any program.
  overrideTaming: 'severe',
  overrideDebug: [],
  // Code sees no stack: it would tell of the files of the host and of who called.
  errorTaming: 'safe',
  // For the host: every frame, with whole paths.
  stackFiltering: 'verbose',
  // The host's own console tells the stacks that errors keep to themselves.
  consoleTaming: 'safe',
  // No static state of the last match, which compartments would share.
  regExpTaming: 'safe',
  // What `toLocaleString` gives depends on the machine.
  localeTaming: 'safe',
  // `eval` and `Function` of a compartment evaluate in that compartment.
  evalTaming: 'safe-eval',
  domainTaming: 'safe',
  legacyRegeneratorRuntimeTaming: 'safe',
  __hardenTaming__: 'safe',
  // What the host itself throws ends the process as before. Rejections are told of below, since
  // SES would have the platform's console look at them, which calls methods of the code's objects.
  errorTrapping: 'none',
  unhandledRejectionTrapping: 'none',
  // It tells of every intrinsic of a newer Node that it removes. What it cannot do, it throws.
  reporting: 'none',
} as const;

let locked = false;

export interface LockdownOptions {
  /**
   * Is told of promises that were rejected and that nobody waits for; else the console is. Without
   * either, code could end the whole process with `Promise.reject()`.
   */
  readonly onUnhandled?: (text: string) => void;
}

/**
 * Locks the process down, once. Call it before any code that you do not trust, and after modules
 * that change intrinsics.
 */
export function lockdown(options: LockdownOptions = {}): void {
  if (locked) return;
  if (Object.isFrozen(Object.prototype)) {
    throw new PowerboxError(
      'not-locked-down',
      'Cannot lock down: something else did already, with options of its own.',
    );
  }
  addWithResolvers();
  realm.repairIntrinsics(OPTIONS);
  shutErrorHooks();
  realm.hardenIntrinsics();
  realm.harden(PlatformError);
  // Its instances reach code, and with them their class.
  realm.harden(PowerboxError);
  hardenPlatform();
  const tell = options.onUnhandled ?? ((text: string) => realm.console.error(text));
  realm.process?.on?.('unhandledRejection', (reason) => {
    tell(`A promise was rejected, and nobody waits for it: ${inspect(reason)}`);
  });
  locked = true;
}

/** Throws `not-locked-down` unless `lockdown` was called. */
export function assertLockedDown(what: string): void {
  if (locked) return;
  throw new PowerboxError('not-locked-down', `Cannot ${what}: call lockdown() first.`);
}

/**
 * Freezes a value and all that is reached from it, for good. What an object closes over, and what
 * a Map, a Set or a byte array holds, stays as changeable as it is.
 */
export function harden<T>(value: T): T {
  assertLockedDown('harden');
  return realm.harden(value);
}

/**
 * The same for a record of arrow functions and methods, which nothing else is reached from. It
 * costs a tenth, and every compartment has some.
 */
export function freezeRecord<T extends object>(record: T): T {
  for (const value of Object.values(record)) Object.freeze(value);
  return Object.freeze(record);
}

/**
 * What reads and changes the stacks of all errors of the process. A class that extends `Error`
 * leads whoever holds one of its instances to the `Error` that it extends, of the platform when
 * it was made before lockdown, whose `prepareStackTrace` is handed the frames of every caller.
 * So neither can be changed by anybody.
 */
function shutErrorHooks(): void {
  const ignore = { prepareStackTrace() {}, stackTraceLimit() {} };
  for (const name of ['prepareStackTrace', 'stackTraceLimit'] as const) {
    const platform = Object.getOwnPropertyDescriptor(PlatformError, name);
    if (platform !== undefined) {
      Object.defineProperty(PlatformError, name, { writable: false, configurable: false });
    }
    const tamed = Object.getOwnPropertyDescriptor(Error, name);
    if (tamed?.set !== undefined) {
      Object.defineProperty(Error, name, { ...tamed, set: ignore[name] });
    }
  }
}

/**
 * What an endowment gives may be a URL, a signal or another object of the platform, whose class
 * all compartments would share. Classes that the platform makes when they are first read, such as
 * `Response`, are left to whoever gives objects of them.
 */
function hardenPlatform(): void {
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(globalThis))) {
    if (typeof value === 'function') realm.harden(value);
  }
}

/** Part of the language since Node 22; capnweb uses it, and it cannot be added later. */
function addWithResolvers(): void {
  if ('withResolvers' in Promise) return;
  // A method has no `prototype`, as no function of the language itself that makes nothing.
  const { withResolvers } = {
    withResolvers(this: PromiseConstructor): unknown {
      let resolve: unknown;
      let reject: unknown;
      const promise = new this((yes, no) => {
        resolve = yes;
        reject = no;
      });
      return { promise, resolve, reject };
    },
  };
  Object.defineProperty(Promise, 'withResolvers', {
    value: withResolvers,
    writable: true,
    enumerable: false,
    configurable: true,
  });
}
