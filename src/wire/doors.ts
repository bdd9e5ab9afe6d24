import type { Spend } from '../ocap/budget.ts';
import type { AgentConversation, AgentInfo, AgentRun, AgentWords } from './agent.ts';
import type { CompartmentDoor, CompartmentWords } from './compartment.ts';
import type { ErrorCode } from './errors.ts';

/**
 * What a session of the gateway begins with: the host's door on the unix socket, a guest's door
 * with its token. All arguments and answers are plain data, but for powers, which are references.
 * Every method fails with an error whose message begins with `[code]`.
 */
export interface GuestDoor {
  whoami(): Promise<{ readonly id: string; readonly name: string }>;

  list(path: string): Promise<readonly NameInfo[]>;
  /** The power at a petname: an object with the methods of its kind. */
  lookup(path: string): Promise<unknown>;
  /** What the power at a petname is: its grant, its methods as texts and as JSON Schemas. */
  describe(path: string): Promise<PowerInfo>;
  makeDirectory(path: string): Promise<void>;
  move(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  remove(path: string, recursive: boolean): Promise<void>;

  grant(words: GrantWords): Promise<GrantInfo>;
  /** Of grants that this principal gave; the host may end everything. */
  revoke(what: RevokeWords, reason: string): Promise<RevokeInfo>;
  preview(what: RevokeWords): Promise<RevokeInfo>;
  grants(filter: GrantFilter): Promise<readonly GrantInfo[]>;
  can(path: string, method: string, args: readonly unknown[]): Promise<VerdictInfo>;
  /** Which of all grants held would let a request of http out now, or why none would. */
  canRequest(method: string, url: string): Promise<RequestVerdictInfo>;

  request(ask: RequestWords): Promise<MailInfo>;
  /** Comes back when the request has been answered. */
  answered(id: string): Promise<MailInfo>;
  inbox(): Promise<readonly MailInfo[]>;
  sent(): Promise<readonly MailInfo[]>;
  send(
    to: string,
    text: string,
    enclosed: readonly { readonly name: string; readonly words: Omit<GrantWords, 'to'> }[],
    replyTo: string | null,
  ): Promise<MailInfo>;
  /** Answers a request with a grant of one's own; what is left out is taken from the request. */
  resolve(id: string, words: Partial<Omit<GrantWords, 'to'>>): Promise<MailInfo>;
  reject(id: string, reason: string): Promise<MailInfo>;
  dismiss(id: string): Promise<MailInfo>;
  adopt(id: string, enclosed: string, path: string): Promise<string>;

  /** A compartment for code, which holds what is given to it here. It ends with the session. */
  compartment(words: CompartmentWords): Promise<CompartmentDoor>;
}

export interface HostDoor extends GuestDoor {
  status(): Promise<DaemonInfo>;
  /** Ends the daemon when what it does now is done. Boxes go on with what they hold. */
  stop(): Promise<void>;

  addGuest(name: string, reason: string): Promise<GuestInfo>;
  guests(all: boolean): Promise<readonly GuestInfo[]>;
  removeGuest(name: string, reason: string): Promise<RevokeInfo>;
  /** The door of a guest, to look at its world as it sees it. */
  guest(name: string): Promise<GuestDoor>;
  /** A new bearer token for the gateway's WebSocket; shown once. */
  token(name: string, forMs: number | null): Promise<string>;

  /** `text` is `KIND:WORDS`, or a rule of http. The host's petname for it is `name`. */
  makePower(text: string, name: string | null, reason: string): Promise<PowerInfo>;
  powers(): Promise<readonly PowerInfo[]>;
  kinds(): Promise<readonly { readonly kind: string; readonly summary: string }[]>;

  /** Makes the guest when there is none, and has its model do the task. */
  agent(words: AgentWords): Promise<AgentRun>;
  /** The run of an agent that goes on, or its last one. */
  agentRun(name: string): Promise<AgentRun>;
  agents(): Promise<readonly AgentInfo[]>;
  conversation(name: string): Promise<AgentConversation>;
  /** Ends the guest, its tools and all that they were given; the conversation is gone. */
  removeAgent(name: string, reason: string): Promise<void>;

