/** Who may answer a request: the filter, the order, and the refusals. */
import { describe, expect, it } from 'vitest'
import type { ConfigDocument } from '../../src/core/config.ts'
import type { InferenceRequest, Operation } from '../../src/core/inference.ts'
import { DEAD_CREDENTIAL_MS, OUTPUT_TOKENS_ASSUMED_MAX } from '../../src/core/limits.ts'
import { TargetHealth } from '../../src/core/target-health.ts'
import type { Caller } from '../../src/core/tenant.ts'
import { route, type Terms } from '../../src/route/route.ts'
import { callerOf, deploymentOf, requestOf, STARTED_AT_MS, sealed } from '../support/path.ts'

type Document = { models: NonNullable<ConfigDocument['models']> } & ConfigDocument

const DOCUMENT: Document = {
  providers: {
    gpu: { protocol: 'openai', baseUrl: 'https://gpu.example/v1' },
    cloud: { protocol: 'openai', baseUrl: 'https://cloud.example/v1', credential: 'cloud' },
    claude: { protocol: 'anthropic', credential: 'claude' },
  },
  models: {
    model: {
      targets: [
        { provider: 'gpu', model: 'a', contextWindow: 1000 },
        { provider: 'cloud', model: 'b', contextWindow: 8000 },
        { provider: 'claude', model: 'c' },
      ],
    },
    bridged: { targets: [{ provider: 'claude', model: 'c' }] },
    alone: { targets: [{ provider: 'cloud', model: 'b', contextWindow: 10 }] },
  },
}
const ALL = { cloud: 'cloud-value', claude: 'claude-value' }
const protocols = (operations: Readonly<Record<string, readonly Operation[]>>) =>
  new Map(
    Object.entries(operations).map(([name, list]) => {
      const natives = name === 'anthropic' ? (['messages'] as const) : (['responses'] as const)
      return [name, { operations: list, natives }] as const
    }),
  )

function routed(
  options: {
    document?: Document
    credentials?: Record<string, string>
    caller?: Caller
    request?: Partial<InferenceRequest>
    health?: TargetHealth
    random?: () => number
    terms?: Terms
  } = {},
) {
  const services = {
    health: options.health ?? new TargetHealth(),
    providers: protocols({ openai: ['chat', 'completions', 'embeddings'], anthropic: ['chat'] }),
    clock: { now: () => STARTED_AT_MS },
    random: options.random ?? (() => 0.5),
  }
  const deployment = deploymentOf(options.document ?? DOCUMENT, options.credentials ?? ALL)
  const request = requestOf(options.request)
  const model = deployment.models.get(request.alias)
  if (model === undefined) throw new Error(`no model ${request.alias}`)
  return route(services, deployment, options.caller ?? callerOf(), request, model, options.terms)
}

/** The targets of a plan in order; fails when there is none. */
function planned(options: Parameters<typeof routed>[0] = {}): string[] {
  const plan = routed(options)
  if (plan.kind !== 'plan') throw new Error(`refused: ${plan.refusal.code}`)
  return plan.candidates.map(({ target }) => target.id)
}

/** Identity of the credentials that a target is called with. */
function identityOf(id: string, options: Parameters<typeof routed>[0] = {}): string {
  const plan = routed(options)
  if (plan.kind !== 'plan') throw new Error('refused')
  return plan.candidates.find(({ target }) => target.id === id)?.credentials.identity ?? ''
}

describe('refusals', () => {
  it('an operation that no target serves is the fault of the model named', () => {
    expect(routed({ request: { alias: 'bridged', operation: 'embeddings' } })).toMatchObject({
      kind: 'refused',
      outcome: 'refused',
      refusal: { code: 'invalid_request', status: 400, param: 'model' },
    })
  })

  it('no usable credential is a failure, not the doing of the caller', () => {
    const plan = routed({ request: { alias: 'alone' }, credentials: {} })
    expect(plan).toMatchObject({
      kind: 'refused',
      outcome: 'failed',
      refusal: { code: 'upstream_failed', status: 502 },
    })
  })
})

