/** Replies on their way to clients, seen. */
import { describe, expect, it } from 'vitest'
import { KEPT_ANSWER_BYTES_MAX } from '../../../src/core/limits.ts'
import type { Form } from '../../../src/core/wire.ts'
import type { FinalAnswer } from '../../../src/edge/kept/answer-reader.ts'
import { type HowEnded, seenReply } from '../../../src/edge/kept/seen-reply.ts'
import { chunk, end, written } from '../../support/messages-chunks.ts'
import { eventsOf } from '../../support/responses-stream.ts'
import { DONE, event, finish, role, stream, text, whole } from '../../support/wire.ts'

const UTF8 = new TextEncoder()
const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'x-sluice-target': 'up/m' }
const message = { type: 'message', id: 'm', role: 'assistant', content: [{ type: 'output_text', text: 'Hello ä' }] }
const response = { id: 'resp_1', object: 'response', status: 'completed', output: [message], error: null }
const STREAMS: Readonly<Record<Form, string>> = {
  openai: stream('Hello ä'),
  messages: written([chunk({ content: 'Hello ä' }), end('stop')]),
  responses: eventsOf(response)
    .map((one) => `event: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`)
    .join(''),
}
const BROKEN: Readonly<Record<Form, string>> = {
  openai: event({ error: { message: 'x' } }),
  messages: 'event: error\ndata: {"type":"error","error":{"message":"x"}}\n\n',
  responses: 'event: response.failed\ndata: {"type":"response.failed","response":{"status":"failed"}}\n\n',
}
const FORMS = Object.keys(STREAMS) as Form[]

interface Ended {
  readonly final: FinalAnswer | null
  readonly how: HowEnded
}

/** Sends a reply through, and what was told of its end. */
async function seen(reply: Response, form: Form, onEnd: (ended: Ended) => Promise<void> = () => Promise.resolve()) {
  const ended: Ended[] = []
  const work: Promise<unknown>[] = []
  const lines: unknown[] = []
  const passed = await seenReply(reply, form, {
    asked: {},
    headingId: 'h',
    background: (one) => void work.push(one),
    onEnd: (final, how) => {
      ended.push({ final, how })
      return onEnd({ final, how })
    },
    log: (line) => void lines.push(line),
  })
  return { passed, ended, lines, settle: () => Promise.all(work) }
}

/** A stream of these pieces; what is asked for is made then. */
const piecesOf = (
  pieces: readonly (string | Uint8Array)[],
  onCancel: () => void = () => {},
): ReadableStream<Uint8Array> => {
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[at++]
        if (piece === undefined) controller.close()
        else controller.enqueue(typeof piece === 'string' ? UTF8.encode(piece) : piece)
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  )
}

const saysHello = (final: FinalAnswer | null): boolean => JSON.stringify(final?.items).includes('"Hello ä"')

describe.each(FORMS)('a stream of %s', (form) => {
  const bytes = UTF8.encode(STREAMS[form])

  it('passes unchanged and is understood, cut in two at every byte', async () => {
    for (let at = 1; at < bytes.length; at += 1) {
      const reply = new Response(piecesOf([bytes.slice(0, at), bytes.slice(at)]), { headers: EVENT_STREAM })
      const { passed, ended, settle } = await seen(reply, form)
      expect(await passed.text()).toBe(STREAMS[form])
      await settle()
      expect(ended).toHaveLength(1)
      expect(ended[0]).toMatchObject({ how: 'finished', final: { status: 'completed', target: 'up/m' } })
      expect(saysHello(ended[0]?.final ?? null), `cut at ${at}`).toBe(true)
    }
  })

  it('holds its last event until its end is told, and nothing before it', async () => {
    const gate = Promise.withResolvers<void>()
    const { passed, ended, settle } = await seen(
      new Response(piecesOf([bytes]), { headers: EVENT_STREAM }),
      form,
      () => gate.promise,
    )
    const reader = passed.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
    const last = STREAMS[form].lastIndexOf('\n\n', STREAMS[form].length - 3) + 2
    let got = ''
    while (got.length < last) got += new TextDecoder().decode((await reader.read()).value)
    expect(got).toBe(new TextDecoder().decode(UTF8.encode(STREAMS[form].slice(0, last))))
    const next = reader.read()
    let isThere = false
    next.then(() => {
      isThere = true
    })
    await scheduler.wait(5)
    expect(isThere).toBe(false)
    expect(ended).toHaveLength(1)
    gate.resolve()
    expect(new TextDecoder().decode((await next).value)).toBe(STREAMS[form].slice(last))
    expect((await reader.read()).done).toBe(true)
    await settle()
  })

  it('that breaks, or is just over, is told as broken', async () => {
    const begun = STREAMS[form].slice(0, STREAMS[form].indexOf('\n\n') + 2)
    for (const all of [begun + BROKEN[form], begun, '']) {
      const { passed, ended, settle } = await seen(new Response(piecesOf([all]), { headers: EVENT_STREAM }), form)
      expect(await passed.text()).toBe(all)
      await settle()
      expect(ended).toEqual([{ final: null, how: 'broken' }])
    }
  })

  it('whose client leaves is cancelled', async () => {
    let isCancelled = false
    const begun = STREAMS[form].slice(0, STREAMS[form].indexOf('\n\n') + 2)
    const endless = piecesOf(Array(1000).fill(begun), () => {
      isCancelled = true
    })
    const { passed, ended, settle } = await seen(new Response(endless, { headers: EVENT_STREAM }), form)
    const reader = passed.body?.getReader()
    await reader?.read()
    await reader?.cancel()
    await settle()
    expect(isCancelled).toBe(true)
    expect(ended).toEqual([{ final: null, how: 'cancelled' }])
  })
})

