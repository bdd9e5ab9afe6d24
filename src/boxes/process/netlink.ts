/**
 * The messages that make a box's network: rtnetlink(7) to raise `lo` and make every address local,
 * and nf_tables to bring every TCP connection to one listener. Integers are in the host's order,
 * which is little endian on both processors that boxes run on, but for what the tables themselves
 * carry in network order.
 */

const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
const NLM_F_CREATE = 0x400;
const NLM_F_APPEND = 0x800;

const RTM_NEWLINK = 16;
const RTM_NEWROUTE = 24;
const LOOPBACK_INDEX = 1;
const AF_INET = 2;
const AF_INET6 = 10;

/** A series of messages and how many acknowledgements the kernel owes for it. */
export interface Messages {
  readonly bytes: Buffer;
  readonly answers: number;
}

/** Raises `lo` and routes all of IPv4 and IPv6 to it as local addresses (AnyIP). */
export function everyAddressIsLocal(): Messages {
  const up = Buffer.alloc(16);
  up.writeInt32LE(LOOPBACK_INDEX, 4);
  up.writeUInt32LE(1, 8); // IFF_UP
  up.writeUInt32LE(1, 12); // only that flag changes
  const flags = NLM_F_REQUEST | NLM_F_ACK;
  const bytes = Buffer.concat([
    message(RTM_NEWLINK, flags, 1, up),
    message(RTM_NEWROUTE, flags | NLM_F_CREATE, 2, localRoute(AF_INET)),
    message(RTM_NEWROUTE, flags | NLM_F_CREATE, 3, localRoute(AF_INET6)),
  ]);
  return { bytes, answers: 3 };
}

function localRoute(family: number): Buffer {
  // rtmsg: family, dst_len, src_len, tos, table local, protocol boot, scope host, type local.
  const route = Buffer.from([family, 0, 0, 0, 255, 3, 254, 2, 0, 0, 0, 0]);
  return Buffer.concat([route, attribute(4, u32(LOOPBACK_INDEX))]);
}

const NFNL_SUBSYS_NFTABLES = 10 << 8;
const NFNL_MSG_BATCH_BEGIN = 16;
const NFNL_MSG_BATCH_END = 17;
const NFT_MSG_NEWTABLE = NFNL_SUBSYS_NFTABLES;
const NFT_MSG_NEWCHAIN = NFNL_SUBSYS_NFTABLES | 3;
const NFT_MSG_NEWRULE = NFNL_SUBSYS_NFTABLES | 6;
const NFPROTO_INET = 1;
const NF_INET_PRE_ROUTING = 0;
const PRIORITY_MANGLE = -150;
const REGISTER_1 = 1;
const REGISTER_2 = 2;
const REGISTER_3 = 3;
const NESTED = 0x8000;
const TABLE = 'box';
const CHAIN = 'arrivals';

export interface TransparentListeners {
  /** Addresses in network order. */
  readonly ipv4: Uint8Array;
  readonly ipv6: Uint8Array;
  readonly port: number;
}

/**
 * A ruleset that leaves 127.0.0.0/8 and ::1 alone and hands every other TCP connection to the
 * transparent listeners.
 */
export function everyConnectionToOneListener(to: TransparentListeners): Messages {
  const rules = [
    [
      isFamily(AF_INET),
      networkBytes(16, 4),
      mask([255, 0, 0, 0]),
      equals([127, 0, 0, 0]),
      accept(),
    ],
    [isFamily(AF_INET6), networkBytes(24, 16), equals([...new Array(15).fill(0), 1]), accept()],
    [isTcp(), isFamily(AF_INET), ...handTo(AF_INET, to.ipv4, to.port), accept()],
    [isTcp(), isFamily(AF_INET6), ...handTo(AF_INET6, to.ipv6, to.port), accept()],
  ];
  const create = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
  const hook = nested(
    4,
    attribute(1, be32(NF_INET_PRE_ROUTING)),
    attribute(2, be32(PRIORITY_MANGLE)),
  );
  const parts = [
    message(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 0, batchHeader()),
    message(NFT_MSG_NEWTABLE, create, 1, tableHeader(), attribute(1, name(TABLE))),
    message(
      NFT_MSG_NEWCHAIN,
      create,
      2,
      tableHeader(),
      attribute(1, name(TABLE)),
      attribute(3, name(CHAIN)),
      hook,
      attribute(7, name('filter')),
    ),
    ...rules.map((expressions, index) =>
      message(
        NFT_MSG_NEWRULE,
        create | NLM_F_APPEND,
        3 + index,
        tableHeader(),
        attribute(1, name(TABLE)),
        attribute(2, name(CHAIN)),
        nested(4, ...expressions),
      ),
    ),
    message(NFNL_MSG_BATCH_END, NLM_F_REQUEST, 3 + rules.length, batchHeader()),
  ];
  return { bytes: Buffer.concat(parts), answers: 2 + rules.length };
}

