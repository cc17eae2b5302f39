/** What a route has learned, and the text in which its store keeps it. No I/O. */
import { type Evidence, NO_EVIDENCE } from './evidence.ts'
import type { LogisticModel } from './logistic.ts'
import { PRIOR } from './prior.ts'
import type { GuardKind } from './types.ts'

export interface DecisionState {
  readonly observations: number
  readonly model: LogisticModel
  /** Of candidates that nothing but their score keeps from being served. */
  readonly evidence: Evidence
  /** Of candidates with a disagreement, by its kind. */
  readonly kinds: Readonly<Partial<Record<GuardKind, Evidence>>>
  /** The last threshold there was. Null: none yet, or none since a drift was found. */
  readonly served: number | null
  /** How much the latest would-be hits that were asked speak for a drift; 0: not at all. */
  readonly suspicion: number
  /** Groups of which a would-be hit was wrong → right judgements until they are served again. The latest last. */
  readonly debts: ReadonlyMap<string, number>
  /** Groups that were right since a drift was found, the latest last: only they are served. Null: there was none. */
  readonly proved: ReadonlySet<string> | null
  /** Cosines of judged answers that differ in their text, by bands; empty before there was one. */
  readonly cosines: readonly number[]
  /** At the last observation, for who looks at the route. */
  readonly threshold: number | null
  readonly errorRate: number | null
  readonly errorBound: number | null
}

/** Another form of the text is not read: the route starts again. */
const FORM = 1
const DIGITS = 6
const GROUP_CHARS = 8

export const NEW_STATE: DecisionState = {
  observations: 0,
  model: PRIOR,
  evidence: NO_EVIDENCE,
  kinds: {},
  served: null,
  suspicion: 0,
  debts: new Map(),
  proved: null,
  cosines: [],
  threshold: null,
  errorRate: null,
  errorBound: null,
}

/** A group as the state names it: names are keyed hashes, and of those the first characters tell them apart. */
export function shortName(group: string): string {
  return group.slice(0, GROUP_CHARS)
}

/** The text that was read last: a look-up reads the same one more than once. */
let latest: { readonly text: string; readonly state: DecisionState } | undefined

/** A new state where there is none that can be read. */
export function readState(text: string | null): DecisionState {
  if (text === null) return NEW_STATE
  if (latest?.text === text) return latest.state
  const { form, debts, proved, ...rest } = parsed(text)
  if (form !== FORM) return NEW_STATE
  const state: DecisionState = { ...rest, debts: new Map(debts), proved: proved === null ? null : new Set(proved) }
  latest = { text, state }
  return state
}

function parsed(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}

/** At most 64 KB, whatever was observed. */
export function writeState(state: DecisionState): string {
  const { debts, proved, ...rest } = state
  const plain = { form: FORM, ...rest, debts: [...debts], proved: proved === null ? null : [...proved] }
  return JSON.stringify(plain, (_, value) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(DIGITS)) : value,
  )
}
