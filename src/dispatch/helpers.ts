/** Models that help recall: the deployment's embedder, and the judge of a model's answers. Asked as any other is. */
import type { Config } from '../core/config.ts'
import type { InferenceRequest, Operation } from '../core/inference.ts'
import { EMBED_MS, JUDGE_MS } from '../core/recall/limits.ts'
import type { Model } from '../core/snapshot.ts'
import type { Embedder, Judge } from '../recall/types.ts'
import type { Plan } from '../route/route.ts'
import { dispatch } from './dispatch.ts'
import { type EmbedServices, modelEmbedder, workersAiEmbedder } from './embed.ts'
import { modelJudge } from './judge.ts'

/** Whoever helps recall with one request; null where the config names nobody who can. */
export interface Helpers {
  readonly embedder: Embedder | null
  readonly judge: Judge | null
}

/** Asks a model something of our own, and answers with the whole reply's JSON text; null where it has none. */
export type Asked = (body: Readonly<Record<string, unknown>>, signal?: AbortSignal) => Promise<string | null>

interface Deployment {
  readonly config: Pick<Config, 'embedder'>
  readonly models: ReadonlyMap<string, Model>
}

const NONE: Helpers = { embedder: null, judge: null }
const NOBODY = new AbortController().signal

/**
 * The helpers of a model whose policy recalls by meaning. `plan` orders an alias's targets for a request. What they cost
 * is the operator's: no tenant is charged for it.
 */
export function helpersOf(
  services: EmbedServices,
  { config, models }: Deployment,
  model: Model,
  plan: (request: InferenceRequest, model: Model) => Plan,
): Helpers {
  const semantic = model.config.cache?.semantic
  if (semantic?.enabled !== true || config.embedder === undefined) return NONE
  const asking = (alias: string, operation: Operation, timeoutMs: number, isFirstOnly: boolean): Asked | null => {
    const helper = models.get(alias)
    if (helper === undefined) return null
    return async (body, signal = NOBODY) => {
      const request = requestOf(services.clock.now(), alias, operation, timeoutMs, body)
      const planned = plan(request, helper)
      if (planned.kind !== 'plan') return null
      const { candidates } = planned
      const few = isFirstOnly ? candidates.filter(({ target }) => target === helper.targets[0]) : candidates
      const outcome = await dispatch(services, request, { ...planned, candidates: few }, signal)
      if (outcome.kind !== 'whole') return null
      return typeof outcome.body === 'string' ? outcome.body : new TextDecoder().decode(outcome.body)
    }
  }
  return {
    embedder:
      'workersAi' in config.embedder
        ? workersAiEmbedder(services, config.embedder.workersAi)
        : // Vectors of other targets would not compare: only the first is asked.
          modelEmbedder(models.get(config.embedder.model), asking(config.embedder.model, 'embeddings', EMBED_MS, true)),
    judge:
      semantic.judge === undefined
        ? null
        : modelJudge(semantic.judge.model, asking(semantic.judge.model, 'chat', JUDGE_MS, false)),
  }
}

function requestOf(
  startedAtMs: number,
  alias: string,
  operation: Operation,
  timeoutMs: number,
  body: Readonly<Record<string, unknown>>,
): InferenceRequest {
  const chars = JSON.stringify(body).length
  return {
    requestId: crypto.randomUUID(),
    startedAtMs,
    operation,
    alias,
    body: { model: alias, ...body },
    bodyBytes: chars,
    bodyChars: chars,
    stream: false,
    wantsUsage: false,
    timeoutMs,
    firstTokenMs: undefined,
    maxWaitMs: undefined,
    user: undefined,
    cacheMode: undefined,
    cacheTtlSeconds: undefined,
    debug: false,
    traceparent: undefined,
  }
}
