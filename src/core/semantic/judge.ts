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
 * The cut between the pairs that say the same and those that do not: where the variance between the two sides is
 * largest (Otsu, IEEE Trans. SMC 9, 1979), within what is safe. Of equals the highest.
 */
export function cutOf(cosines: readonly number[]): number {
  const total = cosines.reduce((sum, count) => sum + count, 0)
  if (total < COSINES_MIN) return CUT_MAX
  const mean = cosines.reduce((sum, count, band) => sum + count * centreOf(band), 0) / total
  let best = { between: 0, cut: CUT_MAX }
  let below = 0
  let sum = 0
  for (const [band, count] of cosines.entries()) {
    below += count
    sum += count * centreOf(band)
    if (below === 0 || below >= total) continue
    const between = (mean * below - sum) ** 2 / (below * (total - below))
    if (between >= best.between) best = { between, cut: (band + 1) / BANDS }
  }
  return Math.max(CUT_MIN, Math.min(CUT_MAX, best.cut))
}

const centreOf = (band: number): number => (band + 0.5) / BANDS
