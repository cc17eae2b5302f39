/** What became of streams, counted. No I/O. */
import type { Outcomes } from './run.ts'

/** A stretch of one stream. */
export interface Count {
  readonly requests: number
  readonly hits: number
  readonly wrong: number
  readonly shadows: number
}

/** Shares, over the seeds. */
export interface Shares {
  /** Of all requests. */
  readonly hits: number
  /** Of the hits. */
  readonly wrong: number
  /** Wrong ones of all requests. */
  readonly wrongOfAll: number
}

/** A stream of one seed. */
export interface SeedFigures {
  readonly seed: number
  readonly whole: Count
  readonly secondHalf: Count
  readonly tenths: readonly Count[]
}

/** Streams of all seeds: each by itself, and their means. */
export interface Figures {
  readonly seeds: readonly SeedFigures[]
  readonly whole: Shares
  readonly secondHalf: Shares
  /** Largest share of wrong hits of a whole stream. */
  readonly worstWrong: number
}

const TENTHS = 10

export function countOf(outcomes: Outcomes, from = 0, to = outcomes.length): Count {
  const of = { h: 0, w: 0, s: 0 }
  for (const outcome of outcomes.slice(from, to))
    if (outcome === 'h' || outcome === 'w' || outcome === 's') of[outcome] += 1
  return { requests: Math.max(0, Math.min(to, outcomes.length) - from), hits: of.h + of.w, wrong: of.w, shadows: of.s }
}

export function sharesOf({ requests, hits, wrong }: Count): Shares {
  return {
    hits: requests === 0 ? 0 : hits / requests,
    wrong: hits === 0 ? 0 : wrong / hits,
    wrongOfAll: requests === 0 ? 0 : wrong / requests,
  }
}

/** Figures of streams, each with its seed. */
export function figuresOf(streams: readonly { readonly seed: number; readonly outcomes: Outcomes }[]): Figures {
  const seeds = streams.map(({ seed, outcomes }) => {
    const { length } = outcomes
    const edge = (tenth: number): number => Math.floor((length * tenth) / TENTHS)
    return {
      seed,
      whole: countOf(outcomes),
      secondHalf: countOf(outcomes, Math.floor(length / 2)),
      tenths: Array.from({ length: TENTHS }, (_, tenth) => countOf(outcomes, edge(tenth), edge(tenth + 1))),
    }
  })
  return {
    seeds,
    whole: meanOf(seeds.map(({ whole }) => sharesOf(whole))),
    secondHalf: meanOf(seeds.map(({ secondHalf }) => sharesOf(secondHalf))),
    worstWrong: Math.max(0, ...seeds.map(({ whole }) => sharesOf(whole).wrong)),
  }
}

function meanOf(shares: readonly Shares[]): Shares {
  const mean = (of: (one: Shares) => number): number =>
    shares.reduce((sum, one) => sum + of(one), 0) / Math.max(1, shares.length)
  return {
    hits: mean(({ hits }) => hits),
    wrong: mean(({ wrong }) => wrong),
    wrongOfAll: mean((one) => one.wrongOfAll),
  }
}

/** Windows over which an error is told after a drift (shorter in a short stream), and how far apart they begin. */
const WINDOW = 1000
const STEP = 100

/** After how many requests since the half every window of the stream keeps the bound; null where none does. */
export function recoveredAfter(outcomes: Outcomes, maxErrorRate: number): number | null {
  const half = Math.floor(outcomes.length / 2)
  const window = Math.min(WINDOW, Math.floor((outcomes.length - half) / 2))
  let recovered: number | null = null
  for (let from = outcomes.length - window; from >= half; from -= STEP) {
    if (sharesOf(countOf(outcomes, from, from + window)).wrong > maxErrorRate) break
    recovered = from - half
  }
  return recovered
}
