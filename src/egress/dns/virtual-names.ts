import { isIPv4, isIPv6 } from 'node:net';
import { VIRTUAL_IPV4_BASE, VIRTUAL_IPV4_BITS, VIRTUAL_IPV6_PREFIX } from '../network.ts';
import { NAMES_MAX, RESERVED_ADDRESSES, WAITING_ANSWERS_MAX } from './limits.ts';

export interface VirtualAddresses {
  readonly ipv4: string;
  readonly ipv6: string;
}

const BASE = ipv4Number(VIRTUAL_IPV4_BASE);
const ADDRESSES = 2 ** (32 - VIRTUAL_IPV4_BITS);
const PREFIX_GROUPS = groupsOf(`${VIRTUAL_IPV6_PREFIX}`);

/** Keeps a new name where it outlives this process, and calls back when it is there. */
export type KeepName = (name: string, kept: () => void) => void;

/**
 * The names that one box asked for, each with an address of its own in both families. An address
 * never changes its name as long as the box lives, so that a connection to it says which name it
 * means. Names are canonical: lower case, no trailing dot.
 */
export class VirtualNames {
  readonly #places = new Map<string, number>();
  readonly #names: string[] = [];
  readonly #keep: KeepName;
  /** Names that are not kept yet, and what waits for them. */
  #unkept = 0;
  #waiting: (() => void)[] = [];

  /** `known` are those that were kept before, in order. */
  constructor(known: readonly string[] = [], keep: KeepName = (_, kept) => kept()) {
    this.#keep = keep;
    for (const name of known.slice(0, NAMES_MAX)) this.#add(name);
  }

  /**
   * Calls `act` when every address that was given belongs to its name for good; not at all when too
   * many wait for that.
   */
  whenKept(act: () => void): void {
    if (this.#unkept === 0) act();
    else if (this.#waiting.length < WAITING_ANSWERS_MAX) this.#waiting.push(act);
  }

  /** The addresses of a name, given at the first question; null when there are no more. */
  addressFor(name: string): VirtualAddresses | null {
    let place = this.#places.get(name);
    if (place === undefined) {
      if (this.#names.length >= NAMES_MAX) return null;
      place = this.#add(name);
      this.#unkept += 1;
      this.#keep(name, () => this.#kept());
    }
    const host = place + RESERVED_ADDRESSES;
    return { ipv4: ipv4Text(BASE + host), ipv6: ipv6Text(host) };
  }

  #add(name: string): number {
    const place = this.#names.push(name) - 1;
    this.#places.set(name, place);
    return place;
  }

  #kept(): void {
    this.#unkept -= 1;
    if (this.#unkept > 0) return;
    for (const act of this.#waiting.splice(0)) act();
  }

  /** The name behind an address, also where IPv4 is written in mapped form; null for any other. */
  nameOf(address: string): string | null {
    const host = isIPv4(address) ? hostOfIpv4(address) : hostOfIpv6(address);
    return host === null ? null : (this.#names[host - RESERVED_ADDRESSES] ?? null);
  }
}

function hostOfIpv4(address: string): number | null {
  const host = ipv4Number(address) - BASE;
  return host >= 0 && host < ADDRESSES ? host : null;
}

function hostOfIpv6(address: string): number | null {
  if (!isIPv6(address) || address.includes('%')) return null;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6);
  // RFC 4291 §2.5.5.2: ::ffff:a.b.c.d
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return hostOfIpv4(ipv4Text(high * 65536 + low));
  }
  if (!groups.slice(0, 6).every((group, index) => group === PREFIX_GROUPS[index])) return null;
  return high * 65536 + low;
}

function ipv4Number(address: string): number {
  return address.split('.').reduce((number, octet) => number * 256 + Number(octet), 0);
}

function ipv4Text(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');
}

/** In the one spelling of RFC 5952, which is how a socket names its own address. */
function ipv6Text(host: number): string {
  const high = host >>> 16;
  const low = (host & 0xffff).toString(16);
  return high === 0
    ? `${VIRTUAL_IPV6_PREFIX}${low}`
    : `${VIRTUAL_IPV6_PREFIX}${high.toString(16)}:${low}`;
}

/** The eight groups of an address that `net.isIPv6` takes (or of a prefix that ends in `::`). */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const number = dotted === null ? 0 : ipv4Number(dotted[2] as string);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${(number >>> 16).toString(16)}:${(number & 0xffff).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const front = parse(head);
  const back = parse(tail ?? '');
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}
