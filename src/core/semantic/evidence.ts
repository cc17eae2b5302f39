/** What was observed of candidates by their score, and from which score on they keep a bound. No I/O. */
import { probabilityOf } from './logistic.ts'
import { wilsonUpper } from './wilson.ts'

/**
 * Judgements by bands of score. How often a band errs is told by all of its recent observations alike; how many
 * candidates fall into it, by their weights. So a shadow check stands for all the hits that were not checked, and yet
 * does not drown what else is known of its band: with the weights on the judgements themselves, one of them would
 * count as fifty, and no bound could be kept. (Post-stratification: Holt and Smith, JRSS A 142, 1979.)
 */
export interface Evidence {
  /** Candidates that each band stands for, of late. */
  readonly population: readonly number[]
  /** Judgements of each band, and how many of them said wrong; old ones fade. */
  readonly judged: readonly number[]
  readonly wrong: readonly number[]
}

/** A score from which candidates are served, and the error among them. */
export interface Threshold {
  readonly score: number
  readonly errorRate: number
  /** Upper end of Wilson's interval. */
  readonly errorBound: number
}

/** Bands are this wide, in log-odds, from the lowest score that is kept. What is above the last is in it. */
const BAND_WIDTH = 0.25
const SCORE_MIN = 1
const BANDS = 24
/** So many judgements are taken as made already, as the model foresees them: an unseen band is not taken for perfect. */
const FORESEEN = 5
/** Judgements of a band that count; more fade. */
const JUDGED_MAX = 1000
/** Over so many candidates the population of the bands is told. */
const POPULATION_SPAN = 3000
/** A band that stands for less has been left. */
const PRESENT_MIN = 0.5
/** One-sided 87.5 %. */
const CONFIDENCE_Z = 1.15

export const NO_EVIDENCE: Evidence = {
  population: Array.from({ length: BANDS }, () => 0),
  judged: Array.from({ length: BANDS }, () => 0),
  wrong: Array.from({ length: BANDS }, () => 0),
}

/** Takes one judgement of a candidate with this score, which stands for `weight` candidates. */
export function withJudgement(evidence: Evidence, score: number, right: boolean, weight: number): Evidence {
  if (score < SCORE_MIN) return evidence
  const band = Math.min(BANDS - 1, Math.floor((score - SCORE_MIN) / BAND_WIDTH))
  const kept = Math.exp(-weight / POPULATION_SPAN)
  const fade = (evidence.judged[band] ?? 0) >= JUDGED_MAX ? 1 - 1 / JUDGED_MAX : 1
  const at = (values: readonly number[], change: (value: number) => number): number[] =>
    values.map((value, index) => (index === band ? change(value) : value))
  return {
    population: at(
      evidence.population.map((value) => value * kept),
      (value) => value + weight,
    ),
    judged: at(evidence.judged, (value) => value * fade + 1),
    wrong: at(evidence.wrong, (value) => value * fade + (right ? 0 : 1)),
  }
}

/** What was judged counts only so much any more. */
export function faded(evidence: Evidence, share: number): Evidence {
  const fade = (values: readonly number[]): number[] => values.map((value) => value * share)
  return { ...evidence, judged: fade(evidence.judged), wrong: fade(evidence.wrong) }
}

/** The lowest score from which the bound of the error is at most `maxErrorRate`; null where there is none. */
export function thresholdOf(evidence: Evidence, maxErrorRate: number): Threshold | null {
  let lowest: Threshold | null = null
  for (const threshold of thresholdsOf(evidence)) if (threshold.errorBound <= maxErrorRate) lowest = threshold
  return lowest
}

/** The error among candidates from a score on; null where there were none. */
export function errorFrom(evidence: Evidence, score: number): Threshold | null {
  let found: Threshold | null = null
  for (const threshold of thresholdsOf(evidence)) if (threshold.score >= score) found = threshold
  return found
}

/** All thresholds, from the highest down. */
function* thresholdsOf(evidence: Evidence): Generator<Threshold> {
  let candidates = 0
  let errors = 0
  let variance = 0
  for (const { rate, trials, bands } of steadied(ratesOf(evidence))) {
    const before = { candidates, errors }
    let count = 0
    for (const band of bands) {
      count += evidence.population[band] ?? 0
      candidates = before.candidates + count
      // From where nobody came lately nothing is served, however safe it is above.
      if ((evidence.population[band] ?? 0) < PRESENT_MIN) continue
      errors = before.errors + count * rate
      const errorRate = errors / candidates
      // As many equal trials as would tell the rate just as exactly.
      const spread = variance + (count * count * rate * (1 - rate)) / trials
      const effective = (errorRate * (1 - errorRate) * candidates * candidates) / spread
      yield {
        score: SCORE_MIN + band * BAND_WIDTH,
        errorRate,
        errorBound: wilsonUpper(errorRate, effective, CONFIDENCE_Z),
      }
    }
    variance += (count * count * rate * (1 - rate)) / trials
  }
}

/** Neighbouring bands that are told together. */
interface Block {
  readonly rate: number
  readonly trials: number
  /** The highest first. */
  readonly bands: readonly number[]
}

/** Each band by itself, the highest first. */
function ratesOf({ judged, wrong }: Evidence): Block[] {
  return Array.from({ length: BANDS }, (_, index) => {
    const band = BANDS - 1 - index
    const trials = (judged[band] ?? 0) + FORESEEN
    const foreseen = probabilityOf(-(SCORE_MIN + (band + 0.5) * BAND_WIDTH))
    return { rate: ((wrong[band] ?? 0) + FORESEEN * foreseen) / trials, trials, bands: [band] }
  })
}

/**
 * A higher score is never less safe: bands that seem to say so are told together (pool adjacent violators: Ayer et al.,
 * Annals of Mathematical Statistics 26, 1955). So chance in one band neither opens nor shuts a threshold.
 */
function steadied(blocks: readonly Block[]): Block[] {
  const pooled: Block[] = []
  for (const block of blocks) {
    let last = block
    for (let before = pooled.at(-1); before !== undefined && before.rate > last.rate; before = pooled.at(-1)) {
      pooled.pop()
      const trials = before.trials + last.trials
      const rate = (before.rate * before.trials + last.rate * last.trials) / trials
      last = { rate, trials, bands: [...before.bands, ...last.bands] }
    }
    pooled.push(last)
  }
  return pooled
}
