/** The docs page: everything the document has, and nothing that runs. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { docsPage } from '../../src/edge/docs.ts'
import { type OpenapiDocument, openapiDocument, registerPublicPaths } from '../../src/edge/openapi.ts'

async function page(document: object, url = 'https://sluice.test/docs') {
  const app = new OpenAPIHono()
  app.get('/docs', (c) => docsPage(c, document as OpenapiDocument))
  const reply = await app.fetch(new Request(url))
  return { headers: reply.headers, text: await reply.text() }
}

it('shows every call of the document under its tag, once', async () => {
  const app = new OpenAPIHono()
  registerPublicPaths(app)
  const { headers, text } = await page(openapiDocument(app))
  expect(headers.get('content-type')).toContain('text/html')
  for (const [method, path] of [
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/embeddings'],
    ['GET', '/v1/models/{id}'],
    ['GET', '/ready'],
  ])
    expect(text.split(`<b>${method}</b> <code>${path}</code>`), path).toHaveLength(2)
  expect([...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, tag]) => tag)).toEqual([
    'inference',
    'streams',
    'users',
    'models',
    'account',
    'conversations',
    'pools',
    'running',
    'Schemas',
  ])
  for (const schema of ['Error', 'Model']) expect(text).toContain(`<summary><code>${schema}</code></summary>`)
})

it('puts calls of all methods where they belong, and what has no tag under other', async () => {
  const responses = { 200: { description: 'ok' } }
  const call = (summary: string | undefined, ...tags: string[]) => ({
    summary,
    responses,
    ...(tags.length ? { tags } : {}),
  })
  const methods = ['get', 'put', 'post', 'patch', 'delete']
  const item = Object.fromEntries(methods.map((method) => [method, call(`to ${method}`, 'things')]))
  const { text } = await page({
    paths: { '/things': { ...item, parameters: [] }, '/rest': { get: call(undefined) } },
  })
  for (const method of methods)
    expect(text).toContain(`<b>${method.toUpperCase()}</b> <code>/things</code> to ${method}`)
  const [, things = '', other = ''] = text.split('<h2>')
  expect(things).toContain('/things')
  expect(things).not.toContain('/rest')
  expect(other).toContain('other</h2>')
  expect(other).toContain('/rest')
  expect(text).not.toContain('undefined')
})

it('shows an empty document too', async () => {
  expect((await page({})).text).toContain('<h2>Schemas</h2>')
})

it('has an example with the address it was asked at', async () => {
  const { text } = await page({}, 'http://127.0.0.1:8787/docs')
  expect(text).toContain('curl -N http://127.0.0.1:8787/v1/chat/completions')
  expect(text).toContain('<code>http://127.0.0.1:8787/v1</code>')
})

it('runs nothing, loads nothing, and cannot be framed', async () => {
  const { headers, text } = await page({
    paths: { '/x': { get: { summary: '<script>alert(1)</script>', tags: ['<i>'] } } },
  })
  expect(text).not.toMatch(/<script|<i>| src=/)
  expect(text).toContain('&lt;script&gt;')
  const policy = headers.get('content-security-policy')?.split('; ')
  expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]))
})