describe('the filter', () => {
  it('leaves all targets that can answer, in order, with their credentials', () => {
    expect(planned()).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
    const plan = routed()
    expect(plan.kind === 'plan' && plan.candidates[1]?.credentials.primary?.name).toBe('cloud')
    expect(plan.kind === 'plan' && plan.model.alias).toBe('model')
  })

  it('drops targets whose protocol does not speak the operation, or is not there at all', () => {
    expect(planned({ request: { operation: 'embeddings' } })).toEqual(['gpu/a', 'cloud/b'])
    const document = { ...DOCUMENT, providers: { ...DOCUMENT.providers, gpu: { protocol: 'unheard-of' } } }
    expect(planned({ document })).toEqual(['cloud/b', 'claude/c'])
  })

  it('drops targets that lack a credential', () => {
    expect(planned({ credentials: { claude: 'v' } })).toEqual(['gpu/a', 'claude/c'])
  })

  it('drops targets whose credential was refused, until its time is over', () => {
    const health = new TargetHealth()
    health.markDead(identityOf('cloud/b'), STARTED_AT_MS - DEAD_CREDENTIAL_MS + 1)
    expect(planned({ health })).toEqual(['gpu/a', 'claude/c'])
    const healed = new TargetHealth()
    healed.markDead(identityOf('cloud/b'), STARTED_AT_MS - DEAD_CREDENTIAL_MS)
    expect(planned({ health: healed })).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
  })

  it("takes a target from nobody else when one tenant's own credential is dead", () => {
    const withOwn = (fallbackToOperator: boolean) =>
      callerOf({ credentials: { cloud: { record: sealed('bad'), fallbackToOperator } } })
    const health = new TargetHealth()
    health.markDead(identityOf('cloud/b', { caller: withOwn(false) }), STARTED_AT_MS)
    expect(planned({ health, caller: withOwn(false) })).toEqual(['gpu/a', 'claude/c'])
    expect(planned({ health, caller: withOwn(true) })).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
    expect(planned({ health })).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
  })
})

describe('context windows', () => {
  it('that the prompt will not fit by estimate are left out', () => {
    expect(planned({ request: { bodyBytes: 4000 } })).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
    expect(planned({ request: { bodyBytes: 4001 } })).toEqual(['cloud/b', 'claude/c'])
    expect(planned({ request: { bodyBytes: 40_000 } })).toEqual(['claude/c'])
  })

  it('are not judged when none would be left', () => {
    expect(planned({ request: { alias: 'alone', bodyBytes: 4000 } })).toEqual(['cloud/b'])
  })

  it('are not judged by the bytes of images', () => {
    const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
    const body = { model: 'model', messages: [{ role: 'user', content: [image] }] }
    expect(planned({ request: { bodyBytes: 400_000, body } })).toEqual(['gpu/a', 'cloud/b', 'claude/c'])
  })
})

describe('the order', () => {
  const ordered = (strategy: 'weighted' | 'cheapest' | 'fastest', prices: readonly number[] = []): Document => ({
    ...DOCUMENT,
    models: {
      model: {
        strategy,
        targets: ['a', 'b', 'c'].map((model, index) => ({
          provider: 'gpu',
          model,
          price: { input: prices[index] ?? 1, output: 10 - (prices[index] ?? 1) },
        })),
      },
    },
  })

  it("is that of the model's strategy, over what is left", () => {
    expect(planned({ document: ordered('weighted'), random: () => 0.99 })).toEqual(['gpu/c', 'gpu/b', 'gpu/a'])
  })

  it('is by the price of this request: its bytes and its bound on output', () => {
    const document = ordered('cheapest', [3, 1, 2])
    expect(planned({ document, request: { bodyBytes: 400_000 } })).toEqual(['gpu/b', 'gpu/c', 'gpu/a'])
    const body = { model: 'model', messages: [], max_tokens: 1_000_000 }
    expect(planned({ document, request: { body } })).toEqual(['gpu/a', 'gpu/c', 'gpu/b'])
  })

  it('is by the latency of the same form of reply', () => {
    const document = ordered('fastest')
    const health = new TargetHealth()
    for (const [index, id] of ['gpu/a', 'gpu/b', 'gpu/c'].entries()) {
      health.observeLatency(identityOf(id, { document }), 'stream', 300 - index)
      health.observeLatency(identityOf(id, { document }), 'whole', 100 + index)
    }
    expect(planned({ document, health, request: { stream: true } })).toEqual(['gpu/c', 'gpu/b', 'gpu/a'])
    expect(planned({ document, health, request: { stream: false } })).toEqual(['gpu/a', 'gpu/b', 'gpu/c'])
  })
})

