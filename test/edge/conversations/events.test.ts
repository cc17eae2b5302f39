/** Events in one isolate: how they are written, and what is told where nobody more can listen. */
import { expect, it } from 'vitest'
import { REPLAY_CHARS_MAX } from '../../../src/core/session/limits.ts'
import { isolate, reading } from '../../support/worker.ts'

const PATH = '/v1/conversations'

async function world() {
  const at = await isolate()
  const made = (await (await at.post(PATH, {})).json()) as { id: string }
  const path = `${PATH}/${made.id}/events`
  return { ...at, path, say: (content: string) => at.post(path, { item: { role: 'assistant', content } }) }
}

it('are numbered, named and whole', async () => {
  const { path, say, get } = await world()
  await say('one')
  const reader = reading(await get(`${path}?after=0`))
  expect(await reader.next()).toBe('retry: 1000\n\n')
  const event = await reader.next()
  expect(event).toMatch(/^id: 1\nevent: conversation\.message\ndata: \{.*\}\n\n$/)
  expect(event).toContain('"text":"one"')
  await reader.leave()
})

it('take messages alone, and as many as they may', async () => {
  const { path, post } = await world()
  const message = { role: 'user', content: 'x' }
  expect(await (await post(path, { items: [message, message] })).json()).toMatchObject({ items: [{}, {}] })
  for (const body of [{ type: 'function_call', call_id: 'c' }, { items: [] }, { role: 'tool', content: 'x' }])
    expect((await post(path, body)).status).toBe(400)
})

it('are heard by so many, and a socket needs its place', async () => {
  const { path, get, services } = await world()
  services.sessions.listen = async () => 'full'
  expect((await get(path)).status).toBe(503)
  services.sessions.hold = async () => 'full'
  expect((await get(path, { upgrade: 'websocket' })).status).toBe(503)
  services.sessions.hold = async () => 'held'
  services.sessions.connect = async () => new Response(null, { status: 409 })
  expect((await get(path, { Upgrade: 'WebSocket' })).status).toBe(503)
})

it('are whole however the log comes in pieces, a large one too', async () => {
  const { path, say, get, services } = await world()
  const large = 'y'.repeat(1_000_000)
  for (const text of ['one', large, 'two']) await say(text)
  const { listen } = services.sessions
  services.sessions.listen = async (...where) => {
    const lines = await listen(...where)
    if (lines === null || lines === 'full') return lines
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        for (let at = 0; at < piece.length; at += 997) controller.enqueue(piece.slice(at, at + 997))
      },
    })
    return lines.pipeThrough(cut)
  }
  const reader = reading(await get(`${path}?after=0`))
  let text = ''
  while (!text.includes('"two"')) text += await reader.next()
  expect(text.match(/^id: \d/gm)).toEqual(['id: 1', 'id: 2', 'id: 3'])
  expect(text).toContain(`"text":"${large}"`)
  await reader.leave()
})

it('end with an event where the object is lost', async () => {
  const { path, get, services } = await world()
  services.sessions.listen = async () =>
    new ReadableStream({ pull: (controller) => controller.error(new Error('secret')) })
  const text = await reading(await get(path)).rest()
  expect(text).toContain('event: error\ndata: {"error":')
  expect(text).not.toContain('secret')
})

it.each([
  ['?after=x', {}, 400],
  ['', { 'last-event-id': 'x' }, 400],
])('must be numbers: %s', async (query, headers, status) => {
  const { path, get } = await world()
  expect((await get(path + query, headers)).status).toBe(status)
})

it('are replayed to a socket only as far as an object holds them', async () => {
  const { path, get, post, services } = await world()
  const asked: number[] = []
  const { hold } = services.sessions
  services.sessions.hold = (place, session, ticket, after, texts) => {
    asked.push(texts.reduce((sum, text) => sum + text.length, 0))
    return hold(place, session, ticket, after, texts)
  }
  const image_url = `data:image/png;base64,${'x'.repeat(REPLAY_CHARS_MAX)}`
  await post(path, { item: { role: 'user', content: [{ type: 'input_image', image_url }] } })
  expect((await get(`${path}?after=0`, { upgrade: 'websocket' })).status).toBe(503)
  expect(asked).toEqual([0])
})
