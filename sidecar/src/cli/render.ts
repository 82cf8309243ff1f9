import { stringify } from 'yaml';
import { plain } from './paint.ts';

/** How a command's result is printed. */
export type OutputFormat = 'table' | 'json' | 'yaml';

/** JSON and YAML are the same value; a table is for people. */
export function render(format: OutputFormat, value: unknown, table: () => string): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify(value, null, 2)}\n`;
    case 'yaml':
      return stringify(JSON.parse(JSON.stringify(value)));
    case 'table':
      return table();
    default:
      throw new Error(`unknown output format: ${format satisfies never}`);
  }
}

/** Columns as wide as their widest cell; the last one is not padded. Cells hold nothing that a terminal would obey. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map(
      (row) =>
        `${row
          .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
