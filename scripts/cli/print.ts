/** Output of the CLI: aligned tables for people, JSON for programs. */
import type { Io } from './io.ts'

/** Column title → how to say it of an entry. */
export type Columns<T> = Readonly<Record<string, (entry: T) => string | number | null | undefined>>

/** Prints `value` as JSON, or what `words` makes of it. */
export function print<T>(io: Io, json: boolean, value: T, words: (value: T) => string): void {
  io.out(json ? JSON.stringify(value, null, 2) : words(value))
}

/** Lines of a table, each column as wide as its widest cell; absent cells show as "-". */
export function table<T>(entries: readonly T[], columns: Columns<T>): string {
  if (entries.length === 0) return '(none)'
  const titles = Object.keys(columns)
  const rows = entries.map((entry) => Object.values(columns).map((say) => String(say(entry) ?? '-')))
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(titles), ...rows.map(line)].join('\n')
}

/** `name: value` lines; what is undefined is left out. */
export function fields(entries: Readonly<Record<string, unknown>>): string {
  const set = Object.entries(entries).filter(([, value]) => value !== undefined)
  const width = Math.max(0, ...set.map(([name]) => name.length + 1))
  return set.map(([name, value]) => `${`${name}:`.padEnd(width)} ${said(value)}`).join('\n')
}

/** A value on one line. */
export function said(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
