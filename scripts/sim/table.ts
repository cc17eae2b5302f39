/** A comparison in lines for people. No I/O. */
import { type Comparison, percent } from './compare.ts'
import type { Assumptions } from './workload.ts'

const COLUMNS = ['policy', 'worst 60 s', 'mean use', 'admitted', 'refused'] as const

/** What was assumed where the trace tells nothing. */
export function assumptionLines(assumed: Assumptions, seed: number): string {
  return [
    `Assumed: prompts of ${assumed.bytesPerToken} ± ${assumed.bytesPerTokenDeviation} bytes a token (seed ${seed});`,
    `  ${assumed.firstTokenMs} ms + prompt at ${assumed.prefillTokensPerSecond} tokens/s + ${assumed.tokenMs} ms a token, settled ${assumed.settledAfterMs} ms after;`,
    `  callers name no bound: a worst case is half the prompt's bytes + ${assumed.outputTokensMax} tokens (the target's maxOutputTokens);`,
    '  who is refused does not come again.',
  ].join('\n')
}

/** One comparison: its head, a table, and what was kept or not. */
export function comparisonLines({ oversubscription, copies, tokensPerMinute, outcomes, bounds }: Comparison): string {
  const offered = copies === 1 ? 'the trace' : `${copies} × the trace`
  const rows = outcomes.map((outcome) => [
    outcome.policy,
    `${outcome.worst.toFixed(3)} ×`,
    percent(outcome.use),
    String(outcome.admitted),
    String(outcome.refused),
  ])
  const widths = COLUMNS.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const lineOf = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
  return [
    `${oversubscription} × oversubscribed: ${offered} offered to a limit of ${tokensPerMinute} tokens a minute`,
    ...[COLUMNS, ...rows].map((cells) => `  ${lineOf(cells)}`),
    ...bounds.map(({ text, ok }) => `  ${ok ? 'kept  ' : 'MISSED'} ${text}`),
  ].join('\n')
}
