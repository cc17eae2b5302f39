/** The official `openai` package on responses in the background: begun, asked after, gone on from, failed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, ROW_MS } from '../support/sluice.ts'
import { type Background, MADE_MS, setUpBackground, WORDS } from './background-setup.ts'

let at: Background
beforeAll(async () => {
  at = await setUpBackground()
})

afterAll(() => at?.stop())

const gone = (id: string) => ({ status: 404, message: expect.stringContaining(`Response with id '${id}' not found.`) })

describe('a response in the background', () => {
  test.each(['chat', 'native'])('of the target %s is queued at once, and completed when it is made', async (model) => {
    const queued = await at.begin(model, { metadata: { a: 'b' }, instructions: 'Be brief.' })
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
    const response = await at.ended(queued)
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
    const { data } = await at.client.responses.inputItems.list(queued.id)
    expect(data).toMatchObject([{ role: 'user', content: [{ type: 'input_text', text: 'hello' }] }])
  })

  test('is in progress while it is made, and its end is not waited for', async () => {
    const calls = at.origin.calls('held').length
    const queued = await at.begin('held')
    const call = await at.heldCall(calls)
    const made = await eventually('progress', MADE_MS, async () => {
      const response = await at.client.responses.retrieve(queued.id)
      return response.status === 'in_progress' ? response : undefined
    })
    expect(made).toMatchObject({ id: queued.id, output: [], background: true })
    at.letGo(call)
    expect((await at.ended(queued)).output_text).toBe(WORDS.join(''))
    expect(await call.ended).toMatchObject({ answered: true })
  })

  test('is gone on from when it has an answer, and not before', async () => {
    const calls = at.origin.calls('held').length
    const first = await at.begin('held')
    const call = await at.heldCall(calls)
    const next = { model: 'chat', input: 'more', previous_response_id: first.id }
    await expect(at.client.responses.create(next)).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
    at.letGo(call)
    await at.ended(first)
    const second = await at.client.responses.create({ ...next, background: true })
    expect(second).toMatchObject({ status: 'queued', previous_response_id: first.id })
    expect(await at.ended(second)).toMatchObject({ status: 'completed', previous_response_id: first.id })
    expect(at.origin.calls('chat').at(-1)?.json.messages).toMatchObject([
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: WORDS.join('') },
      { role: 'user', content: 'more' },
    ])
  })

  test('has its row of usage', async () => {
    const { data: queued, response } = await at.client.responses
      .create({ model: 'chat', input: 'hello', background: true })
      .withResponse()
    expect(response.headers.get('x-sluice-stream')).toBe(queued.id)
    await at.ended(queued)
    const requestId = response.headers.get('x-request-id') ?? ''
    const row = await eventually('the row', ROW_MS, async () =>
      (await at.sluice.rows('app')).find((one) => one.requestId === requestId),
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
    const calls = at.origin.calls('held').length
    const again = () =>
      at.client.responses.create(
        { model: 'held', input: 'once', background: true },
        { headers: { 'idempotency-key': 'one' } },
      )
    const [first, second] = await Promise.all([again(), again()])
    const call = await at.heldCall(calls)
    at.letGo(call)
    await at.ended(first)
    const third = await again()
    expect([second.id, third.id]).toEqual([first.id, first.id])
    expect(third).toMatchObject({ status: 'completed' })
    expect(await at.client.responses.retrieve(first.id)).toMatchObject({ output_text: WORDS.join('') })
    expect(at.origin.calls('held').length - calls).toBe(1)
    await expect(
      at.client.responses.create(
        { model: 'held', input: 'twice', background: true },
        { headers: { 'idempotency-key': 'one' } },
      ),
    ).rejects.toMatchObject({ status: 409 })
  })

  test('is nobody else’s', async () => {
    const { id } = await at.begin('chat')
    await at.ended({ id })
    await expect(at.other.responses.retrieve(id)).rejects.toMatchObject(gone(id))
    await expect(at.other.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 404 })
    await expect(at.other.responses.cancel(id)).rejects.toMatchObject(gone(id))
    await expect(at.other.responses.inputItems.list(id)).rejects.toMatchObject(gone(id))
    await expect(at.other.responses.delete(id)).rejects.toMatchObject(gone(id))
    expect(await at.client.responses.retrieve(id)).toMatchObject({ status: 'completed' })
    await at.client.responses.delete(id)
    await expect(at.client.responses.retrieve(id)).rejects.toMatchObject(gone(id))
  })
})

describe('what has no answer', () => {
  test.each([
    ['refuses', 'refusing', { code: 'upstream_rejected', message: expect.stringContaining('No such thing.') }],
    ['breaks', 'broken', { code: 'server_error', message: expect.stringMatching(/\w/) }],
  ])('an upstream that %s makes it failed, with an error', async (_, model, error) => {
    const response = await at.ended(await at.begin(model))
    expect(response).toMatchObject({
      status: 'failed',
      background: true,
      output: [],
      error,
    })
    expect(await at.client.responses.cancel(response.id)).toMatchObject({ status: 'failed', error: response.error })
    await expect(
      at.client.responses.create({ model: 'chat', input: 'x', previous_response_id: response.id }),
    ).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
  })

  test('what can be told at once is refused at once', async () => {
    await expect(at.begin('nobody')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
    await expect(at.begin('chat', { store: false })).rejects.toMatchObject({ status: 400, param: 'store' })
  })

  test('what cannot is told by how it failed', async () => {
    expect(await at.ended(await at.begin('chat', { previous_response_id: 'resp_none' }))).toMatchObject({
      status: 'failed',
      error: { code: 'invalid_request', message: "Previous response with id 'resp_none' not found." },
    })
  })
})
