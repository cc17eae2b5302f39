/** `/v1/conversations` with the official `openai` package: conversations, their items, use in Responses, whose they are. */
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, saying } from './answering-origin.ts'

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat).on('thinks', saying({ reasoning_content: 'Hm.', content: 'It is 4.' }))
  const names = ['chat', 'thinks']
  sluice = await setUp({
    config: {
      providers: Object.fromEntries(names.map((name) => [name, { protocol: 'openai', baseUrl: origin.url(name) }])),
      models: Object.fromEntries(
        names.map((name) => [name, { targets: [{ provider: name, model: `real-${name}` }], retries: 0 }]),
      ),
    },
    tenants: [{ id: 'app' }, { id: 'rival' }],
  })
  client = clientOf('app')
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
})

const clientOf = (tenant: string) =>
  new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf(tenant).key, maxRetries: 0 })
const message = (content: string, role: 'user' | 'developer' = 'user') => ({ type: 'message' as const, role, content })
const failing = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it was answered'),
    (error: unknown) => error,
  )
const heard = () => origin.calls('chat').at(-1)?.json.messages
async function texts(id: string, order: 'asc' | 'desc' = 'asc', limit = 100): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const item of client.conversations.items.list(id, { order, limit }))
    all.push('content' in item && Array.isArray(item.content) ? (item.content[0] as { text?: string }).text : item.type)
  return all
}

describe('a conversation', () => {
  test('is made, looked at, changed and deleted', async () => {
    const made = await client.conversations.create({ metadata: { topic: 'demo' } })
    expect(made).toMatchObject({
      id: expect.stringMatching(/^conv_[0-9a-f]{32}$/),
      object: 'conversation',
      created_at: expect.any(Number),
      metadata: { topic: 'demo' },
    })
    expect(await client.conversations.retrieve(made.id)).toEqual(made)
    const changed = await client.conversations.update(made.id, { metadata: { topic: 'other' } })
    expect(changed).toMatchObject({ id: made.id, metadata: { topic: 'other' } })
    expect(await client.conversations.delete(made.id)).toMatchObject({
      id: made.id,
      object: 'conversation.deleted',
      deleted: true,
    })
    expect(await failing(client.conversations.retrieve(made.id))).toMatchObject({ status: 404, code: 'not_found' })
    expect(await failing(client.conversations.delete(made.id))).toMatchObject({ status: 404 })
  })

  test('is made of nothing, too', async () => {
    expect(await client.conversations.create()).toMatchObject({ object: 'conversation', metadata: {} })
    const { status } = await sluice.post(sluice.keyOf('app').key, '/v1/conversations', {})
    expect(status).toBe(200)
  })

  test('is nobody else’s', async () => {
    const { id } = await client.conversations.create({ items: [message('mine')] })
    const rival = clientOf('rival')
    for (const ask of [
      () => rival.conversations.retrieve(id),
      () => rival.conversations.delete(id),
      () => rival.conversations.items.create(id, { items: [message('theirs')] }),
      () => rival.responses.create({ model: 'chat', input: 'hi', conversation: id }),
    ])
      expect(await failing(ask())).toMatchObject({ status: 404 })
    expect(await texts(id)).toEqual(['mine'])
  })

  test.each([
    ['too many items', { items: Array.from({ length: 21 }, () => message('x')) }, 'items'],
    ['a role nobody has', { items: [{ type: 'message', role: 'nobody', content: 'x' }] }, 'items[0].role'],
    ['an output without one', { items: [{ type: 'function_call_output', call_id: 'c' }] }, 'items[0].output'],
    ['neither type nor role', { items: [{ content: 'x' }] }, 'items[0]'],
    ['metadata that is no text', { metadata: { a: 1 } }, 'metadata.a'],
  ])('is refused with %s', async (_, body, param) => {
    const reply = await sluice.post(sluice.keyOf('app').key, '/v1/conversations', body)
    expect(reply.status).toBe(400)
    expect(reply.json).toMatchObject({ error: { code: 'invalid_request', param } })
  })

  test('takes no other methods', async () => {
    const reply = await sluice.post(sluice.keyOf('app').key, '/v1/conversations', {}, { method: 'PUT' })
    expect(reply.status).toBe(405)
  })
})

