/** The official `openai` package on responses in the background: begun, asked after, read on, cancelled, gone on from. */
import OpenAI from 'openai'
import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Call, ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, ROW_MS, setUp, type TestSluice } from '../support/sluice.ts'
import { DONE, finish, providerError, role, text, usage } from '../support/wire.ts'
import { answerChat } from './answering-origin.ts'

/** A response is made, kept and can be had within this time of its upstream's last word. */
const MADE_MS = 10_000
const WORDS = Array.from({ length: 30 }, (_, index) => `w${index} é世 `)
const NAMES = ['chat', 'held', 'refusing', 'broken', 'native']

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI
let other: OpenAI
/** Calls to `held` say some words, and the rest of them when the test lets go of them. */
const held = new Map<Call, () => void>()

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('native', answerChat)
  origin.on('refusing', (call) => call.reply(400, providerError('No such thing.')))
  origin.on('broken', async (call) => {
    await call.head(200)
    await call.write(role() + text('half '))
    call.reset()
  })
  origin.on('held', async (call) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    held.set(call, resolve)
    await call.head(200)
    await call.write(role())
    for (const word of WORDS.slice(0, 10)) await call.write(text(word))
    await Promise.race([promise, call.ended])
    for (const word of WORDS.slice(10)) await call.write(text(word))
    await call.end(finish() + usage() + DONE)
  })
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(
        NAMES.map((name) => [
          name,
          { protocol: 'openai', baseUrl: origin.url(name), ...(name === 'native' ? { responses: true } : {}) },
        ]),
      ),
      models: Object.fromEntries(
        NAMES.map((name) => [name, { targets: [{ provider: name, model: 'm' }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'other' }],
  })
  client = clientOf('app')
  other = clientOf('other')
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const clientOf = (tenant: string) =>
  new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf(tenant).key, maxRetries: 0 })
const begin = (model: string, more: object = {}): Promise<Response> =>
  client.responses.create({ model, input: 'hello', ...more, background: true, stream: false })
const gone = (id: string) => ({ status: 404, message: expect.stringContaining(`Response with id '${id}' not found.`) })

/** Asks after it, as SDKs are told to, until it has ended. */
const ended = ({ id }: { readonly id: string }): Promise<Response> =>
  eventually(`the end of ${id}`, MADE_MS, async () => {
    const response = await client.responses.retrieve(id)
    return ['queued', 'in_progress'].includes(response.status ?? '') ? undefined : response
  })

/** The newest call to `held`, once it has said its first words. */
const heldCall = async (before: number): Promise<Call> =>
  eventually('the call', MADE_MS, async () => origin.calls('held')[before])
const letGo = (call: Call): void => held.get(call)?.()

/** Reads a stream, up to the first event that is wanted. */
async function read(
  stream: AsyncIterable<ResponseStreamEvent>,
  isLast: (event: ResponseStreamEvent) => boolean = () => false,
): Promise<ResponseStreamEvent[]> {
  const events: ResponseStreamEvent[] = []
  for await (const event of stream) {
    events.push(event)
    if (isLast(event)) break
  }
  return events
}
const numbers = (events: readonly ResponseStreamEvent[]): number[] => events.map((event) => event.sequence_number)
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const said = (events: readonly ResponseStreamEvent[]): string =>
  events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('')

