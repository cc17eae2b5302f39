/** Recall from outside: what the operator sees, purges and erases, and what hits count for. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick } from '../support/http-client.ts'
import { eventually } from '../support/sluice.ts'
import { cacheOf, startRecalling } from './recall-setup.ts'

const IN_FORCE_MS = 10_000

let at: Awaited<ReturnType<typeof startRecalling>>

beforeAll(async () => {
  at = await startRecalling()
})

afterAll(() => at?.stop())

describe('the operator', () => {
  const cache = async (id: string): Promise<unknown> => at.sluice.done('GET', `/admin/tenants/${id}/cache`)

  test('sees what a cache holds and has saved', async () => {
    await at.sluice.makeTenant('seen')
    const key = at.sluice.keyOf('seen')
    const first = await at.ask(key, 'exact', 'seen')
    await at.recallable()
    for (let hit = 0; hit < 3; hit += 1) await at.ask(key, 'exact', 'seen')
    const tokens = Number(pick(first.json, 'usage', 'total_tokens'))
    await eventually('three hits', 2000, async () =>
      pick(await cache('seen'), 'hits', 'exact') === 3 ? true : undefined,
    )
    const shown = (await cache('seen')) as Record<string, number>
    expect(shown).toMatchObject({ entries: 1, corrupt: 0, savedTokens: 3 * tokens })
    expect(shown.bytes).toBeGreaterThan(100)
    expect(shown.savedMicroUsd).toBe(Math.round(3e6 * Number(first.headers['x-sluice-cost-usd'])))
  })

  test('purges by model and by age, in force everywhere within 10 s', async () => {
    await at.sluice.makeTenant('purged')
    const key = at.sluice.keyOf('purged')
    for (const said of ['one', 'two']) await at.ask(key, 'exact', said)
    await at.ask(key, 'keyed', 'three')
    await at.recallable()
    for (const isolate of [0, 1]) expect(cacheOf(await at.ask(key, 'exact', 'one', { isolate }))).toBe('200 hit')
    const remove = (query: string) => at.sluice.done('DELETE', `/admin/tenants/purged/cache${query}`)
    expect(await remove('?before=2020-01-01T00:00:00Z')).toEqual({ removed: 0 })
    expect(await remove('?model=exact')).toEqual({ removed: 2 })
    for (const isolate of [0, 1])
      await eventually(`nothing of it in isolate ${isolate}`, IN_FORCE_MS, async () =>
        cacheOf(await at.ask(key, 'exact', 'one', { isolate, headers: { 'x-sluice-cache': 'no-store' } })) ===
        '200 miss'
          ? true
          : undefined,
      )
    expect(cacheOf(await at.ask(key, 'keyed', 'three'))).toBe('200 hit')
    expect(await remove('')).toEqual({ removed: 1 })
    expect((await at.sluice.admin('DELETE', '/admin/tenants/purged/cache?before=yesterday')).status).toBe(400)
  })

  test('finds nothing of an old tenant under a new one of the same id', async () => {
    await at.sluice.makeTenant('again')
    await at.ask(at.sluice.keyOf('again'), 'exact', 'of before')
    await at.recallable()
    await at.sluice.done('DELETE', '/admin/tenants/again')
    await at.sluice.makeTenant('again')
    const reply = await eventually('the new key works', IN_FORCE_MS, async () => {
      const one = await at.ask(at.sluice.keyOf('again'), 'exact', 'of before')
      return one.status === 200 ? one : undefined
    })
    expect(cacheOf(reply)).toBe('200 miss')
    expect(await cache('again')).toMatchObject({ hits: { exact: 0 } })
  })
})

describe('limits', () => {
  test('a hit counts as a request, and never as tokens or money', async () => {
    const limits = [
      { name: 'rpm', of: 'requests', amount: 4, perSeconds: 3600 },
      { name: 'tpm', of: 'tokens', amount: 1_000_000, perSeconds: 3600 },
      { name: 'month', of: 'usd', amount: 1000, per: 'month' },
    ]
    await at.sluice.makeTenant('counted', { limits })
    const key = at.sluice.keyOf('counted')
    const used = async (): Promise<number[]> => {
      const { data } = (await at.sluice.done('GET', '/admin/tenants/counted/limits')) as { data: { used: number }[] }
      return data.map((view) => view.used)
    }
    const first = await at.ask(key, 'exact', 'counted', { max_tokens: 50 })
    const tokens = Number(pick(first.json, 'usage', 'total_tokens'))
    await eventually('the first is settled', 2000, async () => ((await used())[1] === tokens ? true : undefined))
    const before = await used()
    await at.recallable()
    for (let hit = 0; hit < 3; hit += 1)
      expect(cacheOf(await at.ask(key, 'exact', 'counted', { max_tokens: 50 }))).toBe('200 hit')
    const [requests = 0, ...others] = before
    await eventually('hits are settled', 2000, async () =>
      JSON.stringify(await used()) === JSON.stringify([requests + 3, ...others]) ? true : undefined,
    )
    expect((await at.ask(key, 'exact', 'counted', { max_tokens: 50 })).json).toMatchObject({
      error: { code: 'rate_limit_exceeded' },
    })
  })

  test('whose tokens and budget are used up is still served what was answered before', async () => {
    const key = { id: '', key: '' }
    await at.sluice.makeTenant('spent')
    Object.assign(key, at.sluice.keyOf('spent'))
    await at.ask(key, 'exact', 'spent')
    await at.recallable()
    const limits = [
      { name: 'rpm', of: 'requests', amount: 3, perSeconds: 3600 },
      { name: 'none', of: 'usd', amount: 0, per: 'day' },
      { name: 'few', of: 'tokens', amount: 1, perSeconds: 60, hard: true },
    ]
    await at.sluice.done('PATCH', '/admin/tenants/spent', { limits })
    const refused = await eventually('the limits are in force', IN_FORCE_MS, async () => {
      const reply = await at.ask(key, 'plain', 'spent')
      return reply.status === 429 ? reply : undefined
    })
    expect(['none', 'few']).toContain(refused.headers['x-sluice-limited-by'])
    const codes: string[] = []
    for (let asked = 0; asked < 5; asked += 1) codes.push(cacheOf(await at.ask(key, 'exact', 'spent')))
    const hits = codes.filter((code) => code === '200 hit').length
    // Exactly what the limit on requests leaves, whoever asked before it was in force.
    expect(hits).toBeGreaterThan(0)
    expect(hits).toBeLessThanOrEqual(3)
    expect(codes.slice(hits).every((code) => code.startsWith('429'))).toBe(true)
  })
})
