/** Addresses read and written a second time, for the comparison with what the egress makes of them. */

/** `inet_aton` of the C library, as old resolvers take a host: one to four numbers of any base. */
export function inetAton(text: string): number | null {
  const parts = text.split('.');
  if (parts.length > 4) return null;
  const numbers = parts.map((part) => {
    if (/^0x[0-9a-f]*$/i.test(part)) return Number.parseInt(part.slice(2) || '0', 16);
    if (/^0[0-7]*$/.test(part)) return Number.parseInt(part, 8);
    return /^[1-9][0-9]*$/.test(part) ? Number(part) : Number.NaN;
  });
  const last = numbers.pop() as number;
  if (numbers.some((number) => !(number <= 255))) return null;
  if (!(last < 256 ** (4 - numbers.length))) return null;
  return numbers.reduce((sum, number, at) => sum + number * 256 ** (3 - at), last);
}

/** The number of an address; of text, it must be in the usual notation. */
export function numberOf(address: string | Uint8Array): bigint {
  if (typeof address !== 'string') {
    return address.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  }
  if (!address.includes(':')) return BigInt(inetAton(address) ?? -1);
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const gap = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...gap, ...after].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n);
}

/** The last two groups of an address may be written as IPv4 (RFC 4291 section 2.2). */
function groupsOf(text: string): number[] {
  const parts = text === '' ? [] : text.split(':');
  return parts.flatMap((part) => {
    const value = part.includes('.') ? (inetAton(part) as number) : null;
    return value === null ? [Number.parseInt(part, 16)] : [value >>> 16, value & 0xffff];
  });
}

/** Inside: this machine, its network, or a way to those; by number, from the registries. */
export function isInside(bytes: Uint8Array): boolean {
  const value = numberOf(bytes);
  if (bytes.length === 4) return isInsideIpv4(Number(value));
  const top = (bits: number): bigint => value >> BigInt(128 - bits);
  if (top(3) !== 1n) return true;
  if (top(16) === 0x2002n) return true;
  return top(32) === 0x2001_0000n || top(32) === 0x2001_0db8n || top(20) === 0x3fff0n;
}

function isInsideIpv4(value: number): boolean {
  const [a, b] = [value >>> 24, (value >>> 16) & 255];
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  if (a === 198) return b === 18 || b === 19;
  return (a === 192 && b === 168) || value === 0xa83f_8110;
}

/** The same address as people and programs write it, usual and odd. */
export function addressNotations(bytes: Uint8Array): string[] {
  return bytes.length === 4 ? ipv4Notations([...bytes]) : ipv6Notations([...bytes]);
}

function ipv4Notations(bytes: readonly number[]): string[] {
  const [a, b, c, d] = bytes as [number, number, number, number];
  const value = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const base = (radix: number, prefix: string) =>
    bytes.map((byte) => prefix + byte.toString(radix)).join('.');
  return [
    ...[base(10, ''), base(8, '0'), base(16, '0x'), base(16, '0X'), `${base(10, '')}.`],
    ...[`${value}`, `0x${value.toString(16)}`, `0${value.toString(8)}`],
    ...[`${a}.${value & 0xff_ffff}`, `${a}.${b}.${value & 0xffff}`, `0${a}.0${b}.0${c}.0${d}`],
  ];
}

function ipv6Notations(bytes: readonly number[]): string[] {
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] as number) << 8) | (bytes[at * 2 + 1] as number)).toString(16),
  );
  const full = groups.join(':');
  const padded = groups.map((group) => group.padStart(4, '0')).join(':');
  const dotted = `${groups.slice(0, 6).join(':')}:${bytes.slice(12).join('.')}`;
  const short = full.replace(/(?:^|:)0(?::0)+(?=:|$)/, ':').replace(/^:(?!:)|(?<!:):$/, '::');
  const whole = [full, padded, padded.toUpperCase(), dotted];
  return [...whole, ...(short.includes('::') ? [short] : []), ...whole.map((text) => `[${text}]`)];
}
