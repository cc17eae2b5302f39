/** Kept responses in the OpenAPI document. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { registerResponsePaths } from '../../src/edge/openapi-responses.ts'

it('has each of their paths, with what it answers', () => {
  const app = new OpenAPIHono()
  registerResponsePaths(app)
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } })
  const paths = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => [method, path, Object.keys(responses).join(' ')]),
  )
  expect(paths).toEqual([
    ['get', '/v1/responses/{id}', '200 4XX 5XX'],
    ['delete', '/v1/responses/{id}', '200 4XX 5XX'],
    ['get', '/v1/responses/{id}/input_items', '200 4XX 5XX'],
    ['post', '/v1/responses/{id}/cancel', '200 4XX 5XX'],
  ])
  const { parameters, responses } = document.paths?.['/v1/responses/{id}']?.get ?? {}
  expect(parameters?.map((one) => ('name' in one ? one.name : ''))).toEqual(['id', 'stream', 'starting_after'])
  expect(Object.keys(responses?.[200]?.content ?? {})).toEqual(['application/json', 'text/event-stream'])
})
