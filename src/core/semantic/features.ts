/** What a decision looks at: the answer group that a question seems to belong to, told from its neighbours. No I/O. */
import { type DecisionState, readState, shortName } from './state.ts'
import { disagreements } from './traits.ts'
import type { GroupFacts, GuardKind, Neighbour, Traits } from './types.ts'

/** An answer that may be the question's, too. */
export interface Candidate {
  readonly group: string
  /** Cosine of the group's nearest member. */
  readonly similarity: number
  /** As `FEATURES` names them. */
  readonly features: readonly number[]
  /** In which the question differs from that neighbour of the group from which it differs least. */
  readonly disagreements: readonly GuardKind[]
  /** The other groups among the neighbours, nearest first: an answer unlike the candidate's may be one of theirs. */
  readonly others: readonly string[]
}

/** In this order. Each is scaled to about −2 to 2, so that one prior fits all. */
export const FEATURES = [
  'one',
  'nearest similarity',
  'margin over the nearest other group',
  'log-odds of the vote',
  'mean of the three nearest',
  'share of the neighbours',
  'log of the size',
  'log-odds of being right so far',
  'similarity of the last neighbour',
  'neighbours alone in their group',
] as const

/** How fast a neighbour's vote falls with its distance: by e for 0.05 of cosine. */
const VOTE_STEEPNESS = 20
const VOTE_SMOOTHING = 0.02
const NEAREST_COUNT = 3
/** A group that was wrong of late may have lost its questions to another one, which has few members yet. */
const TRUST_IN_DEBTORS = 0.3

/** The neighbours of one group. */
interface Side {
  readonly group: string
  readonly neighbours: readonly Neighbour[]
  readonly nearest: number
  readonly vote: number
}

/**
 * The group with the most similarity-weighted votes of the neighbours (Dudani's distance-weighted rule, 1976, with an
 * exponential kernel; a vote counts by how often its group was right, and less while the group is in debt). Null
 * without neighbours.
 *
 * @param neighbours most similar first
 */
export function candidateOf(
  neighbours: readonly Neighbour[],
  asked: Traits,
  { groups, state }: { readonly groups: Readonly<Record<string, GroupFacts>>; readonly state: string | null },
): Candidate | null {
  const sides = sidesOf(neighbours, groups, readState(state).debts)
  const [first, ...rest] = sides
  const last = neighbours.at(-1)
  if (first === undefined || last === undefined) return null
  const best = sides.reduce((one, other) => (other.vote > one.vote ? other : one), first)
  const others = [first, ...rest].filter((side) => side !== best)
  const total = sides.reduce((sum, { vote }) => sum + vote, 0)
  const vote = best.vote / total
  const far = last.similarity
  const nearOnes = Array.from({ length: NEAREST_COUNT }, (_, index) => best.neighbours[index]?.similarity ?? far)
  const facts = groups[best.group]
  const alone = neighbours.filter(({ member }) => (groups[member.group]?.members ?? 1) <= 1).length
  const features = [
    1,
    best.nearest * 4 - 3,
    (best.nearest - (others[0]?.nearest ?? far)) * 5,
    Math.log((vote + VOTE_SMOOTHING) / (1 - vote + VOTE_SMOOTHING)) / 2,
    (nearOnes.reduce((sum, value) => sum + value, 0) / NEAREST_COUNT) * 4 - 3,
    (best.neighbours.length / neighbours.length) * 2 - 1,
    Math.log(Math.max(1, facts?.members ?? 1)) / 2,
    Math.log(((facts?.right ?? 0) + 1.5) / ((facts?.wrong ?? 0) + 0.5)) / 2,
    far * 4 - 2,
    (alone / neighbours.length) * 2,
  ]
  return {
    group: best.group,
    similarity: best.nearest,
    features: features.map((value) => Math.round(value * 1000) / 1000),
    disagreements: leastDisagreements(asked, best.neighbours),
    others: others.map(({ group }) => group),
  }
}

/** Groups of the neighbours, nearest first. */
function sidesOf(
  neighbours: readonly Neighbour[],
  groups: Readonly<Record<string, GroupFacts>>,
  debts: DecisionState['debts'],
): Side[] {
  const top = neighbours[0]?.similarity ?? 0
  const byGroup = new Map<string, Neighbour[]>()
  for (const neighbour of neighbours) {
    const { group } = neighbour.member
    const known = byGroup.get(group)
    if (known === undefined) byGroup.set(group, [neighbour])
    else known.push(neighbour)
  }
  return [...byGroup].map(([group, own]) => ({
    group,
    neighbours: own,
    nearest: own[0]?.similarity ?? 0,
    vote:
      trustIn(groups[group]) *
      (debts.has(shortName(group)) ? TRUST_IN_DEBTORS : 1) *
      own.reduce((sum, one) => sum + Math.exp(VOTE_STEEPNESS * (one.similarity - top)), 0),
  }))
}

/** How often a group was right, as far as anybody knows; a new one is trusted. */
function trustIn(facts: GroupFacts | undefined): number {
  const { right = 0, wrong = 0 } = facts ?? {}
  return (right + 1) / (right + wrong + 1)
}

/** One neighbour that says the same is enough: the answer was judged to be its, too. */
function leastDisagreements(asked: Traits, neighbours: readonly Neighbour[]): readonly GuardKind[] {
  let least: readonly GuardKind[] | undefined
  for (const { member } of neighbours) {
    const kinds = disagreements(asked, member.traits)
    if (least === undefined || kinds.length < least.length) least = kinds
    if (least.length === 0) break
  }
  return least ?? []
}
