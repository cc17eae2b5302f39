/** A committed stream: every byte that comes, and exactly one end, whoever brings it about. */
import { describe, expect, it } from 'vitest'
import { Deadline } from '../../src/dispatch/deadline.ts'
import { EventCutter } from '../../src/dispatch/event-cutter.ts'
import { type Ended, LiveStream } from '../../src/dispatch/live-stream.ts'
import { manualClock, turn } from '../support/manual-clock.ts'
import { scriptedBody } from '../support/path.ts'
import { DONE, event, finish, text, usage } from '../support/wire.ts'

const encoder = new TextEncoder()
const IDLE_MS = 500
const TOTAL_MS = 10_000
const ERROR = event({ error: { message: 'broken' } })

/** A stream past its commit point: `prologue` has been read of its upstream already. */
function committed(prologue = text('Hello'), options: { broken?: boolean; wantsUsage?: boolean } = {}) {
  const clock = manualClock()
  const controller = new AbortController()
  const upstream = scriptedBody(controller.signal)
  const cutter = new EventCutter(options.wantsUsage !== true)
  const first = cutter.push(encoder.encode(prologue))
  const released: string[] = []
  const client = { left: false }
  const deadline = new Deadline(clock, clock.now() + TOTAL_MS, IDLE_MS, () => {
    live.expired()
    controller.abort()
  })
  const live: LiveStream = new LiveStream({
    reader: upstream.body.getReader(),
    cutter,
    deadline,
    clock,
    idleMs: IDLE_MS,
    prologue: first.bytes,
    broken: options.broken ?? false,
    requestBytes: 40,
    abort: () => controller.abort(),
    clientLeft: () => client.left,
    release: (outcome) => released.push(outcome),
  })
  const settled: Ended[] = []
  live.ended.then((ended) => settled.push(ended))
  return { live, upstream, clock, controller, client, released, settled }
}

/** Pulls until the end. */
async function drained(live: LiveStream): Promise<{ said: string; ended: Ended }> {
  const decoder = new TextDecoder()
  let said = ''
  for (;;) {
    const next = await live.next()
    if (!(next instanceof Uint8Array)) return { said, ended: next }
    expect(next.length).toBeGreaterThan(0)
    said += decoder.decode(next, { stream: true })
  }
}

const provided = { inputTokens: 11, outputTokens: 7, source: 'provider' }
const estimated = (outputTokens: number) => ({ inputTokens: 10, outputTokens, source: 'estimated' })

