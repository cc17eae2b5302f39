/** The OpenAPI document of kept responses. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import { INPUT_ITEMS_DEFAULT, INPUT_ITEMS_MAX } from '../core/limits.ts'
import { json, refusals } from './openapi.ts'

const responseSchema = z
  .looseObject({ id: z.string(), object: z.literal('response'), status: z.string() })
  .describe('The response object, as it was answered')
const deletedSchema = z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) })
const itemsSchema = z.object({
  object: z.literal('list'),
  data: z.array(z.looseObject({ id: z.string() })),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})
const pageQuery = z.object({
  after: z.string().optional().describe('The last id of the page before'),
  limit: z.string().optional().describe(`1 to ${INPUT_ITEMS_MAX}; else ${INPUT_ITEMS_DEFAULT}`),
  order: z.enum(['asc', 'desc']).optional().describe('Of the input; else the last item first'),
})
const streamQuery = z.object({
  stream: z.enum(['true', 'false']).optional().describe('The events again, of a response that runs in the background'),
  starting_after: z.string().optional().describe('The sequence number of the last event that is known'),
})

/** Puts their paths into the app's registry. */
export function registerResponsePaths({ openAPIRegistry }: OpenAPIHono): void {
  const security = [{ apiKey: [] }]
  const params = z.object({ id: z.string() })
  const shared = { security, tags: ['responses'] }
  openAPIRegistry.registerPath({
    ...shared,
    method: 'get',
    path: '/v1/responses/{id}',
    summary: 'A kept response',
    request: { params, query: streamQuery },
    responses: {
      200: {
        ...json(responseSchema, 'The response; with `stream=true` its events after `starting_after`, to the last'),
        content: { 'application/json': { schema: responseSchema }, 'text/event-stream': { schema: z.string() } },
      },
      ...refusals,
    },
  })
  openAPIRegistry.registerPath({
    ...shared,
    method: 'delete',
    path: '/v1/responses/{id}',
    summary: 'Forgets a kept response; those that go on from it stay',
    request: { params },
    responses: { 200: json(deletedSchema, 'It is gone'), ...refusals },
  })
  openAPIRegistry.registerPath({
    ...shared,
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    summary: 'The input of a kept response',
    request: { params, query: pageQuery },
    responses: { 200: json(itemsSchema, 'Its own items, without those of responses before it'), ...refusals },
  })
  openAPIRegistry.registerPath({
    ...shared,
    method: 'post',
    path: '/v1/responses/{id}/cancel',
    summary: 'Stops a response that runs in the background',
    request: { params },
    responses: { 200: json(responseSchema, 'The response, cancelled or as it had ended'), ...refusals },
  })
}
