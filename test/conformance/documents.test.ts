/** What Sluice says of itself without a key: health, readiness, the OpenAPI document, the docs; and what it says when misconfigured. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pick, send } from '../support/http-client.ts'
import { setUp, type TestSluice } from '../support/sluice.ts'

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'options', 'head']

describe('well configured', () => {
  let sluice: TestSluice
  beforeAll(async () => {
    sluice = await setUp({})
  })
  afterAll(() => sluice?.stop())

  test('/health and /ready', async () => {
    expect((await send(`${sluice.url}/health`)).status).toBe(200)
    const ready = await send(`${sluice.url}/ready`)
    expect(ready.status, ready.body).toBe(200)
  })

  test('/openapi.json is OpenAPI 3.1, whole and consistent', async () => {
    const reply = await send(`${sluice.url}/openapi.json`)
    expect(reply.status).toBe(200)
    const document = reply.json
    expect(pick(document, 'openapi')).toMatch(/^3\.1\.\d+$/)
    expect(pick(document, 'info')).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    const paths = pick(document, 'paths') as Record<string, Record<string, unknown>>
    for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/embeddings']) {
      expect(paths[path]?.post, path).toBeDefined()
    }
    expect(paths['/v1/models']?.get).toBeDefined()
    expect(Object.keys(paths).some((path) => /^\/v1\/models\/\{[a-z]+\}$/i.test(path))).toBe(true)

    const ids: unknown[] = []
    for (const [path, item] of Object.entries(paths)) {
      expect(path).toMatch(/^\//)
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name)
      for (const [method, operation] of Object.entries(item).filter(([name]) => METHODS.includes(name))) {
        const where = `${method} ${path}`
        const responses = pick(operation, 'responses') as Record<string, { description?: string; $ref?: string }>
        expect(Object.keys(responses).length, where).toBeGreaterThan(0)
        for (const [status, response] of Object.entries(responses)) {
          expect(status, where).toMatch(/^([1-5]\d\d|[1-5]XX|default)$/)
          expect(response.description ?? response.$ref, `${where} ${status}`).toBeTypeOf('string')
        }
        const parameters = (pick(operation, 'parameters') ?? pick(item, 'parameters') ?? []) as {
          name?: string
          in?: string
        }[]
        const named = parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)
        expect(named.sort(), where).toEqual(inPath.sort())
        if (pick(operation, 'operationId') !== undefined) ids.push(pick(operation, 'operationId'))
      }
    }
    expect(new Set(ids).size).toBe(ids.length)

    const refs = [...reply.body.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, pointer = '']) => pointer)
    for (const pointer of new Set(refs)) expect(pick(document, ...pointer.split('/')), pointer).toBeDefined()
    const schemes = Object.keys((pick(document, 'components', 'securitySchemes') as object | undefined) ?? {})
    expect(schemes.length).toBeGreaterThan(0)
  })

  test('ten wrong admin tokens a minute, then 429', async () => {
    const wrong = () =>
      send(`${sluice.url}/admin/config`, { headers: { authorization: 'Bearer not-the-token-but-as-long-as-one-is' } })
    const statuses: number[] = []
    for (let turn = 0; turn < 12; turn += 1) statuses.push((await wrong()).status)
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 401))
    expect(statuses.at(-1)).toBe(429)
  })

  test('/docs is a page about it', async () => {
    const reply = await send(`${sluice.url}/docs`)
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toMatch(/^text\/html/)
    expect(reply.body).toContain('openapi.json')
  })
})

describe.each([
  { name: 'a master key that is none', env: { SLUICE_MASTER_KEY: 'bm90LTMyLWJ5dGVz' }, variable: 'SLUICE_MASTER_KEY' },
  { name: 'no admin token', env: { SLUICE_ADMIN_TOKEN: '' }, variable: 'SLUICE_ADMIN_TOKEN' },
])('misconfigured: $name', ({ env, variable }) => {
  test('the ready line comes, one error line names the variable, and so does every reply but /health', async () => {
    const sluice = await setUp({ env })
    try {
      expect((await send(`${sluice.url}/health`)).status).toBe(200)
      for (const path of ['/v1/models', '/v1/chat/completions', '/admin/config', '/ready']) {
        const reply = await send(`${sluice.url}${path}`)
        expect(reply.status, path).toBe(503)
        expect(reply.json).toMatchObject({
          error: { code: 'misconfigured', message: expect.stringContaining(variable) },
        })
        for (const value of Object.values(env)) if (value !== '') expect(reply.body).not.toContain(value)
      }
      const lines = sluice
        .output()
        .split('\n')
        .filter((line) => line.includes(variable))
      expect(lines).toHaveLength(1)
      for (const value of Object.values(env)) if (value !== '') expect(sluice.output()).not.toContain(value)
    } finally {
      await sluice.stop()
    }
  })
})