describe('an answer that is finished', () => {
  it('passes every byte, the prologue first, and tells its usage', async () => {
    const { live, upstream, released, settled, controller, clock } = committed()
    for (const piece of [text(' you'), finish(), usage(), DONE]) upstream.send(piece)
    upstream.close()
    const { said, ended } = await drained(live)
    expect(said).toBe(text('Hello') + text(' you') + finish() + DONE)
    expect(ended).toEqual({ kind: 'finished', usage: expect.objectContaining(provided), code: null })
    await turn()
    expect(settled).toEqual([ended])
    expect(released).toEqual(['answered'])
    expect(controller.signal.aborted).toBe(false)
    expect(clock.timers).toBe(0)
    expect(await live.next()).toBe(ended)
  })

  it('keeps the usage event for a client that asked', async () => {
    const { live, upstream } = committed('', { wantsUsage: true })
    for (const piece of [text('a'), usage(), DONE]) upstream.send(piece)
    upstream.close()
    expect((await drained(live)).said).toBe(text('a') + usage() + DONE)
  })

  it('has an estimated usage where the provider never says', async () => {
    const { live, upstream } = committed()
    upstream.send(text('b') + finish() + DONE)
    upstream.close()
    expect((await drained(live)).ended).toMatchObject({ kind: 'finished', usage: estimated(3) })
  })

  it('passes what comes after `[DONE]`, for a second at most', async () => {
    const { live, upstream, clock, controller } = committed()
    upstream.send(DONE)
    const rest = drained(live)
    await clock.advance(900)
    upstream.send(': the end\n\n')
    await clock.advance(999)
    expect(controller.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(controller.signal.aborted).toBe(true)
    const { said, ended } = await rest
    expect(said).toBe(`${text('Hello')}${DONE}: the end\n\n`)
    expect(ended).toMatchObject({ kind: 'finished', code: null })
  })

  it('may end on `[DONE]` without a blank line', async () => {
    const { live, upstream } = committed()
    upstream.send('data: [DONE]')
    upstream.close()
    const { said, ended } = await drained(live)
    expect(said).toBe(`${text('Hello')}data: [DONE]`)
    expect(ended.kind).toBe('finished')
  })

  it('is finished though the connection is lost, the client leaves or an error follows, once `[DONE]` is out', async () => {
    const lost = committed()
    lost.upstream.send(DONE)
    expect(await lost.live.next()).toBeInstanceOf(Uint8Array)
    expect(await lost.live.next()).toBeInstanceOf(Uint8Array)
    lost.upstream.fail()
    expect(await lost.live.next()).toMatchObject({ kind: 'finished', code: null })
    const left = committed(text('a') + DONE)
    left.live.cancel()
    expect(await left.live.ended).toMatchObject({ kind: 'finished' })
    expect(left.controller.signal.aborted).toBe(true)
    const erring = committed()
    erring.upstream.send(DONE + ERROR)
    expect(await drained(erring.live)).toMatchObject({
      said: text('Hello') + DONE,
      ended: { kind: 'finished', code: null },
    })
  })
})

describe('an answer that breaks', () => {
  it.each([
    ['cut between events', (upstream: ReturnType<typeof scriptedBody>) => upstream.fail()],
    ['closed without `[DONE]`', (upstream: ReturnType<typeof scriptedBody>) => upstream.close()],
  ])('%s', async (_, end) => {
    const { live, upstream, released, settled, clock } = committed()
    expect(await live.next()).toBeInstanceOf(Uint8Array)
    end(upstream)
    const ended = await live.next()
    expect(ended).toEqual({ kind: 'broken', usage: expect.objectContaining(estimated(1)), code: 'upstream_failed' })
    await turn()
    expect(settled).toEqual([ended])
    expect(released).toEqual(['failed'])
    expect(clock.timers).toBe(0)
  })

  it('by an error event: what stood before it goes out, nothing of it does, and the upstream is stopped', async () => {
    const { live, upstream, controller, released } = committed()
    upstream.send(text(' you') + ERROR + text('never'))
    expect(await drained(live)).toMatchObject({
      said: text('Hello') + text(' you'),
      ended: { kind: 'broken', code: 'upstream_failed', usage: estimated(3) },
    })
    expect(controller.signal.aborted).toBe(true)
    expect(released).toEqual(['failed'])
    const alone = committed()
    alone.upstream.send(ERROR)
    expect((await drained(alone.live)).ended).toMatchObject({ kind: 'broken', code: 'upstream_failed' })
    expect(alone.controller.signal.aborted).toBe(true)
  })

  it('by an error that came with the first content: the prologue goes out first', async () => {
    const { live, controller } = committed(text('Hello') + ERROR, { broken: true })
    expect(await drained(live)).toMatchObject({ said: text('Hello'), ended: { kind: 'broken' } })
    expect(controller.signal.aborted).toBe(true)
  })

  it('by silence: it has timed out, the clock counted from each pull', async () => {
    const { live, upstream, clock, controller } = committed()
    await live.next()
    await clock.advance(5 * IDLE_MS)
    expect(controller.signal.aborted).toBe(false)
    const second = live.next()
    await clock.advance(IDLE_MS - 1)
    upstream.send(text('late'))
    expect(await second).toBeInstanceOf(Uint8Array)
    const third = live.next()
    await clock.advance(IDLE_MS - 1)
    expect(controller.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(await third).toMatchObject({ kind: 'broken', code: 'upstream_timeout' })
  })

  it('by the total, though nobody pulls', async () => {
    const { live, upstream, clock, controller } = committed()
    await live.next()
    upstream.send(text(' you'))
    await live.next()
    await clock.advance(TOTAL_MS - 1)
    expect(controller.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(controller.signal.aborted).toBe(true)
    expect(await live.next()).toMatchObject({ kind: 'broken', code: 'upstream_timeout' })
  })

  it('inside an event says so, and holds back what it must', async () => {
    const { live, upstream } = committed()
    await live.next()
    expect(live.isInsideEvent).toBe(false)
    upstream.send('data: {"choices":[{"delta":{"con')
    expect(await live.next()).toBeInstanceOf(Uint8Array)
    expect(live.isInsideEvent).toBe(true)
    upstream.fail()
    expect(await live.next()).toMatchObject({ kind: 'broken' })
    expect(live.isInsideEvent).toBe(true)
  })
})

describe('an answer that is cancelled', () => {
  it('stops the upstream, ends the pull under way, and settles once', async () => {
    const { live, upstream, controller, released, settled, clock } = committed()
    await live.next()
    upstream.send(usage())
    const pull = live.next()
    await turn()
    live.cancel()
    expect(controller.signal.aborted).toBe(true)
    const ended = await pull
    expect(ended).toMatchObject({ kind: 'cancelled', code: null, usage: provided })
    live.cancel()
    expect(await live.next()).toBe(ended)
    await turn()
    expect(settled).toEqual([ended])
    expect(released).toEqual(['answered'])
    expect(clock.timers).toBe(0)
  })

  it('has used what came after the provider last said anything, too', async () => {
    const { live, upstream } = committed(event({ choices: [], usage: { prompt_tokens: 11 } }) + text('a'))
    await live.next()
    for (const piece of [text('b'), text('c')]) {
      upstream.send(piece)
      await live.next()
    }
    live.cancel()
    expect(await live.ended).toMatchObject({ usage: { inputTokens: 11, outputTokens: 3, source: 'estimated' } })
  })

  it('by a client whose leaving aborted the read', async () => {
    const { live, client, controller } = committed()
    await live.next()
    client.left = true
    controller.abort()
    expect(await live.next()).toMatchObject({ kind: 'cancelled', code: null, usage: estimated(1) })
  })

  it('after its end stays what it was', async () => {
    const { live, upstream, controller } = committed()
    upstream.send(DONE)
    upstream.close()
    await drained(live)
    live.cancel()
    expect(await live.ended).toMatchObject({ kind: 'finished' })
    expect(controller.signal.aborted).toBe(false)
  })
})
