/** What is drawn at random of a run, each by its seed: the stream's order, and the labels whose answer changes. No I/O. */
import { seeded } from '../mutants/pick.ts'
import type { Utterance } from './data.ts'

/** Drawn from another sequence than the order. */
const DRIFT_SEED = 0x5eed

/** So many of `size` places, at random and none twice (Fisher and Yates). */
export function chosen(size: number, count: number, seed: number): number[] {
  const random = seeded(seed)
  const places = Array.from({ length: size }, (_, place) => place)
  for (let left = size; left > 1; left--) {
    const one = Math.floor(random() * left)
    const last = places[left - 1] ?? 0
    places[left - 1] = places[one] ?? 0
    places[one] = last
  }
  return places.slice(0, count)
}

/** A share of the labels. */
export function changedLabels(utterances: readonly Utterance[], share: number, seed: number): ReadonlySet<string> {
  const labels = [...new Set(utterances.flatMap(({ label }) => (label === null ? [] : [label])))].sort()
  const places = chosen(labels.length, Math.round(labels.length * share), seed ^ DRIFT_SEED)
  return new Set(places.map((place) => labels[place] ?? ''))
}

/** The answer to an utterance: its label, another one once that has changed, or one of its own. */
export function answerOf({ label }: Utterance, place: number, changed: ReadonlySet<string>): string {
  if (label === null) return `of ${place} alone`
  return changed.has(label) ? `changed ${label}` : label
}
