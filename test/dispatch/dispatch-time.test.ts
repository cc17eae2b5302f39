/** Asking until somebody answers: waits, budgets, health, clocks, and a client that leaves. */
import { describe, expect, it } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import { THROTTLE_REQUESTS_MIN } from '../../src/core/limits.ts'
import { dispatch } from '../../src/dispatch/dispatch.ts'
import { ok, over, status } from '../support/dispatch.ts'
import { turn } from '../support/manual-clock.ts'
import { type pathServices, requestOf, type Script, STARTED_AT_MS, silent, sse, unreachable } from '../support/path.ts'
import { DONE, role, text } from '../support/wire.ts'

describe('waiting', () => {
  const begunAt =
    (services: { clock: { now(): number } }, at: number[], then: Script): Script =>
    (call) => {
      at.push(services.clock.now() - STARTED_AT_MS)
      return then(call)
    }

  it('is full jitter before each retry, doubling, and none before the next target', async () => {
    const at: number[] = []
    const scripts: Script[] = []
    const { run, services } = over([['a', scripts]], { retries: 3 })
    scripts.push(begunAt(services, at, status(500)))
    await run()
    expect(at).toEqual([0, 100, 300, 700])
    const first: number[] = []
    const second: number[] = []
    const [of1, of2]: [Script[], Script[]] = [[], []]
    const two = over([
      ['a', of1],
      ['b', of2],
    ])
    of1.push(begunAt(two.services, first, status(429)))
    of2.push(begunAt(two.services, second, ok))
    await two.run()
    expect([first, second]).toEqual([[0], [0]])
  })

  it('is what the provider asks for, where it asks', async () => {
    const at: number[] = []
    const scripts: Script[] = []
    const { run, services } = over([['a', scripts]], { retries: 2 })
    scripts.push(
      begunAt(services, at, status(503, { 'retry-after-ms': '450' })),
      begunAt(services, at, status(429, { 'retry-after': '1' })),
      begunAt(services, at, ok),
    )
    expect((await run()).kind).toBe('whole')
    expect(at).toEqual([0, 450, 1450])
  })

  it('never goes beyond the total: the next target is asked instead', async () => {
    const { run, asked } = over(
      [
        ['a', [status(503, { 'retry-after-ms': '900' })]],
        ['b', [ok]],
      ],
      {},
      { timeoutMs: 900 },
    )
    expect((await run()).kind).toBe('whole')
    expect(asked()).toEqual(['a', 'b'])
  })

  it('is given up when the client leaves', async () => {
    const { services, plan, client, clock, asked } = over([['a', [status(500)]]])
    const pending = dispatch(services, requestOf(), plan, client.signal)
    await clock.advance(50)
    client.abort()
    expect(await pending).toMatchObject({ kind: 'cancelled', attempts: 1, target: { id: 'p/a' } })
    expect(asked()).toEqual(['a'])
    expect(clock.timers).toBe(0)
  })
})

describe('budgets', () => {
  it('a spent retry budget goes to the next target, and ends on the last', async () => {
    const { run, asked, services } = over([
      ['a', [status(500)]],
      ['b', [status(500)]],
    ])
    services.retryBudget.take = () => false
    expect(await run()).toMatchObject({ kind: 'failed', attempts: 2 })
    expect(asked()).toEqual(['a', 'b'])
  })

  it('every dispatch counts towards it, and every retry takes from it', async () => {
    const { run, services } = over([['a', [status(500)]]])
    const counted = { requests: 0, taken: 0 }
    services.retryBudget.request = () => {
      counted.requests += 1
    }
    services.retryBudget.take = () => {
      counted.taken += 1
      return true
    }
    await run()
    expect(counted).toEqual({ requests: 1, taken: 2 })
  })
})

