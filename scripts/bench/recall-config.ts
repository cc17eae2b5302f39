/** The config of the recall lane: one alias a way to be answered. No I/O. */
import { modelOf } from './body.ts'
import { VECTORS_MODEL, WORDS_MODEL } from './recall-body.ts'
import { type BenchConfig, configOf, modelAt } from './sluice.ts'

const fixed = modelAt(modelOf(200))
const words = modelAt(WORDS_MODEL)

/** Alias → model. `plain` is the run without recall; `lead` takes a lease with every look-up. */
const MODELS = {
  plain: fixed,
  exact: { ...fixed, cache: { exact: true } },
  lead: { ...fixed, cache: { exact: true, coalesce: 'wait' } },
  distinct: { ...words, cache: { exact: true } },
  means: { ...words, cache: { exact: true, semantic: { enabled: true } } },
  embed: modelAt(VECTORS_MODEL),
} as const

/** A model of the lane. */
export type RecallAlias = Exclude<keyof typeof MODELS, 'embed'>

/** Provider, limits and prices as in the other lanes. */
export function recallConfigOf(upstream: string): BenchConfig {
  return { ...configOf(upstream), models: MODELS, embedder: { model: 'embed' } }
}
