/** The benchmark's figures as text. No I/O. */
import { type StreamsRow, size, type WholeRow } from './report.ts'
import type { Spread } from './stats.ts'
import type { Verdict } from './verdict.ts'

/** Lane 1 as a table. */
export function wholeTable(rows: readonly WholeRow[]): string {
  const order = [...rows].sort((a, b) => a.bytes - b.bytes || a.connections - b.connections)
  const cells = order.map((row) => [
    size(row.bytes),
    String(row.connections),
    row.contender,
    `${whole(row.requestsPerSecond)}${row.atCeiling ? ' ^' : ''}`,
    fine(row.p50Ms),
    fine(row.p99Ms),
    row.contender === 'direct' ? '' : row.addedP50Ms.median.toFixed(3),
    row.contender === 'direct' ? '' : row.addedP99Ms.median.toFixed(3),
    row.cpuMsPerRequest.median.toFixed(3),
    row.recordedInWindow === null
      ? ''
      : `${(row.recordedInWindow * 100).toFixed(1)} %${row.recordedAll ? '' : ' lost!'}`,
    String(row.failures),
  ])
  const head = [
    'body',
    'conns',
    'contender',
    'requests/s',
    'p50 ms',
    'p99 ms',
    '+p50',
    '+p99',
    'CPU ms',
    'recorded',
    'failed',
  ]
  return `${aligned([head, ...cells])}\n^ within 10 % of the upstream's own ceiling · + over direct · recorded: usage rows durable when the last reply was read`
}

/** Lane 2 as a table. */
export function streamsTable(rows: readonly StreamsRow[]): string {
  const cells = rows.map((row) => [
    row.contender,
    String(row.streams),
    fine(row.cpuMsPerStream),
    row.contender === 'direct' ? '' : row.addedFirstMs.median.toFixed(2),
    row.contender === 'direct' ? '' : row.addedGapP50Ms.median.toFixed(2),
    row.contender === 'direct' ? '' : row.addedGapP99Ms.median.toFixed(2),
    String(row.eventsLost),
    String(row.failures),
  ])
  const head = ['contender', 'streams', 'CPU ms/stream', '+first ms', '+gap p50', '+gap p99', 'lost', 'failed']
  return aligned([head, ...cells])
}

/** The bounds, one a line. */
export function verdictLines(verdicts: readonly Verdict[]): string {
  return aligned(verdicts.map(({ ok, name, value, bound }) => [ok ? 'ok' : 'SHORT', name, value.toFixed(2), bound]))
}

/** Cells as columns. */
export function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function whole({ median, least, most }: Spread): string {
  return `${Math.round(median)} (${Math.round(least)}–${Math.round(most)})`
}

function fine({ median, least, most }: Spread): string {
  return `${median.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)})`
}
