/** Are two answers the same? By their texts, else by the cosine of their embeddings, with a cut that a route learns. No I/O. */

/** Numbers with their sign and separators; words; symbols. What is between is no part of an answer. */
const PARTS = /[-−]?\p{N}+(?:[.,:/-]\p{N}+)*|[\p{L}\p{M}]+|\p{S}|%/gu

/** Below, an answer is another one, and above the same, whatever was learned. */
const CUT_MIN = 0.85
const CUT_MAX = 0.97
/** Until so many cosines are known. */
const COSINES_MIN = 100
/** Cosines by bands from 0 to 1; with more, the old ones fade. */
const BANDS = 40
const COSINES_MAX = 2000
/** So many of the lower peak's pairs may lie in a valley. */
const VALLEY_MAX = 0.3

/** The same to the letter, but for case, white space, punctuation and the forms of characters (Unicode NFKC). */
export function equalAnswers(one: string, other: string): boolean {
  return one === other || normalised(one) === normalised(other)
}

/** Text without any part at all stays as it is: two of those are not the same for having nothing. */
function normalised(text: string): string {
  const parts = text.normalize('NFKC').toLowerCase().match(PARTS)
  return parts === null ? text.trim() : parts.join(' ')
}

/** Takes the cosine of a judged pair of answers that differ in their text. */
export function withCosine(cosines: readonly number[], cosine: number): readonly number[] {
  const total = cosines.reduce((sum, count) => sum + count, 0)
  const kept = total >= COSINES_MAX ? 1 - 1 / COSINES_MAX : 1
  const at = Math.max(0, Math.min(BANDS - 1, Math.floor(cosine * BANDS)))
  return Array.from({ length: BANDS }, (_, band) => (cosines[band] ?? 0) * kept + (band === at ? 1 : 0))
}

/**
 * The cut between the pairs that say the same and those that do not. Where the variance between two sides is largest
 * (Otsu, IEEE Trans. SMC 9, 1979) there are two sides in any cosines; only where few lie between their peaks are there
 * two kinds of pairs, and the cut is the valley. Else it is the strictest: a judge that takes others for the same is
 * wrong where nobody sees it.
 */
export function cutOf(cosines: readonly number[]): number {
  const total = cosines.reduce((sum, count) => sum + count, 0)
  if (total < COSINES_MIN) return CUT_MAX
  const split = splitOf(cosines, total)
  const smooth = cosines.map((count, band) => ((cosines[band - 1] ?? 0) + count + (cosines[band + 1] ?? 0)) / 3)
  const low = peakOf(cosines, 0, split)
  const high = peakOf(cosines, split, BANDS)
  let valley = low
  for (let band = low; band <= high; band++) if ((smooth[band] ?? 0) <= (smooth[valley] ?? 0)) valley = band
  const isValley = (smooth[valley] ?? 0) <= VALLEY_MAX * Math.min(smooth[low] ?? 0, smooth[high] ?? 0)
  return isValley ? Math.max(CUT_MIN, Math.min(CUT_MAX, (valley + 1) / BANDS)) : CUT_MAX
}

/** The first band of the upper side. */
function splitOf(cosines: readonly number[], total: number): number {
  const mean = cosines.reduce((sum, count, band) => sum + count * band, 0) / total
  let best = { between: 0, split: 0 }
  let below = 0
  let sum = 0
  for (const [band, count] of cosines.entries()) {
    below += count
    sum += count * band
    if (below === 0 || below >= total) continue
    const between = (mean * below - sum) ** 2 / (below * (total - below))
    if (between > best.between) best = { between, split: band + 1 }
  }
  return best.split
}

function peakOf(counts: readonly number[], from: number, to: number): number {
  let peak = from
  for (let band = from; band < to; band++) if ((counts[band] ?? 0) > (counts[peak] ?? 0)) peak = band
  return peak
}