describe('a stream', () => {
  it('is read no faster than its client reads', async () => {
    let asked = 0
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          asked += 1
          controller.enqueue(UTF8.encode(text('x')))
        },
      },
      { highWaterMark: 0 },
    )
    const { passed, settle } = await seen(new Response(body, { headers: EVENT_STREAM }), 'openai')
    await scheduler.wait(10)
    expect(asked).toBeLessThanOrEqual(2)
    await passed.body?.cancel()
    await settle()
  })

  it('whose source is gone was cancelled', async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(UTF8.encode(text('x'))),
      pull: (controller) => controller.error(new Error('gone')),
    })
    const { passed, ended, settle } = await seen(new Response(body, { headers: EVENT_STREAM }), 'openai')
    await expect(passed.text()).rejects.toThrow()
    await settle()
    expect(ended).toEqual([{ final: null, how: 'cancelled' }])
  })

  it('whose last event has no blank line has ended all the same', async () => {
    const all = stream('Hello ä').trimEnd()
    const { passed, ended, settle } = await seen(new Response(piecesOf([all]), { headers: EVENT_STREAM }), 'openai')
    expect(await passed.text()).toBe(all)
    await settle()
    expect(ended).toMatchObject([{ how: 'finished', final: { status: 'completed' } }])
  })

  it('goes on after its end', async () => {
    const all = `${STREAMS.responses}${DONE}: so\n\n`
    const { passed, ended, settle } = await seen(new Response(piecesOf([all]), { headers: EVENT_STREAM }), 'responses')
    expect(await passed.text()).toBe(all)
    await settle()
    expect(ended).toHaveLength(1)
  })

  it('too long to be kept goes to its client, and its end is told', async () => {
    const long = Array<string>(70).fill(text('x'.repeat(KEPT_ANSWER_BYTES_MAX / 64)))
    const pieces = [role(), ...long, finish(), DONE]
    const { passed, ended, settle } = await seen(new Response(piecesOf(pieces), { headers: EVENT_STREAM }), 'openai')
    expect((await passed.text()).length).toBe(pieces.join('').length)
    await settle()
    expect(ended).toEqual([{ final: null, how: 'finished' }])
  })

  it('with an event too long to be held passes as it is', async () => {
    const pieces = [role(), text('x'.repeat(2 * KEPT_ANSWER_BYTES_MAX)).slice(0, -2), '\n\n', finish(), DONE]
    const { passed, ended, settle } = await seen(new Response(piecesOf(pieces), { headers: EVENT_STREAM }), 'openai')
    expect((await passed.text()).length).toBe(pieces.join('').length)
    await settle()
    expect(ended).toEqual([{ final: null, how: 'finished' }])
  })

  it('is not lost when it could not be kept', async () => {
    const { passed, lines, settle } = await seen(
      new Response(piecesOf([STREAMS.openai]), { headers: EVENT_STREAM }),
      'openai',
      () => Promise.reject(new TypeError('secret')),
    )
    expect(await passed.text()).toBe(STREAMS.openai)
    await settle()
    expect(lines).toEqual([{ level: 'error', event: 'answer-not-kept', error: 'TypeError' }])
  })
})

describe('a whole reply', () => {
  const headers = { 'content-type': 'application/json', 'x-sluice-target': 'up/m' }

  it('is told before it is there, and goes on unchanged', async () => {
    const { passed, ended } = await seen(new Response(whole('Hello ä'), { headers }), 'openai')
    expect(ended).toMatchObject([{ how: 'finished', final: { target: 'up/m', items: [{ type: 'message' }] } }])
    expect(await passed.text()).toBe(whole('Hello ä'))
    expect(passed.headers.get('x-sluice-target')).toBe('up/m')
  })

  it('too long to be kept is told without', async () => {
    const { passed, ended } = await seen(new Response(whole('x'.repeat(KEPT_ANSWER_BYTES_MAX)), { headers }), 'openai')
    expect(ended).toEqual([{ how: 'finished', final: null }])
    expect((await passed.text()).length).toBeGreaterThan(KEPT_ANSWER_BYTES_MAX)
  })

  it('that is a refusal is broken, and one that nobody reads cancelled', async () => {
    const refused = await seen(new Response('{"error":{}}', { status: 429, headers }), 'openai')
    expect(refused.ended).toEqual([{ how: 'broken', final: null }])
    expect(refused.passed.status).toBe(429)
    expect((await seen(new Response(null, { status: 204 }), 'openai')).ended).toEqual([
      { how: 'cancelled', final: null },
    ])
  })
})