describe('health', () => {
  const overloaded = (services: ReturnType<typeof pathServices>, key: string) => {
    for (let count = 0; count < THROTTLE_REQUESTS_MIN; count += 1) services.health.observe(key, false, STARTED_AT_MS)
  }

  it('a throttled target is passed over, but not the last one', async () => {
    const { run, asked, services } = over([
      ['a', [ok]],
      ['b', [ok]],
    ])
    overloaded(services, 'p/a')
    overloaded(services, 'p/b')
    expect(await run()).toMatchObject({ attempts: 1, target: { id: 'p/b' } })
    expect(asked()).toEqual(['b'])
    const lucky = over([
      ['a', [ok]],
      ['b', [ok]],
    ])
    overloaded(lucky.services, 'p/a')
    lucky.services.chance.next = () => 0.999
    await lucky.run()
    expect(lucky.asked()).toEqual(['a'])
  })

  it("a caller's impatience does not count against the target", async () => {
    const timeouts = { firstTokenMs: 1000, idleMs: 500, totalMs: 4000 }
    const seen = async (bounds: Partial<InferenceRequest>) => {
      const { run, services } = over([['a', [silent]]], { timeouts, retries: 0 }, bounds)
      const accepted: boolean[] = []
      services.health.observe = (_, took) => void accepted.push(took)
      await run()
      return accepted
    }
    expect(await seen({})).toEqual([false])
    expect(await seen({ stream: true })).toEqual([false])
    expect(await seen({ timeoutMs: 3999 })).toEqual([true])
    expect(await seen({ stream: true, firstTokenMs: 999 })).toEqual([true])
    expect(await seen({ stream: true, timeoutMs: 3999, firstTokenMs: 1000 })).toEqual([false])
  })

  it('what a target turns away for load counts against it, what it takes in for it', async () => {
    const seen = async (script: Script) => {
      const { run, services } = over([['a', [script]]], { retries: 0 })
      const accepted: boolean[] = []
      services.health.observe = (key, took) => void (key === 'p/a' && accepted.push(took))
      await run()
      return accepted
    }
    expect(await seen(ok)).toEqual([true])
    expect(await seen(status(500))).toEqual([true])
    expect(await seen(status(503))).toEqual([false])
    expect(await seen(status(429))).toEqual([false])
    expect(await seen(unreachable)).toEqual([false])
  })

  it('a refused credential is set aside and reported by its name, never its value', async () => {
    const { run, services } = over(
      [
        ['a', [status(401)]],
        ['b', [status(403)]],
        ['c', [status(500)]],
      ],
      { retries: 0 },
    )
    expect(await run()).toMatchObject({ kind: 'failed', refusal: { code: 'upstream_failed' } })
    const dead = ['p/a', 'p/b', 'p/c'].map((key) => services.health.isDead(key, STARTED_AT_MS))
    expect(dead).toEqual([true, true, false])
    expect(services.lines).toMatchObject([
      { level: 'warn', event: 'credential-set-aside', target: 'p/a', status: 401, credential: 'main' },
      { event: 'credential-set-aside', target: 'p/b', status: 403 },
      { event: 'attempt-failed', target: 'p/c', fault: 'failed', status: 500, why: 'answered 500' },
    ])
    expect(JSON.stringify(services.lines)).not.toContain('main-value')
    expect(JSON.stringify(services.lines)).not.toContain('oops')
    expect(services.health.latencyMs('p/a', 'whole')).toBeUndefined()
  })
})

