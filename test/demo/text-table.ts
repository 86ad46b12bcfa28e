/** Lays rows out in columns that are as wide as their widest cell; the first row is the heading. Two blanks in between. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columnCount = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columnCount }, (_, at) => Math.max(...rows.map((row) => (row[at] ?? '').length)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, at) => (row[at] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  const [heading, ...body] = rows.map(line);
  if (heading === undefined) return '';
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [heading, rule, ...body].join('\n');
}
