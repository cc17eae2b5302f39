/** Figures in lines for people. No I/O. */
import { type Figures, type Shares, sharesOf } from './figures.ts'

/** How one way of deciding did. */
export interface Row {
  readonly name: string
  readonly figures: Figures
}

const HEAD = [
  '',
  'hits',
  'wrong among hits',
  'wrong among all',
  'hits',
  'wrong among hits',
  'wrong among all',
  'worst seed',
]

/** Means over the seeds of several ways, side by side. */
export function meansLines(rows: readonly Row[]): string {
  const cells = rows.map(({ name, figures: { secondHalf, whole, worstWrong } }) => [
    name,
    ...cellsOf(secondHalf),
    ...cellsOf(whole),
    percent(worstWrong),
  ])
  const [, half = '', ...rest] = HEAD
  const over = ['', 'second half', '', '', 'whole stream', '', '', 'wrong among']
  return tableOf([over, ['', half, ...rest.slice(0, -1), 'hits, worst seed'], ...cells])
}

/** Each seed of one way, and its tenths: hits, and wrong among them. */
export function seedsLines({ name, figures }: Row): string {
  const head = ['', ...Array.from({ length: 10 }, (_, tenth) => `tenth ${tenth + 1}`), 'whole']
  const rows = figures.seeds.map(({ seed, tenths, whole }) => [
    `seed ${seed}`,
    ...[...tenths, whole].map((count) => `${percent(sharesOf(count).hits)} ${count.wrong}`),
  ])
  return [`${name}: hits, and how many of them were wrong`, tableOf([head, ...rows])].join('\n')
}

const cellsOf = ({ hits, wrong, wrongOfAll }: Shares): string[] => [percent(hits), percent(wrong), percent(wrongOfAll)]

export function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`
}

function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
    .map((line) => `  ${line.trimEnd()}`)
    .join('\n')
}
