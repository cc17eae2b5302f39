/** One attempt at a stream: its commit point, its clocks, and a client that leaves in each phase. */
import { describe, expect, it } from 'vitest'
import { PROLOGUE_BYTES_MAX, PROLOGUE_EVENTS_MAX } from '../../src/core/limits.ts'
import { attempt } from '../../src/dispatch/attempt.ts'
import { begun, drained, faultOf, HEADERS_MS, IDLE_MS, liveOf, streamed } from '../support/attempt.ts'
import * as path from '../support/path.ts'
import { DONE, event, finish, providerError, role, text, usage, whole } from '../support/wire.ts'

describe('a stream', () => {
  it('commits on its first content; the prologue goes out before it', async () => {
    const { result, judged, listening } = streamed(path.sse([role(), text('Hello'), finish() + usage(), DONE]))
    const live = await liveOf(result)
    expect(judged).toEqual(['first'])
    const { said, ended } = await drained(live)
    expect(said).toBe(role() + text('Hello') + finish() + DONE)
    expect(ended).toMatchObject({ kind: 'finished', usage: { outputTokens: 7 } })
    expect(judged).toEqual(['first', 'answered'])
    expect(listening()).toBe(0)
  })

  it('is one however its content type is spelt', async () => {
    const headers = { 'content-type': 'Text/Event-Stream;charset=UTF-8' }
    const live = await liveOf(streamed(path.reply(200, headers, [text('a'), DONE])).result)
    expect((await drained(live)).said).toBe(text('a') + DONE)
  })

  it('keeps the usage event for a client that asked', async () => {
    const { result } = streamed(path.sse([text('a') + usage(), DONE]), { wantsUsage: true })
    expect((await drained(await liveOf(result))).said).toBe(text('a') + usage() + DONE)
  })

  it.each([
    ['another content type', path.json(providerError('oops')), 'answered a stream with another content type'],
    ['no content type', path.reply(200, {}, [text('a')]), 'answered a stream with no content type'],
    ['an error first', path.sse([role() + event({ error: { message: 'oops' } })]), 'answered a stream with an error'],
    ['an end before content', path.sse([role(), ': ping\n\n']), 'ended before its first content'],
    [
      'no body',
      async () => ({ status: 200, headers: new Headers(path.SSE_TYPE), body: null, droppedParams: [] }),
      'answered a stream with no body',
    ],
  ] as [string, path.Script, string][])('with %s is a failure', async (_, script, why) => {
    const { result, judged, clock } = streamed(script)
    expect(await faultOf(result)).toEqual({ kind: 'failed', status: 200, retryAfterMs: null, why })
    expect(judged).toEqual(['failed'])
    expect(clock.timers).toBe(0)
  })

  it('cut before its first content could not be reached', async () => {
    expect(await faultOf(streamed(path.sse([role()], 'cut')).result)).toMatchObject({ kind: 'failed', status: 0 })
  })

  it('with an error beside its first content has committed, and breaks', async () => {
    const { result, judged } = streamed(path.sse([text('a') + event({ error: { message: 'oops' } })]))
    expect(await drained(await liveOf(result))).toMatchObject({ said: text('a'), ended: { kind: 'broken' } })
    expect(judged).toEqual(['first', 'failed'])
  })

  it('of nothing but `[DONE]` is an answer', async () => {
    expect((await drained(await liveOf(streamed(path.sse([DONE])).result))).ended.kind).toBe('finished')
  })

  it('commits at the bound of its prologue: so many events, or so many bytes', async () => {
    const events = streamed(path.sse([...Array.from({ length: PROLOGUE_EVENTS_MAX }, role)], 'silence'))
    expect(await (await liveOf(events.result)).next()).toBeInstanceOf(Uint8Array)
    const fewer = streamed(path.sse([...Array.from({ length: PROLOGUE_EVENTS_MAX - 1 }, role)]))
    expect(await faultOf(fewer.result)).toMatchObject({ kind: 'failed' })
    const held = streamed(path.sse([`data: {"pad":"${'p'.repeat(PROLOGUE_BYTES_MAX)}`], 'silence'))
    expect((await held.result).kind).toBe('stream')
    const passed = streamed(path.sse([`: ${'p'.repeat(PROLOGUE_BYTES_MAX)}\n\n`], 'silence'))
    expect((await passed.result).kind).toBe('stream')
  })
})

