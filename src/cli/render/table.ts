/**
 * Lines of columns, each as wide as its widest cell; the last column is not padded. Cells must be
 * plain (no colours); `paint` colours a cell after it was padded.
 */
export function table(
  rows: readonly (readonly string[])[],
  paint: (cell: string, column: number, row: number) => string = (cell) => cell,
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row, line) =>
    row
      .map((cell, column) => {
        const padded = column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0);
        return paint(padded, column, line);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `0 B`, `1023 B`, `1.5 KiB`, `20 MiB`. */
export function bytes(count: number): string {
  let value = count;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024) return `${formatted(value, unit)} ${unit}`;
    value /= 1024;
  }
  return `${formatted(value, 'TiB')} TiB`;
}

function formatted(value: number, unit: string): string {
  return unit === 'B' || value >= 10 ? String(Math.floor(value)) : value.toFixed(1);
}
