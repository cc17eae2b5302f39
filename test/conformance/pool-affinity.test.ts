/** A prompt goes where its beginning lies, no tenant learns of another's, and who may know more is told more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoOrigin, startDemoOrigin } from '../support/demo-origin.ts'
import { asking, longText, poolOf, toldOf } from '../support/pool-live.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'

const NAMES = ['a', 'b', 'c'] as const
const DEBUG = { 'x-sluice-debug': '1' }
const SYSTEM_CHARS = 8192
const BLOCKS = SYSTEM_CHARS / 512

let origins: DemoOrigin[]
let sluice: TestSluice
let operator: string

const target = (provider: string) => ({ targets: [{ provider, model: 'demo-llm' }] })

beforeAll(async () => {
  origins = await Promise.all(
    NAMES.map((name) => startDemoOrigin({ name, contextTokens: 20_000, kvTokens: 100_000, concurrency: 16 })),
  )
  const urls = Object.fromEntries(NAMES.map((name, index) => [name, `${origins[index]?.url}/v1`]))
  const one = { a: urls.a ?? '' }
  sluice = await setUp({ tenants: [{ id: 'acme' }, { id: 'other' }] })
  operator = (await sluice.makeKey('acme', { debug: true })).key
  // After the first key: what salts the replicas' caches came with it, and an isolate knows it with the config.
  const models = { gpu: target('gpu'), one: target('one'), shared: target('shared') }
  const providers = { gpu: poolOf(urls), one: poolOf(one), shared: poolOf(one, { sharePrefix: true }) }
  await sluice.done('PUT', '/admin/config', { providers, models })
  await sluice.inForce(operator, Object.keys(models))
})

afterAll(async () => {
  await sluice?.stop()
  for (const origin of origins ?? []) await origin.close()
})

async function ask(key: string, model: string, system: string, question: string, headers: object = DEBUG) {
  const reply = await sluice.post(key, '/v1/chat/completions', asking(model, system, question), {
    headers: { ...headers },
  })
  expect(reply.status).toBe(200)
  return toldOf(reply)
}

const keyOf = (tenant: string): string => sluice.keyOf(tenant).key

test('the same long prompt again is warm, where it was, and its tokens come from the cache', async () => {
  const system = longText('again', SYSTEM_CHARS)
  const first = await ask(operator, 'gpu', system, 'one')
  expect(first).toMatchObject({ reason: 'cold', matched: 0, cachedTokens: 0 })
  expect(first.blocks).toBe(BLOCKS)
  for (const question of ['two', 'three', 'four', 'five']) {
    const again = await ask(operator, 'gpu', system, question)
    expect(again).toMatchObject({ reason: 'warm', matched: BLOCKS, replica: first.replica })
    expect(again.cachedTokens).toBeGreaterThan(1000)
  }
})

test('prompts that have nothing in common are spread', async () => {
  const replicas = new Set<string | undefined>()
  for (let index = 0; index < 9; index += 1) {
    const { replica, reason } = await ask(operator, 'gpu', longText(`s${index}`, SYSTEM_CHARS), 'hello')
    expect(reason).toBe('cold')
    replicas.add(replica)
  }
  expect([...replicas].sort()).toEqual([...NAMES])
})

describe('two tenants with the same long system prompt', () => {
  test('share nothing: no match, and no cached token', async () => {
    const system = longText('both', SYSTEM_CHARS)
    await ask(keyOf('acme'), 'one', system, 'hello')
    expect(await ask(keyOf('other'), 'one', system, 'hello')).toMatchObject({ matched: 0, cachedTokens: 0 })
    const own = await ask(keyOf('other'), 'one', system, 'hello')
    expect(own.matched).toBe(BLOCKS)
    expect(own.cachedTokens).toBeGreaterThan(1000)
  })

  test('share it where the pool says that they may', async () => {
    const system = longText('ours', SYSTEM_CHARS)
    await ask(keyOf('acme'), 'shared', system, 'hello')
    const other = await ask(keyOf('other'), 'shared', system, 'hello')
    expect(other.matched).toBe(BLOCKS)
    expect(other.cachedTokens).toBeGreaterThan(1000)
  })
})

describe('x-sluice-debug', () => {
  test('tells a key without debug of its own prompt only', async () => {
    const told = await ask(keyOf('acme'), 'gpu', longText('mine', SYSTEM_CHARS), 'hello')
    expect(told).toMatchObject({ reason: 'cold', matched: 0, blocks: BLOCKS })
    expect(told).toMatchObject({ replica: undefined, candidates: undefined })
  })

  test('tells a key with debug of replicas and their load, when it asks', async () => {
    const told = await ask(operator, 'gpu', longText('yours', SYSTEM_CHARS), 'hello')
    expect(NAMES).toContain(told.replica)
    for (const name of NAMES) expect(told.candidates).toMatch(new RegExp(`${name};match=0;load=\\d+;requests=\\d+`))
    const silent = await ask(operator, 'gpu', longText('theirs', SYSTEM_CHARS), 'hello', {})
    expect(silent).toMatchObject({ reason: undefined, replica: undefined, candidates: undefined })
  })
})
