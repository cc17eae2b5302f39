/** Wilson's score interval of a share that was measured on a sample. No I/O. */

/**
 * The upper end: the true share is above it with a probability of `z`'s one-sided tail (1.645: 5 %). `trials` may be
 * an effective number, as of weighted observations. 1 where nothing was tried.
 *
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
 */
export function wilsonUpper(share: number, trials: number, z: number): number {
  if (trials <= 0) return 1
  const square = z * z
  const spread = z * Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials))
  return Math.min(1, (share + square / (2 * trials) + spread) / (1 + square / trials))
}
