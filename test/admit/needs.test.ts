/** What a request may use up: worst cases by hand, who may be asked at all, and how long it may wait. */
import { describe, expect, it } from 'vitest'
import type { AppliedLimits } from '../../src/admit/limits.ts'
import { maxWaitMsOf, needsOf, type RequestNeeds } from '../../src/admit/needs.ts'
import type { ConfigDocument } from '../../src/core/config.ts'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { OUTPUT_TOKENS_ASSUMED_MAX } from '../../src/core/limits.ts'
import { deploymentOf, requestOf } from '../support/path.ts'

type TargetDocument = NonNullable<ConfigDocument['models']>[string]['targets'][number]

const applied = (more: Partial<AppliedLimits> = {}): AppliedLimits => ({
  counters: [],
  setId: '',
  hasMoney: null,
  isWorstCase: false,
  ...more,
})
const ESTIMATED = applied()
const HARD = applied({ isWorstCase: true })
const MONEY = applied({ hasMoney: 'month', isWorstCase: true })

function asked(
  targets: readonly Partial<TargetDocument>[],
  limits: AppliedLimits,
  request: Partial<InferenceRequest> = {},
  unknownPrice: 'block' | 'ignore' = 'block',
) {
  const { models } = deploymentOf({
    providers: { p: { protocol: 'openai', baseUrl: 'https://p.example/v1' } },
    models: { model: { targets: targets.map((target) => ({ provider: 'p', model: 'm', ...target })) } },
  })
  const model = models.get('model')
  if (model === undefined) throw new Error('no model')
  return needsOf(requestOf(request), model, limits, unknownPrice)
}

/** The needs; fails when there is a refusal. */
function needs(...args: Parameters<typeof asked>): RequestNeeds {
  const found = asked(...args)
  if ('code' in found) throw new Error(found.code)
  return found
}

const bounded = (bound: object): Partial<InferenceRequest> => ({ body: { model: 'model', messages: [], ...bound } })
const CJK = { bodyBytes: 300, bodyChars: 100 }

describe('what is only passed on', () => {
  it('takes no tokens and no money that anybody knew before', () => {
    const price = { input: 1, output: 1 }
    const relay = { operation: 'relay', body: { model: 'model', n: 4, max_tokens: 100 } } as const
    for (const limits of [ESTIMATED, HARD, MONEY])
      expect(needs([{ price }], limits, relay)).toMatchObject({
        needs: { promptTokensMax: 0, promptWeight: 0, outputTokensMax: 0, worstMicroUsd: 0 },
        capOutput: false,
      })
  })
})

describe('the prompt', () => {
  it('is at most a token for two bytes, or for one that is not ASCII', () => {
    expect(needs([{}], ESTIMATED).needs).toMatchObject({ promptTokensMax: 200, promptWeight: 400 })
    expect(needs([{}], ESTIMATED, CJK).needs.promptTokensMax).toBe(300)
    expect(needs([{}], ESTIMATED, CJK).needs.promptWeight).toBeGreaterThan(300)
  })

  it('is at most what fits the largest window, where every target has one', () => {
    const promptTokensMax = (...windows: (number | undefined)[]) =>
      needs(
        windows.map((contextWindow) => (contextWindow === undefined ? {} : { contextWindow })),
        HARD,
      ).needs.promptTokensMax
    expect(promptTokensMax(50, 120)).toBe(120)
    expect(promptTokensMax(50, undefined)).toBe(200)
    expect(promptTokensMax(5000)).toBe(200)
  })

  it('is not weighed by the bytes of a file, but bounded by them', () => {
    const url = `data:image/png;base64,${'A'.repeat(400_000)}`
    const body = { model: 'model', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] }
    const size = JSON.stringify(body).length
    const found = needs([{}], ESTIMATED, { body, bodyBytes: size, bodyChars: size }).needs
    expect(found.promptWeight).toBeLessThan(5000)
    expect(found.promptTokensMax).toBe(Math.ceil(size / 2))
  })
})

describe('the output', () => {
  const output = (targets: readonly Partial<TargetDocument>[], limits: AppliedLimits, bound: object = {}) => {
    const found = needs(targets, limits, bounded(bound))
    return [found.needs.outputTokensMax, found.capOutput]
  }

  it("is the caller's bound, even above the target's", () => {
    expect(output([{ maxOutputTokens: 10 }], HARD, { max_tokens: 70 })).toEqual([70, true])
    expect(output([{ maxOutputTokens: 10 }], ESTIMATED, { max_completion_tokens: 70 })).toEqual([70, false])
  })

  it("is the largest of the targets' bounds", () => {
    expect(output([{ maxOutputTokens: 10 }, { maxOutputTokens: 30 }], ESTIMATED)).toEqual([30, false])
    expect(output([{ maxOutputTokens: 10 }, { maxOutputTokens: 30 }], HARD)).toEqual([30, true])
  })

  it('is open where a target has no bound, unless the worst case is reserved', () => {
    expect(output([{ maxOutputTokens: 10 }, {}], ESTIMATED)).toEqual([null, false])
    expect(output([{ maxOutputTokens: 10 }, {}], HARD)).toEqual([OUTPUT_TOKENS_ASSUMED_MAX, true])
  })

  it('is as much as is sent as its bound where the window is small', () => {
    expect(output([{ contextWindow: 500 }], HARD)).toEqual([300, true])
  })

  it('is that of every answer', () => {
    expect(output([{}], HARD, { max_tokens: 70, n: 3 })).toEqual([210, true])
    expect(output([{ maxOutputTokens: 5 }], ESTIMATED, { n: 4 })).toEqual([20, false])
    expect(output([{}], ESTIMATED, { n: 4 })).toEqual([null, false])
  })

  it('is none of embeddings', () => {
    const found = needs([{}], HARD, { operation: 'embeddings', body: { model: 'model', input: 'x' } })
    expect([found.needs.outputTokensMax, found.capOutput]).toEqual([0, false])
    expect(needs([{}], ESTIMATED, { operation: 'embeddings' }).needs.outputTokensMax).toBe(0)
  })
})