describe('items', () => {
  test('are added, listed a page at a time, looked at and deleted', async () => {
    const { id } = await client.conversations.create({ items: [message('0'), message('1')] })
    const added = await client.conversations.items.create(id, { items: [message('2'), message('3', 'developer')] })
    expect(added).toMatchObject({
      object: 'list',
      has_more: false,
      first_id: added.data[0]?.id,
      last_id: added.data[1]?.id,
    })
    expect(added.data).toMatchObject([
      {
        id: expect.stringMatching(/^msg_/),
        type: 'message',
        status: 'completed',
        role: 'user',
        content: [{ type: 'input_text', text: '2' }],
      },
      { role: 'developer' },
    ])
    expect(await texts(id)).toEqual(['0', '1', '2', '3'])
    expect(await texts(id, 'desc', 1)).toEqual(['3', '2', '1', '0'])
    expect(await texts(id, 'asc', 3)).toEqual(['0', '1', '2', '3'])
    const page = await client.conversations.items.list(id, { limit: 2 })
    expect(page).toMatchObject({ has_more: true, last_id: added.data[0]?.id })
    const one = await client.conversations.items.retrieve(added.data[0]?.id ?? '', { conversation_id: id })
    expect(one).toMatchObject({ id: added.data[0]?.id, content: [{ text: '2' }] })
    const left = await client.conversations.items.delete(added.data[0]?.id ?? '', { conversation_id: id })
    expect(left).toMatchObject({ id, object: 'conversation' })
    expect(await texts(id)).toEqual(['0', '1', '3'])
    expect(await failing(client.conversations.items.retrieve('msg_none', { conversation_id: id }))).toMatchObject({
      status: 404,
    })
    expect(await failing(client.conversations.items.list(id, { after: 'msg_none' }).then(() => null))).toMatchObject({
      status: 400,
      param: 'after',
    })
  })

  test('are deleted from what is sent, too', async () => {
    const { id } = await client.conversations.create({ items: [message('keep'), message('drop')] })
    await client.responses.create({ model: 'chat', input: 'one', conversation: id })
    const [, dropped] = (await client.conversations.items.list(id, { order: 'asc' })).data
    await client.conversations.items.delete(dropped?.id ?? '', { conversation_id: id })
    await client.responses.create({ model: 'chat', input: 'two', conversation: { id } })
    expect(heard()).toMatchObject([{ content: 'keep' }, { content: 'one' }, { role: 'assistant' }, { content: 'two' }])
  })

  test('show what is asked to be included', async () => {
    const { id } = await client.conversations.create()
    await client.responses.create({ model: 'thinks', input: '2+2', conversation: id })
    const reasoning = async (include: 'reasoning.encrypted_content'[]) =>
      (await client.conversations.items.list(id, { include })).data.find(({ type }) => type === 'reasoning')
    expect(await reasoning([])).not.toHaveProperty('encrypted_content')
    expect(await reasoning(['reasoning.encrypted_content'])).toHaveProperty('encrypted_content')
  })
})

describe('Responses', () => {
  test('go on with a conversation, with tools', async () => {
    const { id } = await client.conversations.create()
    const tools = [{ type: 'function' as const, name: 'get_weather', strict: false, parameters: { type: 'object' } }]
    const asked = await client.responses.create({ model: 'chat', input: 'weather?', conversation: id, tools })
    expect(asked.conversation).toEqual({ id })
    const [call] = asked.output
    if (call?.type !== 'function_call') throw new Error('no call')
    await client.responses.create({
      model: 'chat',
      input: [{ type: 'function_call_output', call_id: call.call_id, output: 'sunny' }],
      conversation: id,
      tools,
    })
    expect(heard()).toMatchObject([
      { role: 'user', content: 'weather?' },
      { role: 'assistant', tool_calls: [{ id: call.call_id }] },
      { role: 'tool', tool_call_id: call.call_id, content: 'sunny' },
    ])
    expect(await texts(id)).toEqual(['weather?', 'function_call', 'function_call_output', 'The tool said sunny.'])
  })

  test('know a session by its name, and a conversation by the header', async () => {
    const key = sluice.keyOf('app').key
    const name = 'team/a?b=c%d'
    await sluice.post(
      key,
      '/v1/chat/completions',
      { model: 'chat', messages: [{ role: 'user', content: 'hi' }] },
      {
        headers: { 'x-sluice-session': name },
      },
    )
    expect(await texts(name)).toEqual(['hi', 'You said: hi'])
    expect(await client.conversations.retrieve(name)).toMatchObject({ id: name, last_turn: { status: 'finished' } })
    const { id } = await client.conversations.create({ items: [message('first')] })
    await sluice.post(
      key,
      '/v1/chat/completions',
      { model: 'chat', messages: [{ role: 'user', content: 'then' }] },
      {
        headers: { 'x-sluice-session': id },
      },
    )
    expect(heard()).toMatchObject([{ content: 'first' }, { content: 'then' }])
  })

  test('refuse what excludes each other, and what is not there', async () => {
    const body = { model: 'chat', input: 'x' }
    expect(await failing(client.responses.create({ ...body, conversation: 'conv_none' }))).toMatchObject({
      status: 404,
    })
    const { id } = await client.conversations.create()
    expect(
      await failing(client.responses.create({ ...body, conversation: id, previous_response_id: 'resp_1' })),
    ).toMatchObject({ status: 400, param: 'previous_response_id' })
  })
})

test('an export is all of it', async () => {
  const { id } = await client.conversations.create({ metadata: { a: 'b' } })
  for (let call = 0; call < 13; call += 1)
    await client.conversations.items.create(id, {
      items: Array.from({ length: 20 }, (_, index) => message(`${call}.${index}`)),
    })
  const reply = await fetch(`${sluice.url}/v1/conversations/${id}/export`, {
    headers: { authorization: `Bearer ${sluice.keyOf('app').key}` },
  })
  const exported = (await reply.json()) as { items: { content: { text: string }[] }[]; metadata: unknown }
  expect(exported.metadata).toEqual({ a: 'b' })
  expect(exported.items.map(({ content }) => content[0]?.text)).toEqual(
    Array.from({ length: 260 }, (_, index) => `${Math.floor(index / 20)}.${index % 20}`),
  )
})
