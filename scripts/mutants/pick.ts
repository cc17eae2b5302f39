/** Chooses mutants: the same seed over the same sources gives the same ones. No I/O. */
import type { Mutant, Target } from './sites.ts'

/** Uniform in [0, 1) (mulberry32): small, seedable, and good enough to choose by. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** So many functions at random, none twice, and one mutant of each: a kind at random, then a place. */
export function pick(targets: readonly Target[], count: number, random: () => number): Mutant[] {
  const left = [...targets]
  const picked: Mutant[] = []
  while (picked.length < count && left.length > 0) {
    const [target] = left.splice(Math.floor(random() * left.length), 1)
    const kind = oneOf([...new Set(target?.mutants.map((mutant) => mutant.kind))], random)
    const mutant = oneOf(target?.mutants.filter((one) => one.kind === kind) ?? [], random)
    if (mutant !== undefined) picked.push(mutant)
  }
  return picked
}

function oneOf<T>(values: readonly T[], random: () => number): T | undefined {
  return values[Math.floor(random() * values.length)]
}
