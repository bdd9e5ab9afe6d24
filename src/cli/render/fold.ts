/** Breaks a line at so many columns, so that none of it stands at the left edge of a terminal. */
export function folded(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let taken = 0;
  for (const [piece] of text.matchAll(PIECES)) {
    const width = widthOf(piece);
    if (taken + width > columns && taken > 0) {
      lines.push(line);
      line = '';
      taken = 0;
    }
    line += piece;
    taken += width;
  }
  return [...lines, line];
}

/** A colour of ours, or one character. */
const PIECES = /\u001b\[[0-9;]*m|./gsu;

/** Never less than a terminal takes for it: what is not ASCII may be two columns wide. */
export function widthOf(piece: string): number {
  if (piece.length > 1 && piece.startsWith('\u001b')) return 0;
  return piece >= ' ' && piece <= '~' ? 1 : 2;
}
