/** A comparison of routers in lines for people. No I/O. */
import { percent } from './compare.ts'
import { type PoolComparison, type PoolOutcome, seconds } from './pool-compare.ts'
import type { PoolFigures } from './pool-figures.ts'

const COLUMNS = ['router', 'hits', 'mean', 'p50', 'p90', 'p99', 'max', '≤ 2 s', 'refused', 'goodput'] as const

/** What was assumed where the trace tells nothing. */
export function poolAssumptionLines({
  load,
  scenario,
  prefillError,
  maxWaitMs,
  maxQueue,
  seed,
}: PoolComparison): string {
  const { replicas, rttMs, engine } = scenario
  const made = [
    `× ${load.speedup}`,
    ...(load.copies > 1 ? [`laid over itself ${load.copies} times`] : []),
    ...(load.tenants > 1 ? [`${load.tenants} tenants`] : []),
    ...(load.flood > 1 ? [`the first at ${load.flood} × its share`] : []),
    ...(load.batch > 0 ? [`${percent(load.batch)} of conversations batch`] : []),
  ]
  return [
    `Load: the trace ${made.join(', ')} (seed ${seed}).`,
    `Assumed: ${replicas} replicas, each prefills in order at ${engine.prefillTokensPerSecond} tokens/s + ${engine.baseMs} ms a prompt,`,
    `  answers at ${engine.decodeMs} ms a token, and remembers ${engine.kvTokens} tokens; ${rttMs} ms to it and back.`,
    `  sluice is told a rate off by ${percent(prefillError)}, waits ${maxWaitMs} ms and queues ${maxQueue} at most; the others refuse nobody.`,
  ].join('\n')
}

/** The table, the other tenants under a flood, and what was kept or not. */
export function poolOutcomeLines({ figures, others, bounds }: PoolOutcome): string {
  const hasTenants = figures.some(({ jain }) => jain !== null)
  const head = hasTenants ? [...COLUMNS, 'Jain (TTFT)'] : [...COLUMNS]
  const rows = figures.map((one) => [...cellsOf(one), ...(one.jain === null ? [] : [one.jain.toFixed(3)])])
  return [
    ...aligned([head, ...rows]),
    ...others.map(
      ({ router, alone, flooded }) =>
        `  the other tenants’ p95 with ${router}: ${seconds(alone)} without the flood, ${seconds(flooded)} with it`,
    ),
    ...figures.filter(({ refused }) => refused > 0).map(refusedLine),
    ...bounds.map(({ text, ok }) => `  ${ok ? 'kept  ' : 'MISSED'} ${text}`),
  ].join('\n')
}

function cellsOf({ router, hitRatio, ttftMs, goodShare, refused, goodput }: PoolFigures): string[] {
  const { mean, p50, p90, p99, max } = ttftMs
  return [
    router,
    percent(hitRatio),
    ...[mean, p50, p90, p99, max].map(seconds),
    percent(goodShare),
    String(refused),
    percent(goodput),
  ]
}

function refusedLine({ router, refusedShare, refusedAtOnce, retryAfterMs }: PoolFigures): string {
  const { interactive, batch } = refusedShare
  const shares = `${percent(interactive)} of interactive, ${percent(batch)} of batch`
  return `  ${router} refused ${shares}; ${percent(refusedAtOnce)} of them at once; median retry-after ${seconds(retryAfterMs)}`
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    )
    return `  ${cells.join('  ')}`
  })
}
