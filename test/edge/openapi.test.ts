/** The OpenAPI document of the public API. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { ERRORS } from '../../src/core/errors.ts'
import { openapiDocument, registerPublicPaths } from '../../src/edge/openapi.ts'
import { RELAYED } from '../../src/edge/relay.ts'
import { VERSION } from '../../src/lib/version.ts'

/** In the order in which they are registered. */
const METHODS: Readonly<Record<string, readonly string[]>> = {
  '': ['post'],
  '/{id}': ['get', 'post', 'delete'],
  '/{id}/export': ['get'],
  '/{id}/items': ['get', 'post'],
  '/{id}/items/{item}': ['get', 'delete'],
  '/{id}/events': ['post', 'get'],
}

function document() {
  const app = new OpenAPIHono()
  registerPublicPaths(app)
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into.
  return openapiDocument(app) as any
}

it('names itself', () => {
  const { openapi, info } = document()
  expect(openapi).toBe('3.1.0')
  expect(info).toMatchObject({ title: 'Sluice', version: VERSION, description: expect.stringContaining('/v1') })
})

it('lists every public path, with what each answers', () => {
  const { paths } = document()
  const calls = Object.entries(paths as Record<string, Record<string, { tags: string[]; security?: unknown }>>)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ path, method, call })))
    .map(({ path, method, call }) => [`${method} ${path}`, call.tags, call.security !== undefined])
  expect(calls).toEqual([
    ['post /v1/chat/completions', ['inference'], true],
    ['post /v1/completions', ['inference'], true],
    ['post /v1/embeddings', ['inference'], true],
    ['post /v1/messages', ['inference'], true],
    ['post /v1/messages/count_tokens', ['inference'], true],
    ['post /v1/responses', ['inference'], true],
    ...RELAYED.map((path) => [`post /v1${path}`, ['inference'], true]),
    ['get /v1/streams/{id}', ['streams'], true],
    ['post /v1/streams/{id}/cancel', ['streams'], true],
    ...['put', 'get', 'delete'].map((method) => [`${method} /v1/users/{id}/profile`, ['users'], true]),
    ['get /v1/models', ['models'], true],
    ['get /v1/models/{id}', ['models'], true],
    ['get /v1/limits', ['account'], true],
    ['get /v1/usage', ['account'], true],
    ...['', '/{id}', '/{id}/export', '/{id}/items', '/{id}/items/{item}', '/{id}/events'].flatMap((path) =>
      (METHODS[path] ?? []).map((method) => [`${method} /v1/conversations${path}`, ['conversations'], true]),
    ),
    ['get /v1/pools/{pool}/worker', ['pools'], false],
    ['get /health', ['running'], false],
    ['get /ready', ['running'], false],
  ])
  expect(Object.keys(paths['/v1/models'].get.responses)).toEqual(['200', '4XX', '5XX'])
  expect(Object.keys(paths['/ready'].get.responses)).toEqual(['200', '503'])
})

it('has the schemas that validate', () => {
  const { paths } = document()
  const body = (path: string) => paths[path].post.requestBody.content['application/json'].schema
  expect(Object.keys(body('/v1/chat/completions').properties)).toEqual(
    expect.arrayContaining(['model', 'messages', 'stream', 'stream_options', 'max_completion_tokens']),
  )
  expect(body('/v1/chat/completions').required).toEqual(['model', 'messages'])
  expect(body('/v1/completions').required).toEqual(['model', 'prompt'])
  expect(body('/v1/embeddings').required).toEqual(['model', 'input'])
  expect(paths['/v1/chat/completions'].post.requestBody.required).toBe(true)
})

it('says which answers may be streams, and which headers of ours are taken', () => {
  const { paths } = document()
  const types = (path: string) => Object.keys(paths[path].post.responses['200'].content)
  expect(types('/v1/chat/completions')).toEqual(['application/json', 'text/event-stream'])
  expect(types('/v1/completions')).toEqual(['application/json', 'text/event-stream'])
  expect(types('/v1/embeddings')).toEqual(['application/json'])
  expect(types('/v1/messages')).toEqual(['application/json', 'text/event-stream'])
  expect(types('/v1/messages/count_tokens')).toEqual(['application/json'])
  expect(types('/v1/responses')).toEqual(['application/json', 'text/event-stream'])
  const parameters = paths['/v1/chat/completions'].post.parameters as { in: string; name: string; required: boolean }[]
  expect(parameters.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      ...['x-sluice-timeout-ms', 'x-sluice-first-token-ms', 'x-sluice-max-wait-ms', 'x-sluice-user'],
      ...['x-request-id', 'traceparent'],
    ]),
  )
  const takes = (path: string) =>
    (paths[path].post.parameters as { name: string }[])
      .map(({ name }) => name)
      .filter((name) => /session|prompt|webhook|disconnect|idempotency/.test(name))
  const lasting = ['x-sluice-on-disconnect', 'idempotency-key', 'x-sluice-webhook']
  for (const path of ['/v1/chat/completions', '/v1/messages', '/v1/responses'])
    expect(takes(path)).toEqual([...lasting, 'x-sluice-session', 'x-sluice-prompt'])
  for (const path of ['/v1/completions', '/v1/embeddings']) expect(takes(path)).toEqual(lasting)
  expect(takes('/v1/messages/count_tokens')).toEqual([...lasting, 'x-sluice-prompt'])
  expect(takes('/v1/moderations')).toEqual([])
  for (const parameter of parameters) expect(parameter).toMatchObject({ in: 'header', required: false })
  const headers = paths['/v1/chat/completions'].post.responses['200'].headers as Record<string, unknown>
  expect(Object.keys(headers)).toEqual(
    expect.arrayContaining([
      'x-request-id',
      'x-sluice-stream',
      'x-sluice-queue-ms',
      'x-ratelimit-reset-tokens',
      'ratelimit',
    ]),
  )
})

it('says how a key learns of its limits and of its usage', () => {
  const { paths } = document()
  const rows = (path: string) =>
    Object.keys(paths[path].get.responses['200'].content['application/json'].schema.properties.data.items.properties)
  expect(rows('/v1/limits')).toEqual(expect.arrayContaining(['name', 'of', 'amount', 'used', 'remaining', 'resetMs']))
  expect(rows('/v1/usage')).toEqual(expect.arrayContaining(['requests', 'costMicroUsd']))
  const parameters = paths['/v1/usage'].get.parameters as { name: string }[]
  expect(parameters.map(({ name }) => name)).toEqual(['from', 'to', 'by'])
})

it('has every code a caller may be told, and how a key is sent', () => {
  const { components } = document()
  const { code } = components.schemas.Error.properties.error.properties
  expect(code.enum).toEqual(Object.keys(ERRORS))
  expect(components.securitySchemes.apiKey).toEqual({ type: 'http', scheme: 'bearer' })
  expect(components.schemas.Model.properties.owned_by).toMatchObject({ enum: ['sluice'] })
})
