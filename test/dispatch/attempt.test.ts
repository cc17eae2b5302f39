/** One attempt: what counts as a whole answer, what as a fault and whose, and that nothing is left running. */
import { describe, expect, it } from 'vitest'
import {
  UPSTREAM_ERROR_BYTES_MAX,
  UPSTREAM_REPLY_AT_ONCE_BYTES_MAX,
  UPSTREAM_REPLY_BYTES_MAX,
} from '../../src/core/limits.ts'
import { attempt } from '../../src/dispatch/attempt.ts'
import { begun, faultOf, IDLE_MS } from '../support/attempt.ts'
import * as path from '../support/path.ts'
import { DONE, providerError, text, whole } from '../support/wire.ts'

describe('a whole reply', () => {
  it('is handed on as it came, with its usage and the headers that go on', async () => {
    const headers = { 'openai-processing-ms': '12', 'openai-version': 'v1', 'x-request-id': 'up-1', 'x-other': 'no' }
    const { result, judged, listening, clock, provider } = begun(path.json(whole('zażółć'), 200, headers))
    const answer = await result
    if (answer.kind !== 'whole') throw new Error(answer.kind)
    expect(typeof answer.body === 'string' ? answer.body : new TextDecoder().decode(answer.body)).toBe(whole('zażółć'))
    expect(answer).toMatchObject({
      usage: { inputTokens: 11, outputTokens: 7 },
      headers: { processingMs: '12', version: 'v1', requestId: 'up-1' },
      droppedParams: [],
    })
    expect(judged).toEqual(['answered'])
    expect(listening()).toBe(0)
    expect(clock.timers).toBe(0)
    expect(provider.calls[0]?.signal.aborted).toBe(false)
  })

  it('may come in parts, with no usage, and the id of the request under another name', async () => {
    const answer = JSON.stringify({ choices: [{ message: { content: '日本' } }] })
    const bytes = [...new TextEncoder().encode(answer)].map((byte) => new Uint8Array([byte]))
    const { result } = begun(path.reply(201, { 'content-type': 'application/vnd.x+json', 'request-id': 'up-2' }, bytes))
    const settled = await result
    expect(settled).toMatchObject({ kind: 'whole', headers: { requestId: 'up-2', version: null } })
    // Never nothing: an answer that was given was paid for.
    expect(settled).toMatchObject({ usage: { source: 'estimated', inputTokens: 100, outputTokens: 5 } })
    expect(settled.kind === 'whole' && settled.body).toEqual(new TextEncoder().encode(answer))
  })

  it('is read at once where it is short and not compressed, and part by part otherwise', async () => {
    const answering = (headers: Record<string, string>): path.Script => {
      const parts = path.json(whole('parts'), 200, headers)
      return async (call) => ({ ...(await parts(call)), text: async () => whole('at once') })
    }
    const read = async (headers: Record<string, string>) => {
      const settled = await begun(answering(headers)).result
      return settled.kind === 'whole' && typeof settled.body === 'string'
    }
    expect(await read({ 'content-length': String(UPSTREAM_REPLY_AT_ONCE_BYTES_MAX) })).toBe(true)
    expect(await read({ 'content-length': String(UPSTREAM_REPLY_AT_ONCE_BYTES_MAX + 1) })).toBe(false)
    expect(await read({ 'content-length': '100', 'content-encoding': 'gzip' })).toBe(false)
    expect(await read({})).toBe(false)
  })

  it.each([
    ['HTML', path.reply(200, { 'content-type': 'text/html' }, [whole('a')])],
    ['no content type', path.reply(200, {}, [whole('a')])],
    ['a stream', path.sse([text('a') + DONE])],
    ['an error with 200', path.json(providerError('oops'))],
    ['words for an error', path.json('{"error":"oops","choices":[]}')],
    ['another shape', path.json('{"data":[]}')],
    ['half a JSON', path.json('{"choices":[')],
    ['nothing', path.json('')],
  ])('that is %s is a failure', async (_, script) => {
    const { result, judged, provider } = begun(script)
    expect(await faultOf(result)).toMatchObject({ kind: 'failed', status: 200, retryAfterMs: null })
    expect(judged).toEqual(['failed'])
    expect(provider.calls[0]?.signal.aborted).toBe(true)
  })

  it('that is too large is a failure, and read no further', async () => {
    const part = new Uint8Array(UPSTREAM_REPLY_BYTES_MAX / 4)
    const { result, provider } = begun(
      path.reply(200, { 'content-type': 'application/json' }, [part, part, part, part, part], 'silence'),
    )
    expect(await faultOf(result)).toMatchObject({ kind: 'failed', why: 'answered with more than is taken' })
    expect(provider.calls[0]?.signal.aborted).toBe(true)
  })

  it('of embeddings has data instead of choices', async () => {
    const { result } = begun(path.json('{"data":[],"usage":{"prompt_tokens":3}}'), { operation: 'embeddings' })
    expect(await result).toMatchObject({ kind: 'whole', usage: { inputTokens: 3 } })
  })
})

