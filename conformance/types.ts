import type { Asked, Heard } from '../test/hostile/support/service.ts';

/** What may be done at one origin. Of several rules of an origin, what any allows is allowed. */
export interface Rule {
  readonly origin: string;
  /** None: every method but TRACE and CONNECT. */
  readonly methods?: readonly string[];
  /** `*` a segment, `**` any number of segments. None: every path. */
  readonly path?: string;
  /** The only parameters, with the values that each may have. */
  readonly query?: Readonly<Record<string, readonly string[]>>;
  /** The only fields of a JSON body, with the values that each may have; null: any text. */
  readonly body?: Readonly<Record<string, readonly string[] | null>>;
  /** The only top fields of a GraphQL query; no mutation, no subscription. */
  readonly graphql?: readonly string[];
  /** How many requests. */
  readonly uses?: number;
}

/** A value that programs do not see, and the one header of these origins that it goes into. */
export interface Secret {
  readonly name: string;
  /** Null: the store has none at the moment. */
  readonly value: string | null;
  readonly origins: readonly string[];
  /** `bearer`: Authorization with that scheme. */
  readonly slot: 'bearer' | { readonly header: string };
}

export interface Policy {
  /** The store of the secret without a value is down from the beginning. */
  readonly storeDown?: true;
  readonly rules: readonly Rule[];
  readonly secrets: readonly Secret[];
}

/** Where a target runs: a machine of its own, with names and servers around it. */
export interface Stage {
  /** Put before a program, runs it on the target's machine. */
  readonly enter: readonly string[];
  /** PEM file of the authority of every honest server. */
  readonly ca: string;
  /** An empty folder with the attacks in it, made for one start of one target. */
  workspace(): string;
  /** Variables that tell attacks where things are. */
  readonly env: Readonly<Record<string, string>>;
}

/** One started target. */
export interface Started {
  /** Variables that programs in it have on top of the stage's. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the attacks where an agent would run: what they printed, or why the target ran nothing. */
  run(
    words: readonly string[],
  ): Promise<{ readonly results: string } | { readonly refused: string }>;
  close(): Promise<void>;
}

/** What a case needs that a target may have never promised. */
export type Need =
  | 'a boundary'
  | 'a proxy'
  | 'body rules'
  | 'budgets'
  | 'credential pinning'
  | 'GraphQL rules'
  | 'HTTP/2'
  | 'leak detection'
  | 'placeholders'
  | 'SOCKS'
  | 'WebSocket'
  | 'a secret store';

/** The one file that a target needs. */
export interface Adapter {
  readonly name: string;
  /** What is tested, with its version; null when it cannot be had here (`missing` says how to get it). */
  version(): string | null;
  readonly missing: string;
  /** What it promises nothing about, and so is not judged by. */
  readonly lacks: Readonly<Partial<Record<Need, string>>>;
  start(stage: Stage, policy: Policy): Promise<Started>;
}

/** What became of one attack. */
export interface Evidence {
  readonly mark: string;
  /** What the program saw. */
  readonly seen: Buffer;
  readonly text: string;
  /** Whether anything left the program. */
  readonly sent: boolean;
  readonly error: string | null;
  readonly seconds: number;
  /** Requests with the mark, by the service where they arrived. */
  readonly arrived: readonly { readonly service: string; readonly asked: Asked }[];
  /** Connections on which the mark arrived, as bytes. */
  readonly heard: readonly { readonly service: string; readonly heard: Heard }[];
}

/** What is in place of the usual policy. */
export type Variant = 'empty' | 'store down';

export interface Case {
  /** 1 to 53. */
  readonly number: number;
  /** In the words of the catalogue. */
  readonly title: string;
  /** Names of attacks. */
  readonly attacks: readonly string[];
  readonly needs?: readonly Need[];
  /** An honest attempt of the same kind, which must work. */
  readonly twin: string;
  /** In what way the attack succeeded; null when it did not. */
  judge(evidence: Evidence): string | null;
  /** Where docs/limitations.md says that this is not held. */
  readonly documented?: true;
  /** Run in a start of its own, with this in place of the usual policy. */
  readonly policy?: Variant;
}

export type Word = 'held' | 'leaked' | 'refused wrongly' | 'not applicable';

export interface Outcome {
  readonly attack: string;
  readonly word: Word | 'not sent';
  readonly why: string;
  readonly seconds: number;
}

/** One number at one target. */
export interface Cell {
  readonly number: number;
  readonly word: Word | 'not run';
  readonly attacks: number;
  readonly leaked: number;
  /** Of the attacks that docs/limitations.md admits, those that succeeded. */
  readonly documented: number;
  readonly outcomes: readonly Outcome[];
}
