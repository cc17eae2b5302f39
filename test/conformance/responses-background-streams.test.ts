/** The official `openai` package on responses in the background that are read as they are made, and that are cancelled. */
import type { ResponseStreamEvent } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../support/sluice.ts'
import { type Background, MADE_MS, setUpBackground, WORDS } from './background-setup.ts'

let at: Background
beforeAll(async () => {
  at = await setUpBackground()
})

afterAll(() => at?.stop())

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

describe('cancelled', () => {
  test('while it runs: its upstream is left, and it stays cancelled', async () => {
    const calls = at.origin.calls('held').length
    const { id } = await at.begin('held')
    const call = await at.heldCall(calls)
    expect(await at.client.responses.cancel(id)).toMatchObject({
      id,
      status: 'cancelled',
      background: true,
      error: null,
    })
    expect((await call.ended).answered).toBe(false)
    expect(await at.client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' })
    expect(await at.client.responses.retrieve(id)).toMatchObject({ id, status: 'cancelled', output: [] })
    const row = await eventually('the row', MADE_MS, async () =>
      (await at.sluice.rows('app')).find(({ model, outcome }) => model === 'held' && outcome === 'cancelled'),
    )
    expect(row.status).toBe(200)
  })

  test('after its end: it stays as it is', async () => {
    const { id } = await at.begin('chat')
    const before = await at.ended({ id })
    const after = await at.client.responses.cancel(id)
    expect(after).toMatchObject({ id, status: 'completed', output: before.output })
    expect(await at.client.responses.retrieve(id)).toEqual(before)
  })
})

describe('streamed', () => {
  test('left and read on: every event once, in order, wherever it is cut', async () => {
    const calls = at.origin.calls('held').length
    const stream = await at.client.responses.create({ model: 'held', input: 'hello', background: true, stream: true })
    const had = await read(stream, (event) => event.type === 'response.output_text.delta')
    const call = await at.heldCall(calls)
    const [created] = had
    const id = created?.type === 'response.created' ? created.response.id : ''
    expect(created).toMatchObject({ response: { id: expect.stringMatching(/^resp_/), background: true, store: true } })
    const last = had.at(-1)?.sequence_number ?? -1
    const more = read(await at.client.responses.retrieve(id, { stream: true, starting_after: last }))
    at.letGo(call)
    const rest = await more
    expect(numbers([...had, ...rest])).toEqual(upTo(had.length + rest.length))
    expect(said([...had, ...rest])).toBe(WORDS.join(''))
    expect(rest.at(-1)).toMatchObject({ type: 'response.completed', response: { id, status: 'completed' } })
    expect((await call.ended).answered).toBe(true)
    expect(at.origin.calls('held').length - calls).toBe(1)
    const whole = await read(await at.client.responses.retrieve(id, { stream: true }))
    expect(whole).toEqual([...had, ...rest])
    for (const after of [0, 1, last, whole.length - 2, whole.length - 1]) {
      const part = await read(await at.client.responses.retrieve(id, { stream: true, starting_after: after }))
      expect(part).toEqual(whole.slice(after + 1))
    }
    const response = await at.client.responses.retrieve(id)
    expect(response).toMatchObject({ id, status: 'completed', background: true, store: true })
    expect(response.output_text).toBe(WORDS.join(''))
  })

  test('so is one that was begun without a stream', async () => {
    const { id } = await at.begin('chat')
    const events = await read(await at.client.responses.retrieve(id, { stream: true }))
    expect(numbers(events)).toEqual(upTo(events.length))
    expect(said(events)).toBe('You said: hello')
    expect(events.at(-1)).toMatchObject({ type: 'response.completed', response: { id, status: 'completed' } })
  })

  test('cancelled: its readers are told, once and last', async () => {
    const calls = at.origin.calls('held').length
    const stream = await at.client.responses.create({ model: 'held', input: 'hello', background: true, stream: true })
    const call = await at.heldCall(calls)
    const events: ResponseStreamEvent[] = []
    const reading = (async () => {
      for await (const event of stream) {
        events.push(event)
        if (event.type === 'response.created') await at.client.responses.cancel(event.response.id)
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
      const part = await read(await at.client.responses.retrieve(id, { stream: true, starting_after: after }))
      expect(part).toEqual(events.slice(after + 1))
    }
  })

  test('cancelled before there was anything of it: that is what is read', async () => {
    const { id } = await at.begin('silent')
    await at.client.responses.cancel(id)
    expect(await at.client.responses.retrieve(id)).toMatchObject({ status: 'cancelled' })
    const events = await read(await at.client.responses.retrieve(id, { stream: true }))
    expect(events.map(({ type }) => type)).toEqual(['response.created', 'response.failed'])
    expect(await read(await at.client.responses.retrieve(id, { stream: true, starting_after: 1 }))).toEqual([])
  })
})
