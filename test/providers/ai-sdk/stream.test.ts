/** Streams that are cut, break, are left or read slowly. (Whole ones: recorded.test.ts.) */
import { describe, expect, it } from 'vitest'
import { accumulated, callOf, eventsOf, inPieces, provider, sse, textOf, upstream } from '../support.ts'

const encoder = new TextEncoder()
const body = { stream: true, messages: [{ role: 'user', content: 'Hi' }] }

const start = `event: message_start\ndata: ${JSON.stringify({
  type: 'message_start',
  message: {
    id: 'msg_1',
    model: 'claude-x',
    type: 'message',
    role: 'assistant',
    content: [],
    usage: { input_tokens: 5, output_tokens: 1 },
  },
})}\n\n`
const block = (index: number, content_block: object) =>
  `event: content_block_start\ndata: ${JSON.stringify({ type: 'content_block_start', index, content_block })}\n\n`
const delta = (index: number, inner: object) =>
  `event: content_block_delta\ndata: ${JSON.stringify({ type: 'content_block_delta', index, delta: inner })}\n\n`
const blockStop = (index: number) =>
  `event: content_block_stop\ndata: ${JSON.stringify({ type: 'content_block_stop', index })}\n\n`
const end = (reason: string) =>
  `event: message_delta\ndata: ${JSON.stringify({ type: 'message_delta', delta: { stop_reason: reason }, usage: { output_tokens: 9 } })}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n`
const text = (value: string) => delta(0, { type: 'text_delta', text: value })
const opened = start + block(0, { type: 'text', text: '' })

async function made(bytes: string) {
  const reply = await provider('anthropic').call(callOf({ outgoing: upstream(() => sse(bytes)).outgoing, body }))
  return { reply, ...(await eventsOf(reply)) }
}

describe('cut and broken streams', () => {
  it('a tool call cut off before its first argument keeps none: nothing is made up', async () => {
    const { chunks, isDone } = await made(
      start +
        block(0, { type: 'tool_use', id: 'toolu_1', name: 'search', input: {} }) +
        blockStop(0) +
        end('max_tokens'),
    )
    expect(isDone).toBe(true)
    expect(accumulated(chunks)).toMatchObject({ calls: [{ name: 'search', arguments: '' }], finish: 'length' })
  })

  it('a tool call cut off in its arguments stays as far as it came', async () => {
    const { chunks } = await made(
      start +
        block(0, { type: 'tool_use', id: 'toolu_1', name: 'search', input: {} }) +
        delta(0, { type: 'input_json_delta', partial_json: '{"q": "wea' }) +
        blockStop(0) +
        end('max_tokens'),
    )
    expect(accumulated(chunks)).toMatchObject({ calls: [{ arguments: '{"q": "wea' }], finish: 'length' })
  })

  it('a call without arguments that something follows was complete', async () => {
    const call = (index: number) =>
      block(index, { type: 'tool_use', id: `toolu_${index}`, name: `t${index}`, input: {} }) + blockStop(index)
    const { chunks } = await made(start + call(0) + call(1) + end('max_tokens'))
    expect(accumulated(chunks).calls).toMatchObject([{ arguments: '{}' }, { arguments: '' }])
  })

  it('an error in mid-stream is one error event, last, without [DONE]', async () => {
    const failed = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    const { chunks, isDone } = await made(opened + text('Hel') + failed + text('lo') + end('end_turn'))
    expect(isDone).toBe(false)
    expect(accumulated(chunks)).toMatchObject({ content: 'Hel', finish: null })
    expect(chunks.at(-1)).toEqual({
      error: { message: 'Overloaded', type: 'api_error', param: null, code: null, status: 503 },
    })
    expect(chunks.filter((chunk) => chunk.error !== undefined)).toHaveLength(1)
  })

  it('a stream that just stops ends without [DONE] and without a finish reason', async () => {
    const { chunks, isDone } = await made(opened + text('Hel'))
    expect(isDone).toBe(false)
    expect(accumulated(chunks)).toMatchObject({ content: 'Hel', finish: null })
  })

  it('a Gemini stream that just stops does so too', async () => {
    const cut = 'data: {"candidates":[{"content":{"parts":[{"text":"Hel"}],"role":"model"}}]}\r\n\r\n'
    const reply = await provider('google').call(callOf({ outgoing: upstream(() => sse(cut)).outgoing, body }))
    const { chunks, isDone } = await eventsOf(reply)
    expect(isDone).toBe(false)
    expect(accumulated(chunks)).toMatchObject({ content: 'Hel', finish: null })
  })

  it('a malformed event breaks the stream with an error event', async () => {
    const { chunks, isDone } = await made(
      `${opened}${text('Hel')}event: content_block_delta\ndata: {"type":"content\n\n`,
    )
    expect(isDone).toBe(false)
    expect(chunks.at(-1)?.error).toMatchObject({ status: 502 })
  })

  it('a body that breaks off rejects the reader, and shows nothing of the request', async () => {
    let isFirst = true
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isFirst) controller.enqueue(encoder.encode(opened + text('Hel')))
        else controller.error(new TypeError('terminated'))
        isFirst = false
      },
    })
    const origin = upstream(() => new Response(broken, { headers: { 'content-type': 'text/event-stream' } }))
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body }))
    const error = await textOf(reply).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('Hi')
  })
})

