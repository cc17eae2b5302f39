/** The path's exits where an answer is recalled: what is served, to whom, and the row that is kept of it. */
import { expect, it } from 'vitest'
import type { InferenceRequest } from '../src/core/inference.ts'
import { COST_MICRO_USD, entered, USED } from './support/entered.ts'
import { chat, whole } from './support/wire.ts'
import { CONFIG, type IsolateOptions, upstream } from './support/worker.ts'

/** One model that recalls, for a tenant with these limits. */
async function recalling(limits: NonNullable<IsolateOptions['tenant']>['limits'] = []) {
  const { priced } = CONFIG.models
  const config = { ...CONFIG, models: { priced: { ...priced, cache: { exact: true } } } }
  const at = await entered({ config, scripts: [upstream(whole('Hello.'))], tenant: { limits } })
  const body = { ...chat('priced', false), max_tokens: 5 }
  const ask = (more: Partial<InferenceRequest> = {}) => at.soon(at.ask('priced', { body, ...more }))
  return { ...at, ask }
}

it('serves what was answered before, at no cost, and records it as what it is', async () => {
  const { ask, rows, settle, calls } = await recalling()
  expect(await ask()).toMatchObject({ kind: 'whole', cache: 'miss', attempts: 1 })
  await settle()
  expect(await ask()).toMatchObject({
    kind: 'recalled',
    cache: 'hit',
    attempts: 0,
    target: { id: 'up/m' },
    hit: { as: 'hit', ageS: 0 },
  })
  expect(calls).toHaveLength(1)
  expect(await rows()).toMatchObject([
    { cache: 'miss', costMicroUsd: COST_MICRO_USD, usage: USED },
    { cache: 'hit', outcome: 'finished', status: 200, target: 'up/m', attempts: 0, costMicroUsd: 0, usage: null },
  ])
})

it('serves it also to who is short of tokens, as a request among others', async () => {
  const { ask, rows, settle, calls } = await recalling([
    { name: 'tpm', of: 'tokens', amount: 60, perSeconds: 3600, hard: true },
    { name: 'rpm', of: 'requests', amount: 2, perSeconds: 3600 },
  ])
  await ask()
  await settle()
  expect(await ask()).toMatchObject({ kind: 'recalled', limits: { counters: [{ limit: 'rpm' }] } })
  expect(calls).toHaveLength(1)
  await settle()
  expect(await ask()).toMatchObject({ kind: 'refused', refusal: { code: 'rate_limit_exceeded' } })
  expect((await rows()).map(({ cache, outcome }) => [cache, outcome])).toEqual([
    ['miss', 'finished'],
    ['hit', 'finished'],
    ['bypass', 'refused'],
  ])
})

it('says why nothing is recalled, and of a refusal after a look that it was a miss', async () => {
  const { ask } = await recalling([{ name: 'tpm', of: 'tokens', amount: 1, perSeconds: 3600, hard: true }])
  expect(await ask()).toMatchObject({ kind: 'refused', cache: 'miss', bypass: null })
  expect(await ask({ cacheMode: 'off' })).toMatchObject({ kind: 'refused', cache: 'bypass', bypass: 'off' })
})