  pending(): Promise<readonly PendingInfo[]>;
  decide(
    ids: readonly string[],
    verdict: 'approved' | 'denied',
    reason: string,
  ): Promise<readonly PendingInfo[]>;
}

export interface NameInfo {
  readonly name: string;
  readonly type: 'grant' | 'directory';
  readonly id: string;
  readonly kind: string | null;
  readonly text: string | null;
}

export interface PowerInfo {
  readonly id: string;
  readonly grant: string;
  readonly kind: string;
  readonly text: string;
  readonly only: readonly string[];
  readonly secrets: readonly string[];
  /** TypeScript declarations of its methods. */
  readonly declaration: string;
  readonly methods: readonly {
    readonly facet: string;
    readonly name: string;
    readonly summary: string;
    /** JSON Schema of the arguments, as a tuple. */
    readonly args: unknown;
  }[];
}

/** A grant as a person or a program words it. */
export interface GrantWords {
  /** A petname of the giver, a grant's id, or for the host a power as `makePower` takes it. */
  readonly power: string;
  readonly to: string;
  readonly only?: readonly string[];
  /** `uses=100`, `bytes=1M`, `tokens=1e6`, `usd=2.50`, `rate=10/minute`. */
  readonly budget?: readonly string[];
  /** `2h`; or an ISO time. */
  readonly expires?: string;
  readonly begins?: string;
  readonly approval?: 'none' | 'writes' | 'always';
  readonly delegable?: boolean;
  readonly as?: string;
  readonly reason?: string;
}

export interface GrantFilter {
  readonly of?: string;
  readonly to?: string;
  /** Only those that were not used for so many days. */
  readonly unusedDays?: number;
  /** Ended ones too. */
  readonly all?: boolean;
}

export interface GrantInfo {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly parent: string | null;
  readonly chain: readonly string[];
  readonly power: string;
  readonly kind: string;
  readonly text: string;
  readonly only: readonly string[];
  readonly budget: readonly string[];
  readonly spent: Spend;
  readonly begins: number | null;
  readonly expires: number | null;
  readonly approval: 'none' | 'writes' | 'always';
  readonly delegable: boolean;
  readonly names: readonly string[];
  readonly reason: string;
  readonly created: number;
  readonly lastUsed: number | null;
  readonly valid: VerdictInfo;
}

export type VerdictInfo =
  | { readonly allow: true }
  | { readonly allow: false; readonly code: ErrorCode; readonly reason: string };

export type RequestVerdictInfo =
  /** `waits`: the host is asked before it is done. */
  | { readonly allow: true; readonly grant: string; readonly waits: boolean }
  | { readonly allow: false; readonly code: ErrorCode; readonly reason: string };

export interface RevokeWords {
  readonly what: 'grant' | 'guest' | 'power' | 'secret';
  /** An id or a name. */
  readonly id: string;
}

export interface RevokeInfo {
  readonly grants: readonly GrantInfo[];
  readonly guests: readonly string[];
  readonly cut: number;
}

export interface GuestInfo {
  readonly id: string;
  readonly name: string;
  readonly created: number;
  readonly reason: string;
  readonly box: string | null;
  /** The box it runs in now. */
  readonly running: string | null;
  readonly grants: number;
  readonly removed: number | null;
}

export interface RequestWords {
  readonly to?: string;
  readonly kind: string;
  readonly text: string;
  readonly power?: string | null;
  readonly only?: readonly string[];
}

export interface MailInfo {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly kind: 'request' | 'message';
  readonly text: string;
  readonly wanted: {
    readonly kind: string;
    readonly power: string | null;
    readonly only: readonly string[];
  } | null;
  readonly enclosed: readonly { readonly name: string; readonly grant: string }[];
  readonly replyTo: string | null;
  readonly created: number;
  readonly state: 'open' | 'resolved' | 'rejected' | 'dismissed';
  readonly grant: string | null;
  readonly answer: string | null;
}

export interface PendingInfo {
  readonly id: string;
  readonly guest: string;
  readonly grant: string;
  readonly power: string;
  readonly call: string;
  readonly effect: string;
  readonly created: number;
  readonly expires: number;
  readonly state: string;
}

export interface DaemonInfo {
  readonly pid: number;
  readonly version: string;
  readonly started: number;
  readonly home: string;
  readonly sessions: number;
  readonly boxes: readonly {
    readonly id: string;
    readonly guest: string;
    readonly state: 'linked' | 'waiting';
  }[];
  readonly guests: number;
  readonly grants: number;
  readonly pending: number;
  /** Those that run, and the processes that are ready for one. */
  readonly compartments: { readonly running: number; readonly warm: number };
  readonly websocket: { readonly port: number } | null;
}