// Expressions of a rule: NFTA_LIST_ELEM { NFTA_EXPR_NAME, NFTA_EXPR_DATA }.
function expression(kind: string, ...data: readonly Buffer[]): Buffer {
  return nested(1, attribute(1, name(kind)), nested(2, ...data));
}

function meta(key: number): Buffer {
  return expression('meta', attribute(2, be32(key)), attribute(1, be32(REGISTER_1)));
}

function isFamily(family: number): Buffer {
  return Buffer.concat([meta(15), equals([family])]); // NFT_META_NFPROTO
}

function isTcp(): Buffer {
  return Buffer.concat([meta(16), equals([6])]); // NFT_META_L4PROTO
}

/** Loads bytes of the network header. */
function networkBytes(offset: number, length: number): Buffer {
  return expression(
    'payload',
    attribute(1, be32(REGISTER_1)),
    attribute(2, be32(1)),
    attribute(3, be32(offset)),
    attribute(4, be32(length)),
  );
}

function mask(bits: readonly number[]): Buffer {
  return expression(
    'bitwise',
    attribute(1, be32(REGISTER_1)),
    attribute(2, be32(REGISTER_1)),
    attribute(3, be32(bits.length)),
    nested(4, attribute(1, Buffer.from(bits))),
    nested(5, attribute(1, Buffer.alloc(bits.length))),
  );
}

function equals(bytes: readonly number[]): Buffer {
  return expression(
    'cmp',
    attribute(1, be32(REGISTER_1)),
    attribute(2, be32(0)),
    nested(3, attribute(1, Buffer.from(bytes))),
  );
}

function handTo(family: number, address: Uint8Array, port: number): Buffer[] {
  const portBytes = Buffer.alloc(2);
  portBytes.writeUInt16BE(port);
  return [
    immediate(REGISTER_2, address),
    immediate(REGISTER_3, portBytes),
    expression(
      'tproxy',
      attribute(1, be32(family)),
      attribute(2, be32(REGISTER_2)),
      attribute(3, be32(REGISTER_3)),
    ),
  ];
}

function immediate(register: number, value: Uint8Array): Buffer {
  return expression(
    'immediate',
    attribute(1, be32(register)),
    nested(2, attribute(1, Buffer.from(value))),
  );
}

function accept(): Buffer {
  const verdict = nested(2, attribute(1, be32(1))); // NF_ACCEPT
  return expression('immediate', attribute(1, be32(0)), nested(2, verdict));
}

function tableHeader(): Buffer {
  return Buffer.from([NFPROTO_INET, 0, 0, 0]);
}

function batchHeader(): Buffer {
  return Buffer.from([0, 0, NFNL_SUBSYS_NFTABLES >> 16, NFNL_SUBSYS_NFTABLES >> 8]);
}

function message(
  type: number,
  flags: number,
  sequence: number,
  ...body: readonly Buffer[]
): Buffer {
  const payload = Buffer.concat(body);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + payload.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return padded(Buffer.concat([header, payload]));
}

function attribute(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + value.length, 0);
  header.writeUInt16LE(type, 2);
  return padded(Buffer.concat([header, value]));
}

function nested(type: number, ...values: readonly Buffer[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(values));
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function name(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function be32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
