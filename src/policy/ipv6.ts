/**
 * IPv6 addresses as text. Reading is strict (RFC 4291 §2.2, no zone), writing gives the one
 * canonical spelling of RFC 5952, so that two texts of one address compare equal.
 */

const GROUPS = 8;

/** The canonical text, or null when `text` is no IPv6 address. */
export function canonicalIpv6(text: string): string | null {
  const groups = readIpv6(text);
  return groups === null ? null : writeIpv6(groups);
}

/** Four decimal parts of 0 to 255 without leading zeros: the only accepted spelling. */
export function isDottedIpv4(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 &&
    parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
  );
}

function readIpv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = readGroups(halves[0] ?? '', halves.length === 1);
  if (head === null) return null;
  if (halves.length === 1) return head.length === GROUPS ? head : null;
  const tail = readGroups(halves[1] ?? '', true);
  if (tail === null) return null;
  const missing = GROUPS - head.length - tail.length;
  // `::` stands for at least one group; otherwise one address would have a further spelling.
  return missing < 1 ? null : [...head, ...new Array<number>(missing).fill(0), ...tail];
}

function readGroups(text: string, atEnd: boolean): readonly number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else if (atEnd && index === parts.length - 1 && isDottedIpv4(part)) {
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else {
      return null;
    }
  }
  return groups;
}

function writeIpv6(groups: readonly number[]): string {
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    // RFC 5952 §5: an IPv4-mapped address shows the address that it holds.
    const [high = 0, low = 0] = groups.slice(6);
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** RFC 5952 §4.2.3: the longest run is shortened, and of equal runs the first. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let index = 0; index <= groups.length; index += 1) {
    if (groups[index] === 0) continue;
    if (index - start > best.length) best = { start, length: index - start };
    start = index + 1;
  }
  return best;
}
