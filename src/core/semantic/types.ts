/** Words of semantic recall: traits of a question, neighbours, observations, how a route stands. Plain data. No I/O. */

/** Ways in which two questions can differ though their embeddings are alike. */
export const GUARDS = [
  'number',
  'unit',
  'date',
  'negation',
  'direction',
  'antonym',
  'entity',
  'quote',
  'code',
  'language',
  'question',
] as const

export type GuardKind = (typeof GUARDS)[number]

/**
 * What the guards look at of a question: for each kind the normalised tokens found, sorted, each once; a kind without
 * any is absent. As stored, every token is a keyed hash (8 characters), so that no row holds a word of a prompt.
 */
export type Traits = Readonly<Partial<Record<GuardKind, readonly string[]>>>

/** A question whose answer is known, as a vector index keeps it. */
export interface Member {
  /** Unique within its space: the key of the question's own recorded reply. */
  readonly id: string
  /** The answer group it belongs to, named by the key of the reply that founded it. */
  readonly group: string
  readonly traits: Traits
  readonly atMs: number
  /** When the group's answer expires. */
  readonly expiresAtMs: number
  readonly knowledgeVersion: string | null
}

/** Where vectors are compared: only within one space. */
export interface VectorSpace {
  /** Alias. */
  readonly route: string
  /** Which model made the vectors, and their length: `embed-small/all-MiniLM-L6-v2/384`. */
  readonly encoder: string
  /** Keyed hash of everything in the request but its last user turn. */
  readonly scope: string
}

/** A stored question near the asked one. */
export interface Neighbour {
  readonly member: Member
  /** Cosine, −1 to 1. */
  readonly similarity: number
}

/** What was observed of one answer group. */
export interface GroupFacts {
  /** Questions known to have this answer. */
  readonly members: number
  /** Judgements of candidates from it, weighted: how many were right, and how many wrong. */
  readonly right: number
  readonly wrong: number
}

/** One judged candidate: would a hit have been right? */
export interface Observation {
  readonly group: string
  /** As `featuresOf` made them. */
  readonly features: readonly number[]
  /** Guards that disagreed. */
  readonly disagreements: readonly GuardKind[]
  readonly right: boolean
  /** 1, or 1/share of a shadow check of a would-be hit. */
  readonly weight: number
  /** Cosine of the two answers' embeddings, where it took them to judge: the judge's cut is learned from it. */
  readonly answerCosine?: number | undefined
  readonly atMs: number
}

/** A route's id: what is learned is learned per tenant and of this. */
export interface RouteId {
  readonly route: string
  readonly encoder: string
}

/** How a route stands, for operators. */
export interface RouteView extends RouteId {
  readonly observations: number
  /** Score from which candidates are served; null: none yet, or none that keeps the bound. */
  readonly threshold: number | null
  readonly maxErrorRate: number
  /** Measured error among would-be hits, and its upper Wilson bound; null before anything was measured. */
  readonly errorRate: number | null
  readonly errorBound: number | null
  readonly vectors: number
  readonly groups: number
}
