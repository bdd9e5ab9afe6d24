/** The Huffman code of HPACK (RFC 7541 appendix B). */

/**
 * Length in bits of the code of each octet, and of the end of string. The code is canonical, so
 * that these are all of it: codes of one length follow each other in the order of their octets.
 */
const LENGTHS: readonly number[] = [
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  ...[30],
];

/** Octet that a move ends with; none; the code does not go on. */
const NONE = 256;
const WRONG = 257;

interface Machine {
  /** Where a half octet leads from each node: `node << 4 | half` to `next << 9 | octet`. */
  readonly moves: Uint32Array;
  /** May a text end here? What is left of the last octet must be ones, fewer than eight. */
  readonly final: Uint8Array;
}

let machine: Machine | null = null;

/** Null when it is not well-formed (RFC 7541 section 5.2). Octets come as Latin-1. */
export function huffmanText(bytes: Buffer): string | null {
  machine ??= makeMachine();
  const { moves, final } = machine;
  // No code is shorter than five bits.
  const text = Buffer.allocUnsafe(((bytes.length * 8) / 5) | 0);
  let length = 0;
  let node = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const octet = bytes[i] as number;
    for (let half = octet >> 4, turn = 0; turn < 2; half = octet & 15, turn += 1) {
      const move = moves[(node << 4) | half] as number;
      const out = move & 511;
      if (out === WRONG) return null;
      if (out !== NONE) text[length++] = out;
      node = move >> 9;
    }
  }
  return final[node] === 1 ? text.toString('latin1', 0, length) : null;
}

/** A tree of the code, then four of its bits at a time. */
function makeMachine(): Machine {
  const tree: [number, number][] = [[0, 0]];
  // A leaf is the octet, negative and beyond zero: -1 - octet.
  for (const [octet, code, length] of codes()) {
    let node = 0;
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      const branch = tree[node] as [number, number];
      const side = (code >>> bit) & 1;
      if (bit === 0) branch[side] = -1 - octet;
      else if (branch[side] === 0) branch[side] = tree.push([0, 0]) - 1;
      node = branch[side] as number;
    }
  }
  const moves = new Uint32Array(tree.length << 4);
  for (let node = 0; node < tree.length; node += 1) {
    for (let half = 0; half < 16; half += 1) moves[(node << 4) | half] = moved(tree, node, half);
  }
  const final = new Uint8Array(tree.length);
  for (let node = 0, depth = 0; depth < 8; depth += 1) {
    final[node] = 1;
    node = (tree[node] as [number, number])[1];
  }
  return { moves, final };
}

function moved(tree: readonly [number, number][], from: number, half: number): number {
  let node = from;
  let out = NONE;
  for (let bit = 3; bit >= 0; bit -= 1) {
    const next = (tree[node] as [number, number])[(half >> bit) & 1] as number;
    if (next >= 0) {
      node = next;
      continue;
    }
    // The end of string may not be written out.
    if (next === -257) return WRONG;
    out = -1 - next;
    node = 0;
  }
  return (node << 9) | out;
}

/** Octet, code and its length in bits. */
function codes(): [number, number, number][] {
  const order = LENGTHS.map((length, octet) => [length, octet] as const);
  order.sort(([a, x], [b, y]) => a - b || x - y);
  let code = 0;
  let before = (order[0] as readonly [number, number])[0];
  return order.map(([length, octet], index) => {
    if (index > 0) code = (code + 1) << (length - before);
    before = length;
    return [octet, code, length];
  });
}
