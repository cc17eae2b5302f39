/** Asking until somebody answers: who is asked, how often, and what the caller is told when nobody does. */
import { describe, expect, it } from 'vitest'
import { ATTEMPTS_MAX, REPLIES_IN_FLIGHT_BYTES_MAX } from '../../src/core/limits.ts'
import { dispatch } from '../../src/dispatch/dispatch.ts'
import { ok, over, status, type Targets } from '../support/dispatch.ts'
import { json, reply, requestOf, type Script, STARTED_AT_MS, sse, unreachable } from '../support/path.ts'
import { DONE, event, finish, providerError, role, text } from '../support/wire.ts'

describe('an answer', () => {
  it('of the first target is the outcome, with what is known of it', async () => {
    const { run, asked, services, clock } = over([
      ['a', [ok]],
      ['b', [ok]],
    ])
    const outcome = await run()
    expect(outcome).toMatchObject({
      kind: 'whole',
      attempts: 1,
      target: { id: 'p/a' },
      askedAtMs: STARTED_AT_MS,
      usage: { outputTokens: 7 },
      droppedParams: [],
    })
    expect(asked()).toEqual(['a'])
    expect(services.lines).toEqual([])
    expect(services.health.latencyMs('p/a', 'whole')).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('that streams is handed on at its commit point', async () => {
    const { run, services, provider } = over([['a', [sse([role(), text('a') + finish(), DONE])]]], {}, { stream: true })
    const outcome = await run()
    expect(outcome).toMatchObject({ kind: 'stream', attempts: 1, committedAtMs: STARTED_AT_MS, target: { id: 'p/a' } })
    expect(outcome.kind === 'stream' && (await outcome.live.next())).toBeInstanceOf(Uint8Array)
    expect(services.health.latencyMs('p/a', 'stream')).toBe(0)
    expect(services.health.latencyMs('p/a', 'whole')).toBeUndefined()
    expect(provider.calls[0]?.stream).toBe(true)
  })

  it('of a later target tells the attempts on all of them, and when the first was begun', async () => {
    const { run, asked } = over([
      ['a', [status(500)]],
      ['b', [unreachable, ok]],
    ])
    expect(await run()).toMatchObject({ kind: 'whole', attempts: 4, target: { id: 'p/b' }, askedAtMs: STARTED_AT_MS })
    expect(asked()).toEqual(['a', 'a', 'b', 'b'])
  })
})

describe('memory', () => {
  const others = REPLIES_IN_FLIGHT_BYTES_MAX - 10

  it('that other replies hold makes it a 503 of ours, which no other target could help', async () => {
    const { run, asked, services, provider } = over([
      ['a', [ok]],
      ['b', [ok]],
    ])
    services.replyBudget.hold().take(others)
    const outcome = await run()
    expect(outcome).toMatchObject({ kind: 'failed', attempts: 1, refusal: { code: 'overloaded', retryAfterMs: 1000 } })
    expect(asked()).toEqual(['a'])
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(services.replyBudget.hold().take(10)).toBe(true)
  })

  it('is given back when a reply is handed on', async () => {
    const { run, services } = over([['a', [ok]]])
    await run()
    expect(services.replyBudget.hold().take(REPLIES_IN_FLIGHT_BYTES_MAX)).toBe(true)
  })
})

describe('who is asked', () => {
  it.each([
    ['a 500 once more, then the next', [status(500)], ['a', 'a', 'b']],
    ['a 500 that heals is not asked elsewhere', [status(500), ok], ['a', 'a']],
    ['nobody there once more, then the next', [unreachable], ['a', 'a', 'b']],
    ['a 429 not again', [status(429)], ['a', 'b']],
    ['a redirect as any failure', [status(307)], ['a', 'a', 'b']],
    ['a refused credential not again', [status(401)], ['a', 'b']],
    ['a missing model not again', [json('', 404)], ['a', 'b']],
    ['a 402 not again', [status(402)], ['a', 'b']],
    ['one that asks for a long wait not again', [status(503, { 'retry-after': '30' })], ['a', 'b']],
    ['HTML with 200 as any failure', [reply(200, { 'content-type': 'text/html' }, ['<p>'])], ['a', 'a', 'b']],
  ] as [string, Script[], string[]][])('%s', async (_, scripts, expected) => {
    const { run, asked } = over([
      ['a', scripts],
      ['b', [ok]],
    ])
    const outcome = await run()
    expect(outcome.kind).toBe('whole')
    expect(asked()).toEqual(expected)
    expect(outcome.attempts).toBe(expected.length)
  })

  it.each([
    [400, 'upstream_rejected'],
    [413, 'upstream_rejected'],
    [422, 'upstream_rejected'],
  ])("a caller's %i is relayed at once, after one attempt", async (code, refused) => {
    const { run, asked, services } = over([
      ['a', [json(providerError('bad', { param: 'n' }), code)]],
      ['b', [ok]],
    ])
    expect(await run()).toMatchObject({
      kind: 'refused',
      attempts: 1,
      target: { id: 'p/a' },
      refusal: { code: refused, status: code, message: 'bad', param: 'n' },
    })
    expect(asked()).toEqual(['a'])
    expect(services.lines).toEqual([])
  })

  it.each([
    [0, 1],
    [2, 3],
    [5, 6],
  ])('the last target gets %i retries of its own', async (retries, attempts) => {
    const { run } = over([['a', [status(500)]]], { retries })
    expect(await run()).toMatchObject({ kind: 'failed', attempts, refusal: { code: 'upstream_failed', status: 502 } })
  })

  it('six attempts are all, over all targets', async () => {
    const targets: Targets = ['a', 'b', 'c', 'd'].map((model) => [model, [status(500)]] as const)
    const { run, asked } = over(targets)
    expect(await run()).toMatchObject({ kind: 'failed', attempts: ATTEMPTS_MAX, target: { id: 'p/c' } })
    expect(asked()).toEqual(['a', 'a', 'b', 'b', 'c', 'c'])
  })

  it('a rejection on the sixth attempt is still the caller’s', async () => {
    const { run } = over([
      ['a', [status(500)]],
      ['b', [status(500)]],
      ['c', [status(500), json(providerError('bad'), 400)]],
    ])
    expect(await run()).toMatchObject({ kind: 'refused', attempts: 6, refusal: { code: 'upstream_rejected' } })
  })

  it('nobody is asked where the plan is empty', async () => {
    const { services, plan, client } = over([['a', [ok]]])
    const outcome = await dispatch(services, requestOf(), { ...plan, candidates: [] }, client.signal)
    expect(outcome).toMatchObject({ kind: 'failed', attempts: 0, target: null, askedAtMs: null })
  })
})

describe('a prompt that is too long', () => {
  const tooLong = json(providerError('too long', { code: 'context_length_exceeded' }), 400)

  it('goes on to the targets with more room alone', async () => {
    const { run, asked } = over([
      ['a', [tooLong], { contextWindow: 8000 }],
      ['b', [ok], { contextWindow: 8000 }],
      ['c', [ok]],
      ['d', [ok], { contextWindow: 9000 }],
    ])
    expect(await run()).toMatchObject({ kind: 'whole', target: { id: 'p/d' }, attempts: 2 })
    expect(asked()).toEqual(['a', 'd'])
  })

  it('is told to the caller where there is none, in the words of the provider', async () => {
    const { run, asked, services } = over([
      ['a', [tooLong]],
      ['b', [ok], { contextWindow: 9000 }],
    ])
    expect(await run()).toMatchObject({
      kind: 'refused',
      refusal: { code: 'context_length_exceeded', status: 400, message: 'too long', param: 'messages' },
    })
    expect(asked()).toEqual(['a'])
    expect(services.lines).toEqual([])
    const silentOne = over([['a', [json('{"object":"error","message":"maximum context length"}', 400)]]])
    expect(await silentOne.run()).toMatchObject({ refusal: { message: 'The prompt is too long for this model.' } })
  })
})

describe('what the caller is told', () => {
  const limited = (seconds?: number) => status(429, seconds === undefined ? {} : { 'retry-after': String(seconds) })

  it.each([
    [
      '429 everywhere is one, with the shortest wait',
      [limited(30), limited(20)],
      { code: 'upstream_rate_limited', status: 429, retryAfterMs: 20_000 },
    ],
    [
      'a wait of more than a minute is a minute',
      [limited(90)],
      { code: 'upstream_rate_limited', retryAfterMs: 60_000 },
    ],
    ['one 429 among others is none', [limited(30), status(500)], { code: 'upstream_failed', status: 502 }],
    ['nobody there', [unreachable], { code: 'upstream_failed' }],
    ['a 3xx', [status(302)], { code: 'upstream_failed', status: 502 }],
    ['a missing model', [json('', 404)], { code: 'upstream_failed', status: 502 }],
  ] as [string, Script[], object][])('%s', async (_, scripts, expected) => {
    const { run } = over(
      scripts.map((script, index) => [`m${index}`, [script]] as const),
      { retries: 0 },
    )
    const outcome = await run()
    expect(outcome).toMatchObject({ kind: 'failed', refusal: expected })
    expect(JSON.stringify(outcome)).not.toContain('oops')
  })

  it('nothing of a wait that nobody named', async () => {
    const outcome = await over([['a', [limited()]]], { retries: 0 }).run()
    expect(outcome).toMatchObject({ refusal: { code: 'upstream_rate_limited' } })
    expect(outcome).not.toHaveProperty('refusal.retryAfterMs')
  })
})

describe('a spare credential', () => {
  const withSpare = (scripts: readonly Script[]) => {
    const made = over([
      ['a', scripts],
      ['b', [ok]],
    ])
    const [first, ...rest] = made.plan.candidates
    if (first === undefined) throw new Error('no candidate')
    const spare = { ...first.credentials, identity: 'spare' }
    return { ...made, plan: { ...made.plan, candidates: [{ ...first, spare }, ...rest] } }
  }
  const asking = async (scripts: readonly Script[]) => {
    const { services, plan, client, asked, clock } = withSpare(scripts)
    const pending = dispatch(services, requestOf(), plan, client.signal)
    for (let rounds = 0; rounds < 20; rounds += 1) await clock.advance(50)
    return { outcome: await pending, asked: asked(), services, now: clock.now() }
  }

  it('is tried at once where the first was refused, before another target', async () => {
    const { outcome, asked, services, now } = await asking([status(401), ok])
    expect(outcome).toMatchObject({ kind: 'whole', attempts: 2, target: { id: 'p/a' } })
    expect(asked).toEqual(['a', 'a'])
    expect([services.health.isDead('p/a', now), services.health.isDead('spare', now)]).toEqual([true, false])
  })

  it('is of no use where it is refused too, or where something else was wrong', async () => {
    expect((await asking([status(403)])).asked).toEqual(['a', 'a', 'b'])
    expect((await asking([status(429)])).asked).toEqual(['a', 'b'])
  })
})

it('counts no attempt where there was nothing to call, and goes on at once', async () => {
  const { run, services, plan } = over([
    ['a', [ok]],
    ['b', [ok]],
  ])
  const [first] = plan.candidates
  const gone = { replicas: [{ id: 'r', url: 'https://r.test', state: 'disabled' }] }
  if (first !== undefined) Object.assign(first.target, { provider: { ...first.target.provider, pool: gone } })
  expect(await run()).toMatchObject({ kind: 'whole', attempts: 1, target: { id: 'p/b' } })
  const told = { event: 'attempt-failed', target: 'p/a', fault: 'unplaced', why: 'none' }
  expect(services.lines).toMatchObject([{ event: 'pool-out-of-reach', pool: 'p' }, told])
})

describe('what a provider has reported before it failed', () => {
  const spent = { usage: { prompt_tokens: 11, completion_tokens: 4 } }
  const used = { inputTokens: 11, outputTokens: 4, source: 'provider' }
  const failing = json(JSON.stringify({ error: { message: 'oops' }, ...spent }), 500)

  it.each([
    ['in an error reply', failing, false],
    ['in a 200 that is an error', json(JSON.stringify({ error: { message: 'oops' }, ...spent })), false],
    ['in a stream that was cut', sse([role(), event({ choices: [], ...spent })], 'cut'), true],
    ['in a stream before its error', sse([event({ choices: [], ...spent }), event({ error: {} })]), true],
  ] as [string, Script, boolean][])('%s is told', async (_, script, stream) => {
    const { run } = over([['a', [script]]], { retries: 0 }, { stream })
    expect(await run()).toMatchObject({ kind: 'failed', usage: used })
  })

  it('is of the target tried last, as its price is', async () => {
    const { run } = over([
      ['a', [failing]],
      ['b', [status(500)]],
    ])
    expect(await run()).toMatchObject({ kind: 'failed', target: { id: 'p/b' }, usage: null })
  })
})
