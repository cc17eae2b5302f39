/** What policies of a cache came to, in lines for people. No I/O. */
import type { Outcome } from './cache-policies.ts'
import { percent } from './compare.ts'

const OURS = 'S3-FIFO'
const MEASURE = 'LRU'

/** Does the shards' own policy hit as often as LRU at least? */
export function isAsGood(outcomes: readonly Outcome[]): boolean {
  const hitsOf = (name: string): number => outcomes.find(({ policy }) => policy === name)?.hits ?? 0
  return hitsOf(OURS) >= hitsOf(MEASURE)
}

/** One load: its head, a line for each policy, and whether the bound was kept. */
export function outcomeLines(head: string, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ policy, hits, lookUps, saved, savable }) => {
    const cells = [policy.padEnd(8), percent(hits / lookUps).padStart(8), percent(saved / savable).padStart(8)]
    return `  ${cells.join('  ')}`
  })
  const verdict = isAsGood(outcomes) ? 'kept  ' : 'MISSED'
  return [
    head,
    `  ${'policy'.padEnd(8)}  ${'hits'.padStart(8)}  ${'saved'.padStart(8)}`,
    ...rows,
    `  ${verdict} ${OURS} hits at least as often as ${MEASURE}`,
  ].join('\n')
}
