/** Cuts a stream of text into lines. */
export interface LineReader {
  /** Takes the next piece; gives each line that it completes to `onLine`, without its end. */
  write(piece: string): void;
}

/**
 * `onLong` is told once when a line grows beyond `charsMax`; nothing is read after that, so a peer
 * cannot make the reader hold more.
 */
export function makeLineReader(
  charsMax: number,
  onLine: (line: string) => void,
  onLong: () => void,
): LineReader {
  let pieces: string[] = [];
  let held = 0;
  let broken = false;

  function take(text: string): void {
    held += text.length;
    if (held > charsMax) {
      broken = true;
      pieces = [];
      onLong();
      return;
    }
    pieces.push(text);
  }

  return {
    write(piece) {
      let from = 0;
      while (!broken) {
        const end = piece.indexOf('\n', from);
        if (end === -1) {
          if (from < piece.length) take(piece.slice(from));
          return;
        }
        take(piece.slice(from, end));
        if (broken) return;
        const line = pieces.length === 1 ? (pieces[0] as string) : pieces.join('');
        pieces = [];
        held = 0;
        from = end + 1;
        onLine(line);
      }
    },
  };
}