describe('a response in the background', () => {
  test.each(['chat', 'native'])('of the target %s is queued at once, and completed when it is made', async (model) => {
    const queued = await begin(model, { metadata: { a: 'b' }, instructions: 'Be brief.' })
    expect(queued).toMatchObject({
      object: 'response',
      status: 'queued',
      model,
      background: true,
      store: true,
      output: [],
      metadata: { a: 'b' },
      instructions: 'Be brief.',
    })
    const response = await ended(queued)
    expect(response).toMatchObject({
      id: queued.id,
      status: 'completed',
      background: true,
      store: true,
      metadata: { a: 'b' },
      output: [{ type: 'message', content: [{ type: 'output_text', text: 'You said: hello' }] }],
      usage: { input_tokens: 11, output_tokens: 7 },
      error: null,
    })
    expect(response.created_at).toBe(queued.created_at)
    const { data } = await client.responses.inputItems.list(queued.id)
    expect(data).toMatchObject([{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }])
  })

  test('is in progress while it is made, and its end is not waited for', async () => {
    const calls = origin.calls('held').length
    const queued = await begin('held')
    const call = await heldCall(calls)
    const made = await eventually('progress', MADE_MS, async () => {
      const response = await client.responses.retrieve(queued.id)
      return response.status === 'in_progress' ? response : undefined
    })
    expect(made).toMatchObject({ id: queued.id, output: [], background: true })
    letGo(call)
    expect((await ended(queued)).output_text).toBe(WORDS.join(''))
    expect(await call.ended).toMatchObject({ answered: true })
  })

  test('is gone on from when it has an answer, and not before', async () => {
    const calls = origin.calls('held').length
    const first = await begin('held')
    const call = await heldCall(calls)
    const next = { model: 'chat', input: 'more', previous_response_id: first.id }
    await expect(client.responses.create(next)).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
    letGo(call)
    await ended(first)
    const second = await client.responses.create({ ...next, background: true })
    expect(second).toMatchObject({ status: 'queued', previous_response_id: first.id })
    expect(await ended(second)).toMatchObject({ status: 'completed', previous_response_id: first.id })
    expect(origin.calls('chat').at(-1)?.json.messages).toMatchObject([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: WORDS.join('') },
      { role: 'user', content: 'more' },
    ])
  })

  test('has its row of usage', async () => {
    const { data: queued, response } = await client.responses
      .create({ model: 'chat', input: 'hello', background: true })
      .withResponse()
    expect(response.headers.get('x-sluice-stream')).toBe(queued.id)
    await ended(queued)
    const requestId = response.headers.get('x-request-id') ?? ''
    const row = await eventually('the row', ROW_MS, async () =>
      (await sluice.rows('app')).find((one) => one.requestId === requestId),
    )
    expect(row).toMatchObject({
      model: 'chat',
      outcome: 'finished',
      status: 200,
      attempts: 1,
      usage: { inputTokens: 11, outputTokens: 7, source: 'provider' },
    })
  })

  test('is begun once under an idempotency key', async () => {
    const calls = origin.calls('held').length
    const again = () =>
      client.responses.create(
        { model: 'held', input: 'once', background: true },
        { headers: { 'idempotency-key': 'one' } },
      )
    const [first, second] = await Promise.all([again(), again()])
    const call = await heldCall(calls)
    letGo(call)
    await ended(first)
    const third = await again()
    expect([second.id, third.id]).toEqual([first.id, first.id])
    expect(third).toMatchObject({ status: 'completed' })
    expect(await client.responses.retrieve(first.id)).toMatchObject({ output_text: WORDS.join('') })
    expect(origin.calls('held').length - calls).toBe(1)
    await expect(
      client.responses.create(
        { model: 'held', input: 'twice', background: true },
        { headers: { 'idempotency-key': 'one' } },
      ),
    ).rejects.toMatchObject({ status: 409 })
  })

  test('is nobody else’s', async () => {
    const { id } = await begin('chat')
    await ended({ id })
    await expect(other.responses.retrieve(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 404 })
    await expect(other.responses.cancel(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.inputItems.list(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.delete(id)).rejects.toMatchObject(gone(id))
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'completed' })
    await client.responses.delete(id)
    await expect(client.responses.retrieve(id)).rejects.toMatchObject(gone(id))
  })
})

describe('what has no answer', () => {
  test.each([
    ['refuses', 'refusing', { code: 'upstream_rejected', message: expect.stringContaining('No such thing.') }],
    ['breaks', 'broken', { code: 'server_error', message: expect.stringMatching(/\w/) }],
  ])('an upstream that %s makes it failed, with an error', async (_, model, error) => {
    const response = await ended(await begin(model))
    expect(response).toMatchObject({
      status: 'failed',
      background: true,
      output: [],
      error,
    })
    expect(await client.responses.cancel(response.id)).toMatchObject({ status: 'failed', error: response.error })
    await expect(
      client.responses.create({ model: 'chat', input: 'x', previous_response_id: response.id }),
    ).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
  })

  test('what can be told at once is refused at once', async () => {
    await expect(begin('nobody')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    await expect(begin('chat', { store: false })).rejects.toMatchObject({ status: 400, param: 'store' })
  })

  test('what cannot is told by how it failed', async () => {
    expect(await ended(await begin('chat', { previous_response_id: 'resp_none' }))).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_request', message: "Previous response with id 'resp_none' not found." },
    })
  })
})

