/** A table for a terminal. Columns of words are set flush left, the others, which hold numbers, flush right. */
export function textTable(
  title: string,
  [head = [], ...rows]: readonly (readonly string[])[],
  words: readonly number[] = [0],
): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((row) => (row[column] ?? '').length)));
  const format = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return words.includes(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd();
  return [title, ...lines.map((row) => `  ${format(row)}`)].join('\n');
}
