/** The official `openai` package on responses that are kept: had again, gone on from, deleted; each tenant's its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import type { ResponseInputItem } from 'openai/resources/responses/responses'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, send } from '../support/http-client.ts'
import { eventsOf } from '../support/responses-stream.ts'
import { ScriptedOrigin } from '../support/scripted-origin.ts'
import { eventually, type Setup, setUp, type TestSluice } from '../support/sluice.ts'
import { answerChat, saying } from './answering-origin.ts'

const SECRET = 'canaryKept8Wq2'
const TOOL = {
  type: 'function' as const,
  name: 'get_weather',
  description: null,
  strict: false,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}
const nativeResponse = (id: string) => ({
  id,
  object: 'response',
  created_at: 1_700_000_000,
  status: 'completed',
  model: 'upstream-model',
  store: false,
  output: [
    { id: 'rs_1', type: 'reasoning', summary: [] },
    {
      id: 'msg_1',
      type: 'message',
      status: 'completed',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'It rains. ☔', annotations: [] }],
    },
  ],
})

let origin: ScriptedOrigin
let sluice: TestSluice
let client: OpenAI
let other: OpenAI
let natives = 0
const state = mkdtempSync(join(tmpdir(), 'sluice-kept-'))
const clientOf = (tenant: string) =>
  new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: sluice.keyOf(tenant).key, maxRetries: 0 })
const asked = (name: string) => origin.calls(name).at(-1)?.json ?? {}
const gone = (id: string) => ({ status: 404, message: expect.stringContaining(`Response with id '${id}' not found.`) })

const setup = (): Setup => ({
  state,
  config: {
    providers: Object.fromEntries(
      ['chat', 'native', 'long'].map((name) => [
        name,
        { protocol: 'openai', baseUrl: origin.url(name), responses: name === 'native' },
      ]),
    ),
    models: {
      chat: { targets: [{ provider: 'chat', model: 'm' }], retries: 0 },
      long: { targets: [{ provider: 'long', model: 'm' }], retries: 0 },
      native: { targets: [{ provider: 'native', model: 'm' }], retries: 0 },
    },
  },
  tenants: [{ id: 'app' }, { id: 'other' }],
})

beforeAll(async () => {
  origin = await ScriptedOrigin.start()
  origin.on('chat', answerChat)
  origin.on('long', saying({ content: 'So f' }, 'length'))
  origin.on('native', async (call) => {
    const response = nativeResponse(`resp_up${++natives}`)
    if (call.json.stream !== true) return call.reply(200, JSON.stringify(response))
    await call.head(200)
    for (const told of eventsOf(response)) await call.write(`event: ${told.type}\ndata: ${JSON.stringify(told)}\n\n`)
    await call.end()
  })
  sluice = await setUp(setup())
  client = clientOf('app')
  other = clientOf('other')
})

afterAll(async () => {
  await sluice?.stop()
  await origin?.close()
  rmSync(state, { recursive: true, force: true })
})

describe.each(['chat', 'native'])('a response of the target %s', (model) => {
  test('is kept unless its caller says otherwise, and had again as it was', async () => {
    const made = await client.responses.create({ model, input: 'hello', metadata: { a: 'b' } })
    const again = await client.responses.retrieve(made.id)
    const { store: _, ...seen } = made as unknown as Record<string, unknown>
    expect(again).toMatchObject({ ...seen, store: true, previous_response_id: null, background: false })
    const { data, has_more: hasMore } = await client.responses.inputItems.list(made.id)
    expect(data).toMatchObject([
      { id: expect.stringMatching(/^msg_/), role: 'user', content: [{ type: 'input_text', text: 'hello' }] },
    ])
    expect(hasMore).toBe(false)
    expect(asked(model).store).toBe(model === 'native' ? false : undefined)
  })

  test('that is not to be kept is not', async () => {
    const made = await client.responses.create({ model, input: 'hello', store: false })
    expect(made).toMatchObject({ store: false })
    await expect(client.responses.retrieve(made.id)).rejects.toMatchObject(gone(made.id))
    await expect(
      client.responses.create({ model, input: 'more', previous_response_id: made.id }),
    ).rejects.toMatchObject({ status: 400, param: 'previous_response_id' })
  })

  test('is kept before its stream tells that it is completed', async () => {
    let completed = ''
    for await (const told of await client.responses.create({ model, input: 'hello', stream: true }))
      if (told.type === 'response.completed') {
        completed = told.response.id
        expect(await client.responses.retrieve(completed)).toMatchObject({ id: completed, status: 'completed' })
      }
    expect(completed).not.toBe('')
  })

  test('is gone on from, in a chain and in forks, with what is deleted in between', async () => {
    const first = await client.responses.create({ model, input: 'one', instructions: 'Be brief.' })
    const second = await client.responses.create({ model, input: 'two', previous_response_id: first.id })
    await client.responses.delete(first.id)
    await expect(client.responses.retrieve(first.id)).rejects.toMatchObject(gone(first.id))
    const third = await client.responses.create({ model, input: 'three', previous_response_id: second.id })
    const texts = JSON.stringify(asked(model))
    for (const text of ['one', 'two', 'three']) expect(texts).toContain(text)
    expect(texts).not.toContain('Be brief.')
    expect(asked(model)).not.toHaveProperty('previous_response_id')
    const forked = await client.responses.create({ model, input: 'four', previous_response_id: second.id })
    expect(JSON.stringify(asked(model))).not.toContain('three')
    expect(await client.responses.retrieve(third.id)).toMatchObject({ previous_response_id: second.id })
    expect(await client.responses.retrieve(forked.id)).toMatchObject({ previous_response_id: second.id })
    expect((await client.responses.inputItems.list(third.id)).data).toMatchObject([{ content: [{ text: 'three' }] }])
  })

  test('is nobody else’s', async () => {
    const { id } = await client.responses.create({ model, input: 'hello' })
    await expect(other.responses.retrieve(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.delete(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.inputItems.list(id)).rejects.toMatchObject(gone(id))
    await expect(other.responses.create({ model, input: 'x', previous_response_id: id })).rejects.toMatchObject({
      status: 400,
      param: 'previous_response_id',
      message: expect.stringContaining(`Previous response with id '${id}' not found.`),
    })
    expect(await client.responses.retrieve(id)).toMatchObject({ id })
  })
})

test('what goes out to a target of the protocol is the caller’s, but for what is kept', async () => {
  const body = { store: true, model: 'native', input: 'hello', background: false, metadata: { b: '1', a: '2' } }
  await client.responses.create(body)
  expect(origin.calls('native').at(-1)?.body).toBe(
    JSON.stringify({ store: false, model: 'm', input: 'hello', metadata: { b: '1', a: '2' } }),
  )
})

test('reasoning that only its provider has is not sent back to it, and all else is, as it was', async () => {
  const { id } = await client.responses.create({ model: 'native', input: 'hello' })
  await client.responses.create({
    model: 'native',
    input: [{ role: 'user', content: 'more' }],
    previous_response_id: id,
  })
  expect(asked('native').input).toEqual([
    { status: 'completed', role: 'user', content: [{ type: 'input_text', text: 'hello' }], type: 'message' },
    nativeResponse('x').output[1],
    { role: 'user', content: 'more' },
  ])
})

test('a chain with tools: results find their calls', async () => {
  const input: ResponseInputItem[] = [{ role: 'user', content: 'call get_weather {"city":"Paris"}' }]
  const first = await client.responses.create({ model: 'chat', input, tools: [TOOL] })
  const call = first.output.find(({ type }) => type === 'function_call')
  expect(call).toMatchObject({ name: 'get_weather' })
  const callId = (call as { call_id: string }).call_id
  const result: ResponseInputItem[] = [{ type: 'function_call_output', call_id: callId, output: 'sunny' }]
  const second = await client.responses.create({
    model: 'chat',
    input: result,
    tools: [TOOL],
    previous_response_id: first.id,
  })
  expect(second.status).toBe('completed')
  expect(asked('chat').messages).toMatchObject([
    { role: 'user' },
    { role: 'assistant', tool_calls: [{ id: callId }] },
    { role: 'tool', tool_call_id: callId, content: 'sunny' },
  ])
})

test('an item of before may be referred to', async () => {
  const first = await client.responses.create({ model: 'chat', input: 'hello there' })
  const [item] = (await client.responses.inputItems.list(first.id)).data
  const id = item?.id ?? ''
  const again = { model: 'chat', previous_response_id: first.id }
  await client.responses.create({
    ...again,
    input: [
      { type: 'item_reference', id },
      { role: 'user', content: 'x' },
    ],
  })
  expect(JSON.stringify(asked('chat').messages).match(/hello there/g)?.length).toBeGreaterThanOrEqual(2)
  await expect(
    client.responses.create({ ...again, input: [{ type: 'item_reference', id: 'msg_unknown' }] }),
  ).rejects.toMatchObject({ status: 400, param: expect.stringContaining('input') })
})

test('so may an item that its provider named, without its response', async () => {
  await client.responses.create({ model: 'native', input: 'hello' })
  const input: ResponseInputItem[] = [
    { type: 'item_reference', id: 'msg_1' },
    { role: 'user', content: 'and?' },
  ]
  await client.responses.create({ model: 'native', input })
  expect(asked('native').input).toEqual([nativeResponse('x').output[1], input[1]])
  await client.responses.create({ model: 'chat', input })
  expect(asked('chat').messages).toMatchObject([{ role: 'assistant', content: 'It rains. ☔' }, { content: 'and?' }])
})

test('an answer that ran out of room is kept as such, and gone on from', async () => {
  const { id } = await client.responses.create({ model: 'long', input: 'go' })
  expect(await client.responses.retrieve(id)).toMatchObject({ status: 'incomplete' })
  await client.responses.create({ model: 'long', input: 'on', previous_response_id: id })
  expect(JSON.stringify(asked('long').messages)).toContain('So f')
})

test('input items come in pages, either way', async () => {
  const input: ResponseInputItem[] = ['a', 'b', 'c'].map((content) => ({ role: 'user', content }))
  const { id } = await client.responses.create({ model: 'chat', input })
  const first = await client.responses.inputItems.list(id, { limit: 2, order: 'asc' })
  expect(first.data).toMatchObject([{ content: [{ text: 'a' }] }, { content: [{ text: 'b' }] }])
  expect(first.has_more).toBe(true)
  const all: string[] = []
  for await (const item of client.responses.inputItems.list(id, { limit: 1 })) all.push(JSON.stringify(item))
  expect(all.map((item) => /"text":"(.)"/.exec(item)?.[1])).toEqual(['c', 'b', 'a'])
  await expect(client.responses.inputItems.list(id, { limit: 101 })).rejects.toMatchObject({ param: 'limit' })
  await expect(client.responses.inputItems.list(id, { after: 'nothing' })).rejects.toMatchObject({ param: 'after' })
})

test('one that did not run in the background is neither cancelled nor streamed again', async () => {
  const { id } = await client.responses.create({ model: 'chat', input: 'hello' })
  await expect(client.responses.cancel(id)).rejects.toMatchObject({ status: 400 })
  await expect(client.responses.cancel('resp_none')).rejects.toMatchObject(gone('resp_none'))
  await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({ status: 400, param: 'stream' })
})

test('what is not taken says what is, and nobody is let in without a key', async () => {
  const put = await send(`${sluice.url}/v1/responses/resp_x`, { method: 'PUT', body: '{}' })
  expect(put).toMatchObject({ status: 405 })
  expect(put.headers.allow).toBe('GET, HEAD, DELETE')
  expect(await send(`${sluice.url}/v1/responses/resp_x`)).toMatchObject({ status: 401 })
  expect(pick((await send(`${sluice.url}/openapi.json`)).json, 'paths', '/v1/responses/{id}/input_items')).toBeDefined()
})

test('what is kept outlives the process, and can be read by nobody who has the files', async () => {
  const made = await client.responses.create({ model: 'chat', input: `say ${SECRET}` })
  expect(made.output_text).toContain(SECRET)
  await sluice.stop()
  const files = readdirSync(state, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter((at) =>
    at.isFile(),
  )
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name))
    expect(bytes.includes(SECRET), file.name).toBe(false)
    expect(bytes.includes(Buffer.from(SECRET).toString('base64').slice(0, -4)), file.name).toBe(false)
  }
  const keys = { app: sluice.keyOf('app').key }
  sluice = await setUp({ state })
  client = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: keys.app, maxRetries: 0 })
  expect(await client.responses.retrieve(made.id)).toMatchObject({ output: made.output })
  const next = await client.responses.create({ model: 'chat', input: 'on', previous_response_id: made.id })
  expect(JSON.stringify(asked('chat').messages)).toContain(SECRET)
  await sluice.done('DELETE', '/admin/tenants/app')
  await eventually('the tenant is gone', 10_000, async () => {
    const reply = await send(`${sluice.url}/v1/responses/${next.id}`, {
      headers: { authorization: `Bearer ${keys.app}` },
    })
    return reply.status === 401 ? true : undefined
  })
})
