/** A place in a file as people count: both begin at one. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const LINE_ENDS = /\r\n|[\n\r\u2028\u2029]/g;

/** Offsets at which lines begin, by the line ends of JavaScript. */
export function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(LINE_ENDS)) starts.push(index + end.length);
  return starts;
}

export function placeAt(starts: readonly number[], offset: number): Place {
  let low = 0;
  for (let high = starts.length; high - low > 1; ) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: offset - (starts[low] as number) + 1 };
}