describe('time', () => {
  const timeouts = { firstTokenMs: 1000, idleMs: 500, totalMs: 4000 }

  it('a target that another follows gets half of what is left, the last one all', async () => {
    const { run, asked, services } = over(
      [
        ['a', [silent]],
        ['b', [silent]],
      ],
      { timeouts, retries: 0 },
    )
    const outcome = await run()
    expect(outcome).toMatchObject({ kind: 'failed', attempts: 3, refusal: { code: 'upstream_timeout', status: 504 } })
    expect(asked()).toEqual(['a', 'a', 'b'])
    expect(services.clock.now() - STARTED_AT_MS).toBe(4000)
    expect(services.lines.map(({ expiry }) => expiry)).toEqual(['headers', 'headers', 'headers'])
  })

  it('retries are no reason to cut an attempt short, and nothing follows the sixth', async () => {
    expect(await over([['a', [silent]]], { timeouts, retries: 1 }).run()).toMatchObject({ attempts: 1 })
    const all = ['a', 'b', 'c', 'd'].map((model) => [model, [silent]] as const)
    const { run, clock } = over(all, { timeouts: { ...timeouts, totalMs: 8000 } })
    expect(await run()).toMatchObject({ attempts: 6, target: { id: 'p/c' } })
    expect(clock.now() - STARTED_AT_MS).toBeGreaterThanOrEqual(8000)
  })

  it('nobody else is asked once the total is over', async () => {
    const late = { startedAtMs: STARTED_AT_MS - 4000, timeoutMs: 4000 }
    expect(
      await over(
        [
          ['a', [status(500)]],
          ['b', [ok]],
        ],
        { timeouts },
        late,
      ).run(),
    ).toMatchObject({ attempts: 1 })
  })

  it('a stream that says nothing is asked once more, then the next', async () => {
    const { run, asked } = over(
      [
        ['a', [sse([role()], 'silence')]],
        ['b', [sse([text('a'), DONE])]],
      ],
      { timeouts },
      { stream: true },
    )
    expect(await run()).toMatchObject({ kind: 'stream', attempts: 3 })
    expect(asked()).toEqual(['a', 'a', 'b'])
  })

  it("the caller's bounds can only shorten the model's", async () => {
    const ends = async (bounds: Partial<InferenceRequest>) => {
      const { run, services } = over([['a', [silent]]], { timeouts, retries: 0 }, bounds)
      await run()
      return services.clock.now() - STARTED_AT_MS
    }
    expect(await ends({ timeoutMs: 300 })).toBe(300)
    expect(await ends({ timeoutMs: 9000 })).toBe(4000)
    expect(await ends({ stream: true, firstTokenMs: 200 })).toBe(200)
    expect(await ends({ stream: true, firstTokenMs: 9000 })).toBe(1000)
  })

  it("is the caller's from when the request came in, the model's from when it could go: a wait for a turn is not in it", async () => {
    const ends = async (bounds: Partial<InferenceRequest>) => {
      const asked = { startedAtMs: STARTED_AT_MS - 3500, ...bounds }
      const { run, services } = over([['a', [silent]]], { timeouts, retries: 0 }, asked)
      await run()
      return services.clock.now() - STARTED_AT_MS
    }
    expect(await ends({ timeoutMs: 4000 })).toBe(500)
    expect(await ends({})).toBe(4000)
    expect(await ends({ timeoutMs: 9000 })).toBe(4000)
  })
})

describe('a client that leaves', () => {
  it.each([
    ['while headers are awaited', silent, false],
    ['before the first token', sse([role()], 'silence'), true],
  ] as [string, Script, boolean][])('%s: nobody else is asked', async (_, script, stream) => {
    const { services, plan, client, clock, asked, provider } = over([
      ['a', [script]],
      ['b', [ok]],
    ])
    const pending = dispatch(services, requestOf({ stream }), plan, client.signal)
    await clock.advance(10)
    client.abort()
    expect(await pending).toMatchObject({ kind: 'cancelled', attempts: 1, target: { id: 'p/a' } })
    expect(asked()).toEqual(['a'])
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(services.lines).toEqual([])
  })

  it('mid-stream ends the stream as cancelled', async () => {
    const { run, client, provider } = over([['a', [sse([text('a')], 'silence')]]], {}, { stream: true })
    const outcome = await run()
    client.abort()
    await turn()
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(outcome.kind === 'stream' && (await outcome.live.ended).kind).toBe('cancelled')
  })
})
