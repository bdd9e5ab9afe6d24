/**
 * Which addresses a box may reach through a name: the public ones. Everything that is this machine,
 * its network, or a way to either written differently is refused (the special-purpose registries of
 * RFC 6890, and the metadata services of the large clouds).
 */
import { BlockList, isIP } from 'node:net';

export type AddressVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string };

const OK: AddressVerdict = { ok: true };

/** Most exact first, since the first that holds the address gives the reason. */
const REFUSED: readonly (readonly [reason: string, networks: readonly string[]])[] = [
  [
    'a metadata service',
    [
      '169.254.169.254/32',
      '100.100.100.200/32',
      '168.63.129.16/32',
      'fd00:ec2::254/128',
      'fd20:ce::254/128',
    ],
  ],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
  ['shared by a carrier (RFC 6598)', ['100.64.0.0/10']],
  ['site-local (RFC 3879)', ['fec0::/10']],
  [
    'reserved for protocols (RFC 6890)',
    [
      '192.0.0.0/24',
      '192.31.196.0/24',
      '192.52.193.0/24',
      '192.175.48.0/24',
      '2001:20::/28',
      '5f00::/16',
    ],
  ],
  [
    'for documentation',
    ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  ['for benchmarking (RFC 2544)', ['198.18.0.0/15', '2001:2::/48']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  ['broadcast', ['255.255.255.255/32']],
  ['reserved (RFC 1112)', ['240.0.0.0/4']],
  ['6to4 (RFC 3056)', ['2002::/16', '192.88.99.0/24']],
  ['Teredo (RFC 4380)', ['2001::/32']],
  ['a translation of IPv4 (RFC 6052)', ['64:ff9b::/96', '64:ff9b:1::/48']],
  ['IPv4 in IPv6 (RFC 4291)', ['::ffff:0:0/96', '::ffff:0:0:0/96', '::/96']],
  ['for discarding (RFC 6666)', ['100::/64', '100:0:0:1::/64']],
];

/**
 * Unicast that the Internet routes (RFC 4291 §2.4 and the IANA allocation) is 2000::/3; whatever is
 * outside of it is refused even when no line above says why.
 */
const GLOBAL_IPV6 = listOf(['2000::/3']);

/** One set of lists for each family: a BlockList takes IPv4 for the IPv6 that it is mapped to. */
const LISTS = {
  ipv4: REFUSED.map(([reason, networks]) => ({ reason, list: listOf(networks.filter(isIpv4)) })),
  ipv6: REFUSED.map(([reason, networks]) => ({ reason, list: listOf(networks.filter(isIpv6)) })),
};

function isIpv4(network: string): boolean {
  return !isIpv6(network);
}

function isIpv6(network: string): boolean {
  return network.includes(':');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    list.addSubnet(address, Number(bits), isIpv6(network) ? 'ipv6' : 'ipv4');
  }
  return list;
}

/**
 * Whether an address may be dialled. `ownAddresses` are those of the machine's interfaces, as
 * `os.networkInterfaces()` writes them. Refuses what `net.isIP` does not take, and a zone.
 */
export function vetAddress(ip: string, ownAddresses: ReadonlySet<string>): AddressVerdict {
  const version = isIP(ip);
  if (version === 0 || ip.includes('%')) return refused('no IP address');
  const family = version === 6 ? 'ipv6' : 'ipv4';
  for (const { reason, list } of LISTS[family]) {
    if (list.check(ip, family)) return refused(reason);
  }
  if (version === 6 && !GLOBAL_IPV6.check(ip, 'ipv6')) return refused('not globally routed');
  return isOwn(ip, family, ownAddresses) ? refused('one of this machine') : OK;
}

function isOwn(ip: string, family: 'ipv4' | 'ipv6', ownAddresses: ReadonlySet<string>): boolean {
  if (ownAddresses.has(ip)) return true;
  // One IPv6 address has many spellings; a BlockList compares what they mean.
  const own = new BlockList();
  for (const address of ownAddresses) {
    const plain = address.replace(/%.*$/, '');
    if (isIP(plain) === (family === 'ipv6' ? 6 : 4)) own.addAddress(plain, family);
  }
  return own.check(ip, family);
}

function refused(what: string): AddressVerdict {
  return { ok: false, reason: `the address is ${what}` };
}
