/** Calls of an engine: what goes, what comes back, and what it is to have no engine. */
import { expect, it } from 'vitest'
import { askEngine, modelsOfEngine } from '../../../scripts/worker/engine.ts'
import { bodyOf, models, startEngine } from '../../support/engine.ts'

const signal = new AbortController().signal
const post = (text: string) => ({
  ...{ method: 'POST', path: '/chat/completions?a=1', headers: { 'content-type': 'application/json' } },
  body: new Blob([text]).stream(),
  signal,
})

it('brings a request there, and its answer back, headers by list', async () => {
  const engine = await startEngine(async (request, response) => {
    const { method, url, headers } = request
    response.writeHead(201, { 'content-type': 'text/plain', 'x-request-id': 'r', 'set-cookie': 'a=b' })
    response.end(JSON.stringify([method, url, headers['x-own'], headers.host, await bodyOf(request)]))
  })
  const asked = post('{"prompt":"x"}')
  const headers = { ...asked.headers, 'x-own': 'kept', host: 'elsewhere', 'content-length': '99999' }
  const answer = await askEngine(`${engine.url}/v1`, { ...asked, headers })
  expect([answer.status, answer.headers]).toEqual([201, { 'content-type': 'text/plain', 'x-request-id': 'r' }])
  expect(await new Response(answer.body).json()).toEqual([
    'POST',
    '/v1/chat/completions?a=1',
    'kept',
    engine.url.slice('http://'.length),
    '{"prompt":"x"}',
  ])
})

it('follows no redirect', async () => {
  const engine = await startEngine((_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end())
  expect((await askEngine(`${engine.url}/v1`, post('x'))).status).toBe(307)
})

it('does not leave the base URL', async () => {
  for (const path of ['/../admin', '/%2e%2e/admin', '/../../v1x/y'])
    await expect(askEngine('http://127.0.0.1:1/v1', { ...post('x'), path })).rejects.toThrow('out of the engine')
})

it('is given up with its signal', async () => {
  const engine = await startEngine(() => {})
  const abort = new AbortController()
  const asked = askEngine(`${engine.url}/v1`, { ...post('x'), signal: abort.signal })
  abort.abort()
  await expect(asked).rejects.toThrow()
})

it('says what models there are', async () => {
  expect(await modelsOfEngine(`${(await startEngine(models)).url}/v1`)).toEqual(['llama', 'bge'])
})

it.each([
  ['nobody', null, 'No engine answers at http://127.0.0.1:9/v1/models (ECONNREFUSED)'],
  ['a refusal', '401 {}', 'answered 401'],
  ['no JSON', '200 <html>', 'no JSON'],
  ['no models', '200 {"data":[]}', 'lists no models'],
])('says so in one line where there is %s', async (_, answer, message) => {
  const [status = '', body = ''] = (answer ?? '').split(' ')
  const engine =
    answer === null ? null : await startEngine((_, response) => response.writeHead(Number(status)).end(body))
  const origin = engine === null ? 'http://127.0.0.1:9/v1' : `${engine.url}/v1`
  await expect(modelsOfEngine(origin)).rejects.toThrow(message)
  await expect(modelsOfEngine(origin)).rejects.toMatchObject({ exitCode: 5 })
})
