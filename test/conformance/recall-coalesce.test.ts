/** Identical requests in flight from outside: one asks, the others wait for its reply, and nobody waits for the dead. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Reply } from '../support/http-client.ts'
import type { Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { type MadeKey, setUp, type TestSluice } from '../support/sluice.ts'
import { DONE, said, stream, whole } from '../support/wire.ts'
import { asking, cacheOf, configOf, startOrigin } from './recall-setup.ts'

/** How long a dead leader may hold the others up. */
const FREED_MS = 1000

let origin: ScriptedOrigin
let sluice: TestSluice
/** Calls that the origin has not answered yet. */
let held: Call[]
const ask = asking(() => sluice)
const acme = (): MadeKey => sluice.keyOf('acme')

beforeAll(async () => {
  origin = await startOrigin()
  origin.on('held', (call) => void held.push(call))
  sluice = await setUp({
    isolates: 2,
    config: configOf(origin, {
      wait: ['held', { exact: true, coalesce: 'wait' }],
      off: ['held', { exact: true }],
    }),
    tenants: [{ id: 'acme' }],
  })
})

beforeEach(() => {
  held = []
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

/** The next call that reaches the origin, with when it did. */
const arrival = async (): Promise<number> => {
  await origin.next('held')
  return Date.now()
}

const answer = (call: Call | undefined, text: string): Promise<void> | undefined =>
  call?.json.stream === true ? call.head(200).then(() => call.end(stream(text))) : call?.reply(200, whole(text))

/** So many that ask the same at once, over both isolates. */
const crowd = (count: number, model: string, question: string, fields: object = {}) =>
  Promise.all(
    Array.from({ length: count }, (_, index) => ask(acme(), model, question, { isolate: index % 2, ...fields })),
  )

/** How many were answered how. */
function counted(replies: readonly Reply[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const reply of replies) {
    const name = cacheOf(reply).replace('200 ', '')
    sums[name] = (sums[name] ?? 0) + 1
  }
  return sums
}

test('50 at once take one upstream call, and each gets its reply', async () => {
  const before = origin.calls('held').length
  const arrived = arrival()
  const asked = crowd(50, 'wait', 'fifty')
  await arrived
  await answer(held[0], 'for all of them')
  const replies = await asked
  const { miss, coalesced = 0, hit = 0 } = counted(replies)
  expect({ miss, others: coalesced + hit }).toEqual({ miss: 1, others: 49 })
  expect(new Set(replies.map(({ body }) => JSON.parse(body).choices[0].message.content))).toEqual(
    new Set(['for all of them']),
  )
  expect(origin.calls('held').length - before).toBe(1)
})

test('streams and whole replies wait for each other', async () => {
  const before = origin.calls('held').length
  const arrived = arrival()
  const leader = ask(acme(), 'wait', 'mixed')
  await arrived
  const followers = [
    ...Array.from({ length: 4 }, (_, index) => ask(acme(), 'wait', 'mixed', { stream: true, isolate: index % 2 })),
    ask(acme(), 'wait', 'mixed', { isolate: 1 }),
  ]
  await new Promise((resolve) => setTimeout(resolve, 200))
  await answer(held[0], 'one for both')
  expect(cacheOf(await leader)).toBe('200 miss')
  const replies = await Promise.all(followers)
  expect(new Set(replies.map(cacheOf))).toEqual(new Set(['200 coalesced']))
  for (const { body } of replies.slice(0, 4)) {
    expect(said(body)).toBe('one for both')
    expect(body.endsWith(DONE)).toBe(true)
  }
  expect(origin.calls('held').length - before).toBe(1)
  for (const { headers } of replies)
    expect(await sluice.row('acme', headers['x-request-id'])).toMatchObject({
      cache: 'coalesced',
      costMicroUsd: 0,
      attempts: 0,
    })
})

test('when the leader is reset, another leads within a second', async () => {
  const arrived = arrival()
  const body = { model: 'wait', messages: [{ role: 'user', content: 'orphaned' }] }
  const leader = sluice.begin(acme().key, '/v1/chat/completions', body)
  await arrived
  const followers = crowd(10, 'wait', 'orphaned')
  await new Promise((resolve) => setTimeout(resolve, 200))
  const next = arrival()
  const resetAtMs = Date.now()
  await leader.reset()
  expect((await next) - resetAtMs).toBeLessThan(FREED_MS)
  expect(held).toHaveLength(2)
  await answer(held[1], 'from the second')
  const { miss, coalesced = 0, hit = 0 } = counted(await followers)
  expect({ miss, others: coalesced + hit }).toEqual({ miss: 1, others: 9 })
})

test('when the answer is not to be kept, each asks for itself, none after the other', async () => {
  const arrived = arrival()
  const asked = crowd(6, 'wait', 'not kept')
  await arrived
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(held).toHaveLength(1)
  const tooLong = (call: Call): Promise<void> =>
    call.reply(
      200,
      whole('cut sho', { choices: [{ index: 0, message: { content: 'cut sho' }, finish_reason: 'length' }] }),
    )
  for (let answered = 0; answered < 6; answered += 1) {
    const call = held[answered]
    if (call === undefined) {
      await origin.next('held')
      answered -= 1
    } else await tooLong(call)
  }
  expect(new Set((await asked).map(cacheOf))).toEqual(new Set(['200 miss']))
})

test('without it each asks for itself', async () => {
  const asked = crowd(3, 'off', 'not coalesced')
  for (let answered = 0; answered < 3; answered += 1) {
    const call = held[answered]
    if (call === undefined) {
      await origin.next('held')
      answered -= 1
    } else await answer(call, 'own')
  }
  expect((await asked).map(cacheOf)).toEqual(['200 miss', '200 miss', '200 miss'])
})
