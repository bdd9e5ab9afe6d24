import { setMaxListeners } from 'node:events';
import { RpcSession, type RpcTarget } from 'capnweb';
import type { Kernel, Reference } from '../kernel/kernel.ts';
import { PowerboxError } from '../wire/errors.ts';
import type { Handles } from './handles.ts';
import type { Holdings } from './holdings.ts';
import {
  BIGINT_DIGITS_MAX,
  CALLBACKS_MAX,
  CALLS_MAX,
  LARGE_MESSAGE_BYTES,
  MESSAGE_BYTES_MAX,
  MESSAGE_DEPTH_MAX,
  REFERENCES_MAX,
  TABLE_CHECK_MESSAGES,
  TABLE_ENTRIES_MAX,
} from './limits.ts';
import { sentError } from './send-error.ts';
import { makeTransport } from './transport.ts';
import type { WireEnd, WireEvents } from './wire-end.ts';

/** What every session needs of the daemon. */
export interface SessionHost {
  readonly kernel: Kernel;
  readonly handles: Handles;
  readonly holdings: Holdings;
  log(error: unknown): void;
}

/** One peer, from its first message to its end. Nothing of one session is known to another. */
export interface Session {
  readonly host: SessionHost;
  /** Aborted when the session ends. */
  readonly ended: AbortSignal;
  /** Counts work as a call that goes on; throws `session-limit` when too many do. */
  call<T>(work: () => Promise<T>): Promise<T>;
  /** Counts the bytes of an answer to a call; throws `session-limit` when too many are held. */
  charge(call: number, bytes: number): void;
  /** Counts calls of the peer's callbacks as `call` counts those of this side. */
  callBack<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Keeps a reference for the peer until what this gives is called, or the session ends; `dropped`
   * is called then, once.
   */
  keep(reference: Reference, dropped: () => void): () => void;
  /** The same for an object that is no reference of the kernel's; its maker bounds their number. */
  keepObject(dropped: () => void): () => void;
  /** What the peer began with, as an object of its side. */
  main<Main extends object>(): Main;
  /** Says whose it is. */
  claim(holder: string): void;
  /** Why it ends; undefined while it goes on. */
  failure(): Error | undefined;
  end(error: PowerboxError): void;
}

/** `open` begins to read, `door` makes what the peer begins with. */
export function openSession(
  host: SessionHost,
  open: (events: WireEvents) => WireEnd,
  door: (session: Session) => RpcTarget,
  closed: () => void,
): Session {
  const ended = new AbortController();
  // Each call that waits for the end listens; their number has a limit of its own.
  setMaxListeners(0, ended.signal);
  let messages = 0;

  const transport = makeTransport(open, received, () => {
    leave();
    ended.abort(new PowerboxError('reference-closed', 'The session is over.'));
    keeping.dropAll();
    closed();
  });

  function received(bytes: number): void {
    if (bytes > LARGE_MESSAGE_BYTES) host.holdings.makeRoom(0);
    messages += 1;
    if (messages % TABLE_CHECK_MESSAGES !== 0) return;
    const { imports, exports } = rpc.getStats();
    if (imports + exports > TABLE_ENTRIES_MAX) {
      throw limit(`holding more than ${TABLE_ENTRIES_MAX} references`);
    }
  }

  const holding = {
    held: () => (transport.failure() === undefined ? transport.screen.held() : 0),
    end: (error: PowerboxError) => transport.fail(error),
  };
  const leave = host.holdings.add(holding);
  const keeping = makeKeeping(host, ended.signal, (error) => session.end(error));
  const session: Session = {
    host,
    ended: ended.signal,
    call: counted(CALLS_MAX, 'calls'),
    charge(call, bytes) {
      host.holdings.makeRoom(bytes);
      if (transport.failure() !== undefined || !transport.screen.charge(call, bytes)) {
        throw limit('so many answers that were not let go of');
      }
    },
    claim: (holder) => host.holdings.claim(holding, holder),
    callBack: counted(CALLBACKS_MAX, 'callbacks'),
    ...keeping.methods,
    main: <Main extends object>() => rpc.getRemoteMain() as unknown as Main,
    failure: () => transport.failure(),
    end: (error) => transport.fail(error),
  };
  const rpc = new RpcSession(transport, door(session), {
    onSendError: (error) => sentError(error, host.log),
    limits: {
      maxMessageSize: MESSAGE_BYTES_MAX,
      maxDepth: MESSAGE_DEPTH_MAX,
      maxBigIntDigits: BIGINT_DIGITS_MAX,
    },
  });
  return session;
}

/** What a session keeps for its peer. `end` is told of one that wants too much. */
function makeKeeping(
  { handles }: SessionHost,
  ended: AbortSignal,
  end: (error: PowerboxError) => void,
): { readonly methods: Pick<Session, 'keep' | 'keepObject'>; dropAll(): void } {
  const kept = new Set<() => void>();
  let powers = 0;
  const keepObject = (dropped: () => void): (() => void) => {
    ended.throwIfAborted();
    const drop = (): void => {
      if (kept.delete(drop)) dropped();
    };
    kept.add(drop);
    return drop;
  };
  const keep = (reference: Reference, dropped: () => void): (() => void) => {
    ended.throwIfAborted();
    if (powers >= REFERENCES_MAX) {
      const error = limit(`holding more than ${REFERENCES_MAX} powers`);
      end(error);
      throw error;
    }
    powers += 1;
    handles.hold(reference);
    return keepObject(() => {
      powers -= 1;
      dropped();
      handles.drop(reference);
    });
  };
  return {
    methods: { keep, keepObject },
    dropAll() {
      for (const drop of [...kept]) drop();
    },
  };
}

function counted(max: number, what: string): <T>(work: () => Promise<T>) => Promise<T> {
  let going = 0;
  return async (work) => {
    if (going >= max) throw limit(`more than ${max} ${what} at once`);
    going += 1;
    try {
      return await work();
    } finally {
      going -= 1;
    }
  };
}

function limit(what: string): PowerboxError {
  return new PowerboxError('session-limit', `Cannot go on with ${what} in one session.`);
}
