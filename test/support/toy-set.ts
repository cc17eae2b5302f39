/** A small labelled set with vectors that tell its labels apart, and stores in memory to stream it through. */
import type { Utterance } from '../../scripts/eval/data.ts'
import { seeded } from '../../scripts/mutants/pick.ts'
import { learn } from '../../src/core/semantic/decision.ts'
import type { GroupFacts, Neighbour } from '../../src/core/semantic/types.ts'
import type { MeaningServices } from '../../src/recall/meaning.ts'

export const TOY_DIMENSIONS = 32

/** Utterances like "topic3 variant17", so many of each label, and vectors around a centre for each label. */
export function toySet(labels: number, each: number): { readonly utterances: Utterance[]; readonly csv: string } {
  const utterances = Array.from({ length: labels * each }, (_, index) => ({
    text: `topic${index % labels} variant${String.fromCharCode(97 + (index % 26))}${index}`,
    label: `topic${index % labels}`,
  }))
  return { utterances, csv: ['text,label', ...utterances.map(({ text, label }) => `${text},${label}`), ''].join('\n') }
}

/** The vector of an utterance: its label's centre, and a little of its own. */
export function toyVector(text: string): number[] {
  const [topic = '', own = ''] = text.split(' ')
  const centre = randomVector(topic)
  const noise = randomVector(own)
  const vector = centre.map((value, index) => value + 0.25 * (noise[index] ?? 0))
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function randomVector(word: string): number[] {
  const random = seeded([...word].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7))
  const vector = Array.from({ length: TOY_DIMENSIONS }, () => random() - 0.5)
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

/** The nearest by looking at all of them, and one route's state. */
export function toyStores(): Omit<MeaningServices, 'random'> {
  const rows: (Pick<Neighbour, 'member'> & { readonly vector: Float32Array })[] = []
  const groups: Record<string, GroupFacts> = {}
  let state: string | null = null
  return {
    vectorIndex: {
      async nearest(_, __, vector, count) {
        const near = rows.map(({ member, vector: own }) => ({
          member,
          similarity: own.reduce((sum, value, index) => sum + value * (vector[index] ?? 0), 0),
        }))
        near.sort((one, other) => other.similarity - one.similarity)
        return { neighbours: near.slice(0, count), facts: { state, groups } }
      },
      async add(_, __, member, vector) {
        rows.push({ member, vector })
      },
    },
    semanticRoutes: {
      look: async () => ({ state, groups }),
      async learn(_, __, maxErrorRate, observations, joined) {
        state = learn(state, observations, maxErrorRate).state
        if (joined === null) return
        const known = groups[joined] ?? { members: 0, right: 0, wrong: 0 }
        groups[joined] = { ...known, members: known.members + 1 }
      },
    },
  }
}