describe('the clocks', () => {
  it('headers that never come time out', async () => {
    const { result, clock, judged, provider } = begun(path.silent)
    await clock.advance(HEADERS_MS - 1)
    expect(provider.calls[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(await faultOf(result)).toEqual({ kind: 'timeout', expiry: 'headers' })
    expect(judged).toEqual(['failed'])
    expect(clock.timers).toBe(0)
  })

  it('the first content must come within the same time, whatever came before it', async () => {
    const { result, clock } = streamed(path.sse([role()], 'silence'))
    await clock.advance(HEADERS_MS)
    expect(await faultOf(result)).toMatchObject({ kind: 'timeout' })
  })

  it("missing the caller's own, shorter clock is no fault of the replica", async () => {
    const { result, clock, judged } = begun(path.silent, {}, { isCallers: true })
    await clock.advance(HEADERS_MS)
    expect(await faultOf(result)).toEqual({ kind: 'timeout', expiry: 'caller' })
    expect(judged).toEqual(['unknown'])
  })

  it('the total is the last word, and no fault of the replica', async () => {
    const { result, clock, judged } = begun(path.silent, {}, { totalMs: 300 })
    await clock.advance(300)
    expect(await faultOf(result)).toEqual({ kind: 'timeout', expiry: 'total' })
    expect(judged).toEqual(['unknown'])
  })

  it('a whole reply that falls silent times out, however fast its headers came', async () => {
    const { result, clock } = begun(path.reply(200, { 'content-type': 'application/json' }, ['{"choi'], 'silence'))
    await clock.advance(IDLE_MS)
    expect(await faultOf(result)).toEqual({ kind: 'timeout', expiry: 'idle' })
  })

  it('silence after the commit point breaks the stream', async () => {
    const { result, clock } = streamed(path.sse([text('a')], 'silence'))
    const live = await liveOf(result)
    await live.next()
    const next = live.next()
    await clock.advance(IDLE_MS)
    expect(await next).toMatchObject({ kind: 'broken', code: 'upstream_timeout' })
  })
})

describe('a client that leaves', () => {
  it('before anything was asked: nothing is asked', async () => {
    const provider = path.scriptedProvider({ m: [path.json(whole('a'))] })
    const services = path.pathServices(provider)
    const deployment = path.deploymentOf({
      providers: { p: { protocol: 'openai' } },
      models: { model: { targets: [{ provider: 'p', model: 'm' }] } },
    })
    const [candidate] = path.candidatesOf(deployment).candidates
    const clocks = { headersMs: 1, isCallers: false, idleMs: 1, totalAtMs: path.STARTED_AT_MS + 1 }
    if (candidate === undefined) throw new Error('no candidate')
    const result = await attempt(services, candidate, path.requestOf(), clocks, null, AbortSignal.abort())
    expect(result).toEqual({ kind: 'fault', fault: { kind: 'cancelled' }, usage: null })
    expect(provider.calls).toEqual([])
  })

  it.each([
    ['while headers are awaited', path.silent, false],
    [
      'in the middle of a whole reply',
      path.reply(200, { 'content-type': 'application/json' }, ['{"ch'], 'silence'),
      false,
    ],
    ['before the first token', path.sse([role()], 'silence'), true],
  ] as [string, path.Script, boolean][])('%s: the upstream is stopped', async (_, script, stream) => {
    const { result, client, provider, clock, judged, listening } = begun(script, { stream })
    await clock.advance(10)
    client.abort()
    expect(await faultOf(result)).toEqual({ kind: 'cancelled' })
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(judged).toEqual(['unknown'])
    expect(listening()).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('mid-stream: the upstream is stopped though nobody pulls', async () => {
    const { result, client, provider, judged } = streamed(path.sse([text('a')], 'silence'))
    const live = await liveOf(result)
    client.abort()
    expect(provider.calls[0]?.signal.aborted).toBe(true)
    expect(await live.ended).toMatchObject({ kind: 'cancelled' })
    expect(judged).toEqual(['first', 'answered'])
  })
})