describe('cancelled', () => {
  test('while it runs: its upstream is left, and it stays cancelled', async () => {
    const calls = origin.calls('held').length
    const { id } = await begin('held')
    const call = await heldCall(calls)
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled', background: true, error: null })
    expect((await call.ended).answered).toBe(false)
    expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
    expect(await client.responses.retrieve(id)).toMatchObject({ id, status: 'cancelled', output: [] })
    const row = await eventually('the row', MADE_MS, async () =>
      (await sluice.rows('app')).find(({ model, outcome }) => model === 'held' && outcome === 'cancelled'),
    )
    expect(row.status).toBe(200)
  })

  test('after its end: it stays as it is', async () => {
    const { id } = await begin('chat')
    const before = await ended({ id })
    const after = await client.responses.cancel(id)
    expect(after).toMatchObject({ id, status: 'completed', output: before.output })
    expect(await client.responses.retrieve(id)).toEqual(before)
  })
})

describe('streamed', () => {
  test('left and read on: every event once, in order, wherever it is cut', async () => {
    const calls = origin.calls('held').length
    const stream = await client.responses.create({ model: 'held', input: 'hello', background: true, stream: true })
    const had = await read(stream, (event) => event.type === 'response.output_text.delta')
    const call = await heldCall(calls)
    const [created] = had
    const id = created?.type === 'response.created' ? created.response.id : ''
    expect(created).toMatchObject({ response: { id: expect.stringMatching(/^resp_/), background: true, store: true } })
    const last = had.at(-1)?.sequence_number ?? -1
    const more = read(await client.responses.retrieve(id, { stream: true, starting_after: last }))
    letGo(call)
    const rest = await more
    expect(numbers([...had, ...rest])).toEqual(upTo(had.length + rest.length))
    expect(said([...had, ...rest])).toBe(WORDS.join(''))
    expect(rest.at(-1)).toMatchObject({ type: 'response.completed', response: { id, status: 'completed' } })
    expect((await call.ended).answered).toBe(true)
    expect(origin.calls('held').length - calls).toBe(1)
    const whole = await read(await client.responses.retrieve(id, { stream: true }))
    expect(whole).toEqual([...had, ...rest])
    for (const after of [0, 1, last, whole.length - 2, whole.length - 1]) {
      const part = await read(await client.responses.retrieve(id, { stream: true, starting_after: after }))
      expect(part).toEqual(whole.slice(after + 1))
    }
    const response = await client.responses.retrieve(id)
    expect(response).toMatchObject({ id, status: 'completed', background: true, store: true })
    expect(response.output_text).toBe(WORDS.join(''))
  })

  test('so is one that was begun without a stream', async () => {
    const { id } = await begin('chat')
    const events = await read(await client.responses.retrieve(id, { stream: true }))
    expect(numbers(events)).toEqual(upTo(events.length))
    expect(said(events)).toBe('You said: hello')
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { id, status: 'completed' } })
  })

  test('cancelled: its readers are told, once and last', async () => {
    const calls = origin.calls('held').length
    const stream = await client.responses.create({ model: 'held', input: 'hello', background: true, stream: true })
    const call = await heldCall(calls)
    const events: ResponseStreamEvent[] = []
    const reading = (async () => {
      for await (const event of stream) {
        events.push(event)
        if (event.type === 'response.created') await client.responses.cancel(event.response.id)
      }
    })()
    await reading.catch(() => undefined)
    expect((await call.ended).answered).toBe(false)
    expect(numbers(events)).toEqual(upTo(events.length))
    expect(events.filter(({ type }) => type === 'response.failed')).toHaveLength(1)
    expect(events.at(-1)?.type).toBe('response.failed')
    const [created] = events
    const id = created?.type === 'response.created' ? created.response.id : ''
    for (const after of [0, events.length - 2, events.length - 1]) {
      const part = await read(await client.responses.retrieve(id, { stream: true, starting_after: after }))
      expect(part).toEqual(events.slice(after + 1))
    }
  })

  test('cancelled before there was anything of it: that is what is read', async () => {
    const { id } = await begin('held')
    await client.responses.cancel(id)
    expect(await client.responses.retrieve(id)).toMatchObject({ status: 'cancelled' })
    const events = await read(await client.responses.retrieve(id, { stream: true }))
    expect(events.map(({ type }) => type)).toEqual(['response.created', 'response.failed'])
    expect(await read(await client.responses.retrieve(id, { stream: true, starting_after: 1 }))).toEqual([])
  })
})
