/** One column: its head, and whether its cells are numbers, which stand to the right. */
export interface Column {
  readonly head: string;
  readonly numeric?: boolean;
}

/** Lines of a plain text table, columns two blanks apart. Missing cells are empty. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ head }, index) =>
    Math.max(head.length, ...rows.map((row) => (row[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ numeric }, index) => {
        const [cell, width] = [cells[index] ?? '', widths[index] ?? 0];
        return numeric === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return [line(columns.map(({ head }) => head)), rule, ...rows.map(line)];
}
