/**
 * The box's own resolver. Every name that can be a host has a virtual address and no question ever
 * leaves the machine, so names cannot carry data out.
 */
import { canonicalHost } from '../../policy/host.ts';
import { ANSWER_TTL_S } from './limits.ts';
import { type DnsQuery, parseQuery, RCODE } from './query.ts';
import type { VirtualAddresses } from './virtual-names.ts';

const TYPE_A = 1;
const TYPE_PTR = 12;
const TYPE_AAAA = 28;
const CLASS_IN = 1;
const LOOPBACK: VirtualAddresses = { ipv4: '127.0.0.1', ipv6: '::1' };

/** What the resolver asks: the addresses of a canonical name, or null when there are no more. */
export interface NameLookup {
  addressFor(name: string): VirtualAddresses | null;
}

/** The answer to one message, or null when none must be sent. At most ANSWER_BYTES_MAX long. */
export function answerQuery(bytes: Buffer, names: NameLookup): Buffer | null {
  const parsed = parseQuery(bytes);
  if (parsed.state === 'drop') return null;
  if (parsed.state === 'wrong') return header(parsed.id, false, parsed.rcode, 0, 0);
  return answer(parsed.query, names);
}

function answer(query: DnsQuery, names: NameLookup): Buffer {
  if (query.class !== CLASS_IN) return reply(query, RCODE.refused);
  const host = canonicalHost(query.name.toLowerCase());
  const isName = host.ok && host.kind === 'name' && !/(^|\.)arpa$/.test(host.host);
  if (query.type === TYPE_PTR || !isName) return reply(query, RCODE.nxDomain);
  if (query.type !== TYPE_A && query.type !== TYPE_AAAA) return reply(query, RCODE.noError);
  // RFC 6761 §6.3: localhost is the box itself.
  const local = /(^|\.)localhost$/.test(host.host);
  const addresses = local ? LOOPBACK : names.addressFor(host.host);
  if (addresses === null) return reply(query, RCODE.servFail);
  const data = query.type === TYPE_A ? ipv4Bytes(addresses.ipv4) : ipv6Bytes(addresses.ipv6);
  return reply(query, RCODE.noError, data);
}

function reply(query: DnsQuery, rcode: number, address?: Buffer): Buffer {
  const head = header(query.id, query.recursion, rcode, 1, address === undefined ? 0 : 1);
  if (address === undefined) return Buffer.concat([head, query.question]);
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0); // A pointer to the question's name (RFC 1035 §4.1.4).
  record.writeUInt16BE(query.type, 2);
  record.writeUInt16BE(CLASS_IN, 4);
  record.writeUInt32BE(ANSWER_TTL_S, 6);
  record.writeUInt16BE(address.length, 10);
  return Buffer.concat([head, query.question, record, address]);
}

function header(
  id: number,
  recursion: boolean,
  rcode: number,
  questions: number,
  answers: number,
): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(id, 0);
  // A response, recursion available, and desired where it was.
  bytes.writeUInt16BE(0x8080 | (recursion ? 0x0100 : 0) | rcode, 2);
  bytes.writeUInt16BE(questions, 4);
  bytes.writeUInt16BE(answers, 6);
  return bytes;
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** For the addresses of `VirtualNames`, which have one `::`. */
function ipv6Bytes(address: string): Buffer {
  const [head = '', tail = ''] = address.split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === '' ? [] : tail.split(':');
  const middle = new Array<string>(8 - front.length - back.length).fill('0');
  const hex = [...front, ...middle, ...back].map((group) => group.padStart(4, '0')).join('');
  return Buffer.from(hex, 'hex');
}
