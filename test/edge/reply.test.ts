/** A request answered in its skin's own words, whole or streamed; refused, or left by its client. */
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/edge/exchange.ts'
import { commonHeaders } from '../../src/edge/headers.ts'
import { KnownBodies } from '../../src/edge/known-bodies.ts'
import { reply } from '../../src/edge/reply.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { WrittenHeaders } from '../../src/edge/written-headers.ts'
import { entered, requestOf } from '../support/entered.ts'
import { DONE, finish, providerError, stream, text, whole } from '../support/wire.ts'
import { CONFIG, feed, type IsolateOptions, reading, silence, upstream } from '../support/worker.ts'

const HEADING = 'a'.repeat(32)
const SSE = { headers: { 'content-type': 'text/event-stream' } }

/** Answers a request of the skin at that path; `released` counts how often its body was given back. */
async function answering(path: keyof typeof SKINS, options: IsolateOptions, more: Partial<Exchange> = {}) {
  const at = await entered(options)
  let released = 0
  const { request = {}, ...rest } = more
  const exchange = {
    skin: SKINS[path],
    entry: at.entry,
    request: requestOf('priced', at.clock.now(), request),
    client: { signal: new AbortController().signal },
    headers: commonHeaders(new Headers()),
    release: () => void released++,
    text: null,
    ...rest,
  } as Exchange
  const edge = { ...at, known: new KnownBodies(), written: new WrittenHeaders() } as unknown as Parameters<
    typeof reply
  >[0]
  return { ...at, exchange, released: () => released, answer: () => at.soon(reply(edge, exchange)) }
}

describe('a whole answer', () => {
  it('of the skin’s own form goes out as it came', async () => {
    const at = await answering('/v1/chat/completions', { scripts: [upstream(whole('hi'))] })
    const answered = await at.answer()
    expect([answered.status, await answered.text()]).toEqual([200, whole('hi')])
    expect(Object.fromEntries(answered.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': at.exchange.headers['x-request-id'],
      'x-sluice-model': 'priced',
      'x-sluice-target': 'up/m',
      'x-sluice-attempts': '1',
      'x-sluice-cost-usd': '0.000092',
    })
    expect(at.released()).toBe(1)
    await at.settle()
  })

  it('of another is written in the skin’s words, with its headers', async () => {
    const at = await answering('/v1/messages', { scripts: [upstream(whole('hi'))] }, { headingId: HEADING })
    const answered = await at.answer()
    expect(await answered.json()).toMatchObject({
      id: `msg_${HEADING}`,
      type: 'message',
      model: 'priced',
      content: [{ type: 'text', text: 'hi' }],
    })
    expect(answered.headers.get('request-id')).toBe(at.exchange.headers['x-request-id'])
    await at.settle()
  })

  it('that was told of before was created then, any other when it is written', async () => {
    const script = upstream(whole('hi'))
    const told = await answering('/v1/responses', { scripts: [script] }, { headingId: HEADING })
    const beganS = Math.floor(told.clock.now() / 1000)
    await told.clock.advance(90_000)
    expect(await (await told.answer()).json()).toMatchObject({ id: `resp_${HEADING}`, created_at: beganS })
    await told.settle()
    const other = await answering('/v1/responses', { scripts: [script] })
    await other.clock.advance(90_000)
    const { created_at: createdS } = await (await other.answer()).json<{ created_at: number }>()
    expect(createdS).toBeGreaterThanOrEqual(beganS + 90)
    await other.settle()
  })
})

it.each([
  ['/v1/chat/completions', { error: { code: 'upstream_rejected' } }],
  ['/v1/messages', { type: 'error', error: { type: 'invalid_request_error' } }],
])('a refusal at %s is in the words of the skin', async (path, body) => {
  const at = await answering(path, { scripts: [upstream(providerError('No.'), { status: 400 })] })
  const answered = await at.answer()
  expect([answered.status, await answered.json()]).toMatchObject([400, body])
  expect(answered.headers.get('x-sluice-attempts')).toBe('1')
  expect(at.released()).toBe(1)
  await at.settle()
})

describe('a stream', () => {
  const request = { stream: true } as Exchange['request']

  it('goes out in the skin’s words, and is recorded at its end', async () => {
    const at = await answering(
      '/v1/messages',
      { scripts: [upstream(stream('hi'), SSE)] },
      { request, headingId: HEADING },
    )
    const answered = await at.answer()
    expect(answered.headers.get('content-type')).toContain('text/event-stream')
    const told = await at.soon(answered.text())
    expect(told).toContain(`"id":"msg_${HEADING}"`)
    expect(told).toContain('event: message_stop')
    expect(at.released()).toBe(1)
    expect(await at.rows()).toMatchObject([{ outcome: 'finished', usage: { outputTokens: 7 } }])
  })

  it('is stopped upstream when a write to its client fails, or its client has left', async () => {
    const leaving = new AbortController()
    for (const leave of ['write', 'signal']) {
      const fed = feed()
      const client = { signal: leave === 'signal' ? leaving.signal : new AbortController().signal }
      const at = await answering('/v1/chat/completions', { scripts: [fed.script] }, { request, client })
      fed.push(text('hi'))
      const read = reading(await at.answer())
      await read.next()
      if (leave === 'signal') leaving.abort()
      else {
        await read.leave()
        for (let turn = 0; turn < 9; turn += 1) fed.push(text('more'))
      }
      await at.settle()
      expect(at.calls[0]?.signal.aborted).toBe(true)
      expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
    }
  })

  it('that nobody reads is stopped upstream before there is an answer', async () => {
    const patient = { ...CONFIG.models.priced, timeouts: { firstTokenMs: 60_000, idleMs: 60_000 } }
    const config = { ...CONFIG, models: { ...CONFIG.models, priced: patient } }
    const at = await answering('/v1/chat/completions', { scripts: [silence], config }, { request })
    const read = reading(await at.answer())
    expect(await read.next()).toContain(': keep-alive')
    await read.leave()
    await at.settle()
    expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
  })
})

it('a client that has left before there was an answer is answered with nothing, and recorded', async () => {
  const client = { signal: AbortSignal.abort() }
  const at = await answering('/v1/chat/completions', { scripts: [upstream(finish() + DONE)] }, { client })
  const answered = await at.answer()
  expect([answered.status, await answered.text()]).toEqual([204, ''])
  expect(await at.rows()).toMatchObject([{ outcome: 'cancelled' }])
})
