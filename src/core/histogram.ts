/** A mergeable histogram with logarithmic buckets. No I/O. */

/*
 * Quantiles are within 1 % of the true value, whatever is merged with what in which order. DDSketch without its collapsing store, since durations have a bound: Masson, Rim, Lee,
 * "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees", PVLDB 12(12), 2019.
 */

/** Bucket → count. Plain data; buckets are whole numbers ≥ 0, so that an engine keeps them in order. */
export type Histogram = Record<number, number>

/** Relative error. */
const ALPHA = 0.01
const GAMMA = (1 + ALPHA) / (1 - ALPHA)
const LOG_GAMMA = Math.log(GAMMA)
/** Values under this count as 0, and share bucket 0. */
const SMALLEST = 0.01
/** Shifts the bucket of SMALLEST to 1. */
const OFFSET = 1 - Math.ceil(Math.log(SMALLEST) / LOG_GAMMA)
/** Values above this share the last bucket; a hundred days in ms. */
const LARGEST = 8.64e9

/** Counts one value. Changes the histogram in place. */
export function addValue(histogram: Histogram, value: number): void {
  const bucket = bucketOf(value)
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
}

/** Adds the counts of another histogram. Changes the first in place. */
export function mergeHistogram(into: Histogram, from: Histogram): void {
  for (const [bucket, count] of entries(from)) into[bucket] = (into[bucket] ?? 0) + count
}

/** The value at a quantile in (0, 1] by nearest rank; null when nothing was counted. */
export function quantile(histogram: Histogram, share: number): number | null {
  const buckets = entries(histogram)
  const total = buckets.reduce((sum, [, count]) => sum + count, 0)
  let rest = Math.max(1, Math.ceil(share * total))
  for (const [bucket, count] of buckets) {
    rest -= count
    if (rest <= 0) return middleOf(bucket)
  }
  return null
}

function bucketOf(value: number): number {
  if (!(value >= SMALLEST)) return 0
  return Math.ceil(Math.log(Math.min(value, LARGEST)) / LOG_GAMMA) + OFFSET
}

/** The value with the least relative error to both ends of a bucket. */
function middleOf(bucket: number): number {
  return bucket === 0 ? 0 : (2 * GAMMA ** (bucket - OFFSET)) / (GAMMA + 1)
}

function entries(histogram: Histogram): [number, number][] {
  return Object.entries(histogram).map(([bucket, count]) => [Number(bucket), count])
}
