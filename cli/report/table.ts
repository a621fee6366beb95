// Columns of text, as wide as their widest cell.
import { cut, width } from './width.js'

/** Rows under a heading, columns two blanks apart, each line at most `columns` wide (all of it if left out). */
export function table(heading: readonly string[], rows: readonly (readonly string[])[], columns?: number): string[] {
  const all = [heading, ...rows]
  const widths = heading.map((_, column) => Math.max(...all.map(row => width(row[column] ?? ''))))
  return all.map(row => {
    const line = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell))).join('  ')
    return columns === undefined ? line.trimEnd() : cut(line.trimEnd(), columns)
  })
}
