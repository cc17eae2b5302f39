/** The Conversations API in the document: every path that is served, and no other. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { registerConversations } from '../../src/edge/openapi-conversations.ts'

it('has every path and method', () => {
  const app = new OpenAPIHono()
  registerConversations(app.openAPIRegistry, [{ apiKey: [] }], { '4XX': { description: 'Refused' } })
  const { paths } = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } })
  const served = Object.entries(paths ?? {}).map(([path, methods]) => `${path} ${Object.keys(methods ?? {}).sort()}`)
  expect(served.sort()).toEqual([
    '/v1/conversations post',
    '/v1/conversations/{id} delete,get,post',
    '/v1/conversations/{id}/events get,post',
    '/v1/conversations/{id}/export get',
    '/v1/conversations/{id}/items get,post',
    '/v1/conversations/{id}/items/{item} delete,get',
  ])
  const { responses, security } = paths?.['/v1/conversations']?.post ?? {}
  expect(Object.keys(responses ?? {})).toEqual(['200', '4XX'])
  expect(security).toEqual([{ apiKey: [] }])
})
