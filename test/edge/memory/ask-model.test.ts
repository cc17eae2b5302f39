/** A question of the gateway's own: asked as its caller would ask it, and no text where there is none. */
import { expect, it } from 'vitest'
import { askModel } from '../../../src/edge/memory/ask-model.ts'
import { entered, USED } from '../../support/entered.ts'
import { providerError, whole } from '../../support/wire.ts'
import { type IsolateOptions, upstream } from '../../support/worker.ts'

const MESSAGES = [{ role: 'user', content: 'Sum it up.' }]

async function asking(options: IsolateOptions) {
  const at = await entered(options)
  const client = { signal: new AbortController().signal }
  return {
    ...at,
    asked: (model = 'priced') => at.soon(askModel(at.services, { entry: at.entry, client })(model, MESSAGES)),
  }
}

it('answers with the text, charged and recorded as its caller’s', async () => {
  const at = await asking({ scripts: [upstream(whole('They met.'))] })
  expect(await at.asked()).toBe('They met.')
  expect(at.calls[0]).toMatchObject({ model: 'm', body: { messages: MESSAGES } })
  expect(at.calls[0]?.body).not.toHaveProperty('stream')
  expect(await at.rows()).toMatchObject([
    { key: at.keyId, model: 'priced', outcome: 'finished', cache: 'bypass', usage: USED, costMicroUsd: 92 },
  ])
})

it.each([
  ['refuses', upstream(providerError('No.'), { status: 400 })],
  ['calls a tool', upstream(whole('').replace('"content":""', '"content":null'))],
])('has no text where its target %s', async (_, script) => {
  const at = await asking({ scripts: [script] })
  expect(await at.asked()).toBeNull()
  await at.settle()
})

it('has none of a model that its caller may not ask', async () => {
  const at = await asking({ scripts: [upstream(whole('They met.'))], key: { models: ['plain'] } })
  expect(await at.asked()).toBeNull()
  expect(at.calls).toEqual([])
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 403 }])
})