describe('the money', () => {
  const price = { input: 2, output: 10 }
  const worst = (targets: readonly Partial<TargetDocument>[], bound: object = { max_tokens: 50 }) =>
    needs(targets, MONEY, bounded(bound)).needs.worstMicroUsd

  it('is the prompt at its dearest and all of the output', () => {
    expect(worst([{ price }])).toBe(200 * 2 + 50 * 10)
    expect(worst([{ price: { ...price, cacheWrite: 3 } }])).toBe(200 * 3 + 50 * 10)
    expect(worst([{ price: { ...price, cachedInput: 1 } }])).toBe(200 * 2 + 50 * 10)
    expect(worst([{ price }], { max_tokens: 50, n: 2 })).toBe(200 * 2 + 100 * 10)
  })

  it('is of the dearest target, each within its own window', () => {
    const cheap = { price: { input: 0.1, output: 0.1 } }
    expect(worst([cheap, { price }])).toBe(900)
    expect(worst([{ price, contextWindow: 100 }, cheap])).toBe(100 * 2 + 50 * 10)
  })

  it('is rounded up to a whole micro-dollar, and not above one that is whole', () => {
    expect(worst([{ price: { input: 0.0001, output: 0 } }])).toBe(1)
    expect(worst([{ price: { input: 0.15, output: 0.1 } }], { max_tokens: 3 })).toBe(31)
    expect(worst([{ price: { input: 0.05, output: 1.1 } }], { max_tokens: 30 })).toBe(43)
  })

  it('is nothing where no limit is on it', () => {
    expect(needs([{ price }], HARD).needs.worstMicroUsd).toBe(0)
  })

  it('is estimated with the first price there is', () => {
    expect(needs([{}, { price }, { price: { input: 1, output: 1 } }], ESTIMATED).needs.price).toEqual(price)
    expect(needs([{}], ESTIMATED).needs.price).toBeNull()
  })
})

describe('targets without a price', () => {
  const price = { input: 2, output: 10 }

  it('are left out where money is limited', () => {
    const found = needs([{ maxOutputTokens: 9000 }, { price, maxOutputTokens: 10 }], MONEY)
    expect(found).toMatchObject({ moneyLimit: 'month', needs: { outputTokensMax: 10, price } })
  })

  it('stop the request where no other is there, by the name of the limit', () => {
    expect(asked([{}], MONEY)).toMatchObject({ code: 'budget_exceeded', status: 429, limitedBy: 'month' })
  })

  it('count nothing where the operator will have it so', () => {
    const found = needs([{ maxOutputTokens: 9000 }, { price, maxOutputTokens: 10 }], MONEY, {}, 'ignore')
    expect(found).toMatchObject({
      moneyLimit: null,
      needs: { outputTokensMax: 9000, worstMicroUsd: 200 * 2 + 10 * 10 },
    })
    expect(needs([{}], MONEY, {}, 'ignore')).toMatchObject({
      moneyLimit: null,
      needs: { worstMicroUsd: 0, price: null },
    })
  })

  it('are nobody else’s business', () => {
    expect(needs([{}], HARD)).toMatchObject({ moneyLimit: null })
  })
})

describe('the wait', () => {
  it.each<[number | undefined, number | undefined, number]>([
    [undefined, undefined, 0],
    [5000, undefined, 5000],
    [undefined, 700, 700],
    [undefined, 15_000, 15_000],
    [5000, 0, 0],
    [5000, 700, 700],
    [500, 2000, 500],
    [0, 700, 0],
  ])('of a tenant that allows %s ms, asked for %s ms, is %i ms', (waitMaxMs, maxWaitMs, expected) => {
    const asked = { maxWaitMs, timeoutMs: undefined }
    expect(maxWaitMsOf(waitMaxMs === undefined ? {} : { waitMaxMs }, asked)).toBe(expected)
  })

  it('ends with the time that the caller gives the whole of it', () => {
    expect(maxWaitMsOf({ waitMaxMs: 9000 }, { maxWaitMs: undefined, timeoutMs: 1000 })).toBe(1000)
    expect(maxWaitMsOf({}, { maxWaitMs: 500, timeoutMs: 1000 })).toBe(500)
    expect(maxWaitMsOf({}, { maxWaitMs: undefined, timeoutMs: 1000 })).toBe(0)
  })
})
