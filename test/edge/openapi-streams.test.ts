/** Streams in the OpenAPI document: every path that is served, and how a reader says where it was. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { registerStreams } from '../../src/edge/openapi-streams.ts'
import { stateView } from '../../src/edge/stream-routes.ts'

function paths() {
  const app = new OpenAPIHono()
  registerStreams(app.openAPIRegistry, [{ apiKey: [] }], { '4XX': { description: 'Refused' } })
  const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } })
  // biome-ignore lint/suspicious/noExplicitAny: a document, looked into.
  return document as any
}

it('has a path to read one and a path to stop it', () => {
  const calls = Object.entries(paths().paths as Record<string, object>).map(([path, methods]) => [
    path,
    ...Object.keys(methods),
  ])
  expect(calls).toEqual([
    ['/v1/streams/{id}', 'get'],
    ['/v1/streams/{id}/cancel', 'post'],
  ])
  const { get } = paths().paths['/v1/streams/{id}']
  expect(Object.keys(get.responses)).toEqual(['200', '4XX'])
  expect(get.security).toEqual([{ apiKey: [] }])
  expect(get.parameters.map((one: { in: string; name: string }) => [one.in, one.name])).toEqual([
    ['path', 'id'],
    ['query', 'starting_after'],
    ['header', 'last-event-id'],
  ])
  expect(Object.keys(get.responses[200].content)).toEqual(['text/event-stream', 'application/json'])
  expect(Object.keys(get.responses[200].headers)).toEqual(['x-sluice-stream'])
})

it('describes a stream as it is told', () => {
  const told = stateView({
    id: 'strm_1',
    status: 'running',
    startedAtMs: 0,
    endedAtMs: null,
    lastEvent: 3,
    webhook: [],
  })
  expect(Object.keys(paths().components.schemas.Stream.properties)).toEqual(Object.keys(told))
})
