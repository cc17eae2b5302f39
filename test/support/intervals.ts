/** What closed intervals of time hold for certain: the check that no limit over a window was passed. No I/O. */

/** Something that happened at a moment nobody saw: not before the one, not after the other. */
export interface Happened {
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly units: number
}

/**
 * The most units that some closed interval so long holds for certain. On a busy machine it sees less and still accuses
 * nobody wrongly. Tries every interval that begins with an event: slow, and plainly right.
 */
export function mostWithin(events: readonly Happened[], perMs: number): number {
  const sums = events.map(({ notBeforeMs }) =>
    events
      .filter((event) => event.notBeforeMs >= notBeforeMs && event.notAfterMs <= notBeforeMs + perMs)
      .reduce((sum, { units }) => sum + units, 0),
  )
  return Math.max(0, ...sums)
}