describe('an error reply', () => {
  it('is classified by status and body, with the secrets blanked and its wait', async () => {
    const { result, judged } = begun(path.json(providerError('bad value'), 422))
    expect(await faultOf(result)).toEqual({ kind: 'rejected', status: 422, message: 'bad value', param: null })
    expect(judged).toEqual(['answered'])
    const limited = begun(path.json('', 429, { 'retry-after': new Date(path.STARTED_AT_MS + 3000).toUTCString() }))
    expect(await faultOf(limited.result)).toMatchObject({ kind: 'rate-limited', retryAfterMs: 3000 })
    expect(limited.judged).toEqual(['overloaded'])
  })

  it.each([
    [500, 'failed', {}],
    [503, 'failed', {}],
    [503, 'overloaded', { 'retry-after': '2' }],
    [307, 'failed', {}],
    [401, 'answered', {}],
  ])('%i: the replica is judged to have %s', async (status, outcome, headers) => {
    const { result, judged } = begun(path.json('', status, headers))
    await faultOf(result)
    expect(judged).toEqual([outcome])
  })

  it('is read only so far', async () => {
    const long = JSON.stringify({ pad: 'p'.repeat(UPSTREAM_ERROR_BYTES_MAX), error: { message: 'words' } })
    const fault = await faultOf(begun(path.json(long, 400)).result)
    expect(fault).toMatchObject({ kind: 'rejected', message: 'The provider rejected the request.' })
    expect(await faultOf(begun(path.reply(400, {}, [long, 'more'], 'silence')).result)).toMatchObject({
      kind: 'rejected',
    })
  })

  it.each(['silence', 'cut'] as const)('is what its status says where its body ends in %s', async (end) => {
    const { result, clock } = begun(path.reply(500, {}, ['{"err'], end))
    await clock.advance(IDLE_MS)
    expect(await faultOf(result)).toMatchObject({ kind: 'failed', status: 500 })
    const limited = begun(path.reply(429, { 'retry-after': '3' }, [], end))
    await limited.clock.advance(IDLE_MS)
    expect(await faultOf(limited.result)).toMatchObject({ kind: 'rate-limited', retryAfterMs: 3000 })
    expect(limited.clock.timers).toBe(0)
  })

  it('means nothing to a client who left while it came', async () => {
    const { result, client, clock } = begun(path.reply(500, {}, ['{"err'], 'silence'))
    await clock.advance(0)
    client.abort()
    expect(await faultOf(result)).toEqual({ kind: 'cancelled' })
  })

  it('of a redirect is not read at all', async () => {
    expect(await faultOf(begun(path.reply(302, {}, [], 'silence')).result)).toMatchObject({
      kind: 'failed',
      status: 302,
    })
  })
})

it('nothing came back: failed, and the replica is to blame', async () => {
  const { result, judged, clock } = begun(path.unreachable)
  expect(await faultOf(result)).toEqual({ kind: 'failed', status: 0, retryAfterMs: null, why: 'could not be reached' })
  expect(judged).toEqual(['failed'])
  expect(clock.timers).toBe(0)
})

it('nothing can be called: no call, and said why', async () => {
  const { services } = begun(path.silent)
  const deployment = path.deploymentOf({
    providers: { p: { protocol: 'openai' } },
    models: { model: { targets: [{ provider: 'p', model: 'm' }] } },
  })
  const [candidate] = path.candidatesOf(deployment).candidates
  if (candidate === undefined) throw new Error('no candidate')
  services.providers.delete('openai')
  const clocks = { headersMs: 10, isCallers: false, idleMs: 10, totalAtMs: path.STARTED_AT_MS + 100 }
  const result = await attempt(services, candidate, path.requestOf(), clocks, null, new AbortController().signal)
  expect(result).toMatchObject({ kind: 'fault', fault: { kind: 'uncallable', why: 'no protocol openai' } })
})