describe('what admission asks', () => {
  const price = { input: 1, output: 2 }
  const document: Document = {
    ...DOCUMENT,
    models: {
      model: {
        targets: [
          { provider: 'gpu', model: 'a', maxOutputTokens: 100 },
          { provider: 'claude', model: 'b', price },
          { provider: 'gpu', model: 'c', price: { input: 0, output: 0 }, contextWindow: 500 },
        ],
      },
    },
  }
  const priced: Terms = { moneyLimit: 'month', capOutput: false }
  const capped: Terms = { moneyLimit: null, capOutput: true }
  const caps = (request: Partial<InferenceRequest> = {}, terms = capped) => {
    const plan = routed({ document, terms, request })
    return plan.kind === 'plan' ? plan.candidates.map(({ outputCap }) => outputCap) : null
  }

  it('leaves targets without a price out where money is limited, and only there', () => {
    expect(planned({ document, terms: priced })).toEqual(['claude/b', 'gpu/c'])
    expect(planned({ document })).toEqual(['gpu/a', 'claude/b', 'gpu/c'])
  })

  it('refuses by the limit where no target that could answer has a price', () => {
    const unpriced = { ...DOCUMENT, models: { model: { targets: [{ provider: 'gpu', model: 'a' }] } } }
    const refused = {
      kind: 'refused',
      outcome: 'refused',
      refusal: { code: 'budget_exceeded', status: 429, limitedBy: 'month', isFutile: true },
    }
    expect(routed({ document: unpriced, terms: priced })).toMatchObject(refused)
    const bridged = {
      ...DOCUMENT,
      models: {
        model: {
          targets: [
            { provider: 'claude', model: 'b', price },
            { provider: 'gpu', model: 'a' },
          ],
        },
      },
    }
    expect(routed({ document: bridged, terms: priced, request: { operation: 'embeddings' } })).toMatchObject(refused)
  })

  it('holds every target to its bound on output, or to what the caller named', () => {
    expect(caps({}, priced)).toEqual([undefined, undefined])
    expect(caps()).toEqual([100, OUTPUT_TOKENS_ASSUMED_MAX, 300])
    expect(caps({ body: { model: 'model', messages: [], max_tokens: 900 } })).toEqual([900, 900, 900])
  })

  it('holds the spare credential to it too', () => {
    const own = { cloud: { record: sealed('own'), fallbackToOperator: true } }
    const plan = routed({ caller: callerOf({ credentials: own }), terms: capped })
    const [, cloud] = plan.kind === 'plan' ? plan.candidates : []
    expect(cloud).toMatchObject({ outputCap: 7800 })
    expect(cloud?.spare).toBeDefined()
  })
})

describe('a request in a protocol of its own', () => {
  const native = { form: 'messages', body: {}, headers: {}, dropped: [] } as const
  const document: Document = {
    providers: {
      gpu: { protocol: 'openai', baseUrl: 'https://gpu.example/v1' },
      api: { protocol: 'openai', baseUrl: 'https://api.example/v1', responses: true },
      claude: { protocol: 'anthropic' },
      spare: { protocol: 'anthropic' },
    },
    models: {
      model: { targets: ['gpu', 'api', 'claude', 'spare'].map((provider) => ({ provider, model: 'm' })) },
      plain: { targets: [{ provider: 'gpu', model: 'm' }] },
    },
  }
  /** Names of the targets, with a mark where they are native and one where they are sent what is bound. */
  const candidates = (request: Partial<InferenceRequest>): string => {
    const plan = routed({ document, request })
    const all = plan.kind === 'plan' ? plan.candidates : []
    const name = ({ target, isNative, keepsBound }: (typeof all)[number]): string =>
      `${target.providerName}${isNative ? ' native' : ''}${keepsBound ? ' bound' : ''}`
    return all.map(name).join(', ')
  }

  it('is native where the target speaks it, and what is bound goes to the first provider of a protocol alone', () => {
    expect(candidates({ native })).toBe('gpu bound, api, claude native bound, spare native')
    expect(candidates({ native: { ...native, form: 'responses' } })).toBe('gpu bound, api native, claude bound, spare')
    expect(candidates({})).toBe('gpu bound, api, claude bound, spare')
  })

  it('goes to those who speak it alone where nobody else could be told', () => {
    const unsayable = { param: 'tools[0].type', message: 'web_search is run by its provider.' }
    const request = { native: { ...native, unsayable } }
    expect(candidates(request)).toBe('claude native bound, spare native')
    expect(routed({ document, request: { ...request, alias: 'plain' } })).toMatchObject({
      kind: 'refused',
      refusal: { code: 'invalid_request', ...unsayable },
    })
  })

  it('to count tokens has nobody to ask where nobody can', () => {
    expect(routed({ document, request: { native, operation: 'count_tokens', alias: 'plain' } })).toMatchObject({
      kind: 'plan',
      candidates: [],
    })
  })
})
