/** Vectors of texts by the deployment's embedder: an ordinary model alias, or Workers AI. */

import { parseJson } from '../core/chat-wire.ts'
import type { Config } from '../core/config.ts'
import type { InferenceRequest } from '../core/inference.ts'
import { isObject } from '../core/loose.ts'
import { EMBED_MS } from '../core/recall/limits.ts'
import type { Model } from '../core/snapshot.ts'
import { withDeadline } from '../lib/clock.ts'
import type { Embedder } from '../recall/types.ts'
import type { Candidate, Plan } from '../route/route.ts'
import { type DispatchServices, dispatch } from './dispatch.ts'

/** What it needs of the services. */
export interface EmbedServices extends DispatchServices {
  /** The Workers AI binding, where there is one. */
  readonly workersAi: ((model: string, texts: readonly string[]) => Promise<unknown>) | undefined
}

const NOBODY = new AbortController().signal

/**
 * The embedder that the config names; null where it names none that can be called. `plan` orders an alias's targets for
 * a request. What it costs is the operator's: no tenant is charged for it.
 */
export function embedderOf(
  services: EmbedServices,
  { config, models }: { readonly config: Config; readonly models: ReadonlyMap<string, Model> },
  plan: (request: InferenceRequest, model: Model) => Plan,
): Embedder | null {
  const { embedder } = config
  if (embedder === undefined) return null
  if ('workersAi' in embedder) return workersAiEmbedder(services, embedder.workersAi)
  const model = models.get(embedder.model)
  if (model === undefined) return null
  return {
    // Vectors of other targets would not compare: only the first is asked.
    id: `${model.alias}/${model.targets[0]?.id ?? ''}`,
    async embed(texts, signal = NOBODY) {
      const request = requestOf(services, model.alias, texts)
      const planned = plan(request, model)
      const first = planned.kind === 'plan' ? planned.candidates.filter((one) => isFirst(one, model)) : []
      if (first.length === 0) return null
      const outcome = await dispatch(services, request, { model, candidates: first }, signal)
      if (outcome.kind !== 'whole') return null
      const { body } = outcome
      return vectorsIn(parseJson(typeof body === 'string' ? body : new TextDecoder().decode(body)), texts.length)
    },
  }
}

const isFirst = ({ target }: Candidate, model: Model): boolean => target === model.targets[0]

function workersAiEmbedder({ workersAi, clock }: EmbedServices, model: string): Embedder | null {
  if (workersAi === undefined) return null
  return {
    id: `workers-ai/${model}`,
    async embed(texts) {
      try {
        const late = (): Error => new Error('Workers AI did not answer in time')
        const answer = await withDeadline(clock, EMBED_MS, workersAi(model, texts), late)
        return isObject(answer) ? unitVectors(answer.data, texts.length) : null
      } catch {
        return null
      }
    },
  }
}

function requestOf(services: EmbedServices, alias: string, texts: readonly string[]): InferenceRequest {
  const body = { model: alias, input: texts }
  const chars = texts.reduce((sum, text) => sum + text.length, 0)
  return {
    requestId: crypto.randomUUID(),
    startedAtMs: services.clock.now(),
    operation: 'embeddings',
    alias,
    body,
    bodyBytes: chars,
    bodyChars: chars,
    stream: false,
    wantsUsage: false,
    timeoutMs: EMBED_MS,
    firstTokenMs: undefined,
    maxWaitMs: undefined,
    user: undefined,
    cacheMode: undefined,
    cacheTtlSeconds: undefined,
    debug: false,
    traceparent: undefined,
  }
}

/** Of OpenAI's list, in the order of its indexes. */
function vectorsIn(reply: unknown, count: number): readonly Float32Array[] | null {
  const data = isObject(reply) && Array.isArray(reply.data) ? reply.data : []
  const ordered = data.filter(isObject).sort((left, right) => Number(left.index) - Number(right.index))
  return unitVectors(
    ordered.map(({ embedding }) => embedding),
    count,
  )
}

/** Null unless there is one for each text, of numbers, of one length, and none of them nothing. */
function unitVectors(rows: unknown, count: number): readonly Float32Array[] | null {
  if (!Array.isArray(rows) || rows.length !== count) return null
  const vectors = rows.flatMap((row: unknown): Float32Array[] => {
    if (!Array.isArray(row) || row.length === 0) return []
    const vector = Float32Array.from(row, Number)
    const length = Math.hypot(...vector)
    return Number.isFinite(length) && length > 0 ? [vector.map((value) => value / length)] : []
  })
  return vectors.length === count && vectors.every((one) => one.length === vectors[0]?.length) ? vectors : null
}
