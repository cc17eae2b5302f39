/** Vectors of texts by the deployment's embedder: an ordinary model alias, or Workers AI. */
import { parseJson } from '../core/chat-wire.ts'
import { field, isObject, items } from '../core/loose.ts'
import { EMBED_MS } from '../core/recall/limits.ts'
import type { Model } from '../core/snapshot.ts'
import { withDeadline } from '../lib/clock.ts'
import type { Embedder } from '../recall/types.ts'
import type { DispatchServices } from './dispatch.ts'
import type { Asked } from './helpers.ts'

/** What it needs of the services. */
export interface EmbedServices extends DispatchServices {
  /** The Workers AI binding, where there is one. */
  readonly workersAi: ((model: string, texts: readonly string[]) => Promise<unknown>) | undefined
}

/** By a model of the config; null where there is none. */
export function modelEmbedder(model: Model | undefined, ask: Asked | null): Embedder | null {
  if (model === undefined || ask === null) return null
  return {
    id: `${model.alias}/${model.targets[0]?.id ?? ''}`,
    async embed(texts, signal) {
      const reply = await ask({ input: texts }, signal)
      return reply === null ? null : vectorsIn(parseJson(reply), texts.length)
    },
  }
}

/** By Workers AI; null where this Worker has no binding to it. */
export function workersAiEmbedder(
  { workersAi, clock }: Pick<EmbedServices, 'workersAi' | 'clock'>,
  model: string,
): Embedder | null {
  if (workersAi === undefined) return null
  return {
    id: `workers-ai/${model}`,
    async embed(texts) {
      try {
        const late = (): Error => new Error('Workers AI did not answer in time')
        const answer = await withDeadline(clock, EMBED_MS, workersAi(model, texts), late)
        return unitVectors(field(answer, 'data'), texts.length)
      } catch {
        return null
      }
    },
  }
}

/** Of OpenAI's list, in the order of its indexes. */
function vectorsIn(reply: unknown, count: number): readonly Float32Array[] | null {
  const ordered = items(field(reply, 'data'))
    .filter(isObject)
    .sort((left, right) => Number(left.index) - Number(right.index))
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
