/** The demo origin's routes, refusals and control endpoint. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultSchema } from '../../../scripts/demo/faults.ts'
import { type DemoOrigin, startDemoOrigin } from '../../support/demo-origin.ts'

let origin: DemoOrigin
beforeAll(async () => {
  origin = await startDemoOrigin()
})
afterAll(() => origin.close())

const chat = '/v1/chat/completions'
const body = { model: 'demo-llm', messages: [{ role: 'user', content: 'Hello' }] }

test('what a replica offers', async () => {
  expect((await fetch(`${origin.url}/health`)).status).toBe(200)
  const models = await origin.get('/v1/models')
  expect(models.data.map((model: { id: string }) => model.id)).toEqual(['demo-llm', 'all-MiniLM-L6-v2'])
  await origin.post(chat, body)
  const page = await (await fetch(`${origin.url}/metrics`)).text()
  expect(page).toMatch(/^vllm:generation_tokens_total\{.*\} [1-9]/m)
})

test('refusals in the words of vLLM', async () => {
  const refused = async (path: string, sent: unknown) => {
    const reply = await origin.post(path, sent)
    return { status: reply.status, ...JSON.parse(await reply.text()).error }
  }
  expect(await refused(chat, { ...body, messages: [] })).toMatchObject({ status: 400, param: 'messages', code: 400 })
  expect(await refused(chat, { ...body, model: 'x' })).toMatchObject({ status: 404, type: 'NotFoundError' })
  expect(await refused(chat, { ...body, max_tokens: 5000 })).toMatchObject({
    status: 400,
    message: expect.stringContaining('maximum context length is 1000'),
  })
  expect(await refused('/v1/nothing', {})).toMatchObject({ status: 404 })
  expect((await fetch(`${origin.url}${chat}`)).status).toBe(405)
  expect((await fetch(`${origin.url}${chat}`, { method: 'POST', body: '{' })).status).toBe(400)
})

test('faults are set, listed, used up and taken away', async () => {
  const control = (method: string, sent?: object) =>
    fetch(`${origin.url}/demo/fault`, { method, ...(sent === undefined ? {} : { body: JSON.stringify(sent) }) })
  expect((await control('POST', { kind: '429', count: 2, retryAfterSeconds: 7 })).status).toBe(200)
  const reply = await origin.post(chat, body)
  expect([reply.status, reply.headers.get('retry-after')]).toEqual([429, '7'])
  expect(await (await control('GET')).json()).toMatchObject([{ kind: '429', count: 1 }])
  await control('DELETE')
  expect((await origin.post(chat, body)).status).toBe(200)
  expect((await control('POST', { kind: 'nonsense' })).status).toBe(400)
})

test('speeds are told and changed', async () => {
  const control = (sent: object) => origin.post('/demo/speed', sent)
  expect(await origin.get('/demo/speed')).toMatchObject({ slow: 1, serialPrefill: false, decodePerSecond: 0 })
  expect((await control({ slow: 10, prefillBaseMs: 1 })).status).toBe(200)
  expect(await origin.get('/demo/speed')).toMatchObject({ slow: 10, prefillBaseMs: 1, decodePerSecond: 0 })
  expect((await control({ slow: -1 })).status).toBe(400)
  await control({ slow: 1, prefillBaseMs: 0 })
})

test('a lasting fault befalls everything', async () => {
  const sick = await startDemoOrigin({}, faultSchema.parse({ kind: '503' }))
  expect((await fetch(`${sick.url}/health`)).status).toBe(503)
  expect((await sick.post(chat, body)).status).toBe(503)
  await sick.close()
})

test('a full queue is a 503', async () => {
  const busy = await startDemoOrigin({ concurrency: 1, queue: 0, decodePerSecond: 1 })
  const first = await busy.post(chat, { ...body, stream: true })
  expect((await busy.post(chat, body)).status).toBe(503)
  await first.body?.cancel()
  await busy.close()
})
