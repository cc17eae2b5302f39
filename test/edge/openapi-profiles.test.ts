/** Profiles in the OpenAPI document. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { registerProfilePaths } from '../../src/edge/openapi-profiles.ts'

it('has three methods of one path, with the schema that validates', () => {
  const app = new OpenAPIHono()
  registerProfilePaths(app.openAPIRegistry, [{ apiKey: [] }], { '4XX': { description: 'Refused' } })
  const { paths = {} } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 'x', version: '1' } })
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into.
  const { get, put, delete: remove } = paths['/v1/users/{id}/profile'] as any
  expect(Object.keys(put.responses)).toEqual(['200', '201', '4XX'])
  expect(Object.keys(get.responses)).toEqual(['200', '4XX'])
  expect(Object.keys(remove.responses)).toEqual(['204', '4XX'])
  expect(Object.keys(put.requestBody.content['application/json'].schema.properties)).toEqual(['attributes', 'tags'])
  expect(put.security).toEqual([{ apiKey: [] }])
})