describe('pace and cancel', () => {
  /** An endless upstream that counts what is pulled from it and knows when it is given up. */
  function endless() {
    const state = { pulled: 0, cancelled: false, aborted: false }
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          controller.enqueue(encoder.encode(state.pulled === 0 ? opened : text('x')))
          state.pulled += 1
        },
        cancel() {
          state.cancelled = true
        },
      },
      { highWaterMark: 0 },
    )
    const origin = upstream(({ signal }) => {
      signal.addEventListener('abort', () => {
        state.aborted = true
      })
      return new Response(source, { headers: { 'content-type': 'text/event-stream' } })
    })
    return { state, origin }
  }

  it('reads no further ahead than its reader', async () => {
    const { state, origin } = endless()
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body }))
    const reader = reply.body?.getReader()
    await reader?.read()
    await new Promise((resolve) => setImmediate(resolve))
    const before = state.pulled
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    expect(state.pulled).toBe(before)
    expect(before).toBeLessThan(20)
    await reader?.cancel()
  })

  it('gives the upstream up when the reader leaves', async () => {
    const { state, origin } = endless()
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body }))
    const reader = reply.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    expect(state.aborted).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(state.cancelled).toBe(true)
  })

  it("passes the attempt's signal on", async () => {
    const { state, origin } = endless()
    const attempt = new AbortController()
    const reply = await provider('google').call(callOf({ outgoing: origin.outgoing, body, signal: attempt.signal }))
    attempt.abort()
    expect(state.aborted).toBe(true)
    await reply.body?.cancel()
  })

  it('rejects with the reason when the attempt is over before anything came', async () => {
    const attempt = new AbortController()
    const asked = Promise.withResolvers<void>()
    const origin = upstream(({ signal }) => {
      asked.resolve()
      return new Promise<Response>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    })
    const pending = provider('anthropic').call(callOf({ outgoing: origin.outgoing, body, signal: attempt.signal }))
    await asked.promise
    attempt.abort(new Error('too late'))
    await expect(pending).rejects.toThrow('too late')
  })

  it('leaves the connection whole after the finish', async () => {
    let isAborted = false
    const origin = upstream(({ signal }) => {
      signal.addEventListener('abort', () => {
        isAborted = true
      })
      return new Response(inPieces(encoder.encode(opened + text('Hi') + end('end_turn')), [700]), {
        headers: { 'content-type': 'text/event-stream' },
      })
    })
    const reply = await provider('anthropic').call(callOf({ outgoing: origin.outgoing, body }))
    expect((await eventsOf(reply)).isDone).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isAborted).toBe(false)
  })
})
