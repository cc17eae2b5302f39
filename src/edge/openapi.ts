/** The OpenAPI document of the public API: from the schemas that validate, and a few for what comes back. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import { chatRequestSchema, completionsRequestSchema, embeddingsRequestSchema } from '../core/chat.ts'
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import { VERSION } from '../lib/version.ts'

const errorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    }),
  })
  .openapi('Error')
const modelSchema = z
  .object({ id: z.string(), object: z.literal('model'), created: z.number(), owned_by: z.literal('sluice') })
  .openapi('Model')
const healthSchema = z.object({ status: z.string(), version: z.string() })
const readySchema = z.object({ status: z.enum(['ready', 'degraded']), checks: z.record(z.string(), z.string()) })

const json = (schema: z.ZodType, description: string) => ({ description, content: { 'application/json': { schema } } })
const reply = z.looseObject({}).describe("As the OpenAI API has it, byte for byte the target's own where it speaks it.")
const refusals = {
  '4XX': json(errorSchema, 'Refused: the code says why, the message what to do'),
  '5XX': json(errorSchema, 'Nobody could answer'),
}
const eventStream = {
  schema: z.string().describe('Server-sent events, ended by `data: [DONE]` or by one error frame.'),
}

const sluiceHeaders = z.object({
  'x-sluice-timeout-ms': z.string().optional().describe('Total, 0 or 1 to 3600000; can only shorten the model’s.'),
  'x-sluice-first-token-ms': z.string().optional().describe('To the first content of a stream; likewise.'),
  'x-request-id': z.string().optional().describe('Yours; comes back as x-client-request-id.'),
  traceparent: z.string().optional().describe('W3C trace context; goes to the upstream.'),
})

const OPERATIONS = [
  ['/v1/chat/completions', 'Chat, whole or streamed', chatRequestSchema, true],
  ['/v1/completions', 'Text completion, whole or streamed', completionsRequestSchema, true],
  ['/v1/embeddings', 'Embeddings', embeddingsRequestSchema, false],
] as const

/** Puts the public paths into the app's registry, where the admin API's own are already or will be. */
export function registerPublicPaths({ openAPIRegistry }: OpenAPIHono): void {
  openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
  const security = [{ apiKey: [] }]
  for (const [path, summary, schema, streams] of OPERATIONS)
    openAPIRegistry.registerPath({
      method: 'post',
      path,
      summary,
      security,
      tags: ['inference'],
      request: { headers: sluiceHeaders, body: { required: true, content: { 'application/json': { schema } } } },
      responses: {
        200: {
          description: 'The answer',
          content: { 'application/json': { schema: reply }, ...(streams ? { 'text/event-stream': eventStream } : {}) },
        },
        ...refusals,
      },
    })
  const models = z.object({ object: z.literal('list'), data: z.array(modelSchema) })
  const get = { method: 'get' as const }
  openAPIRegistry.registerPath({
    ...get,
    path: '/v1/models',
    summary: 'The models of this key',
    security,
    tags: ['models'],
    responses: { 200: json(models, 'Aliases of the config'), ...refusals },
  })
  openAPIRegistry.registerPath({
    ...get,
    path: '/v1/models/{id}',
    summary: 'One model',
    security,
    tags: ['models'],
    request: { params: z.object({ id: z.string() }) },
    responses: { 200: json(modelSchema, 'The alias'), ...refusals },
  })
  openAPIRegistry.registerPath({
    ...get,
    path: '/health',
    summary: 'Alive? Touches no store',
    tags: ['running'],
    responses: { 200: json(healthSchema, 'Alive') },
  })
  openAPIRegistry.registerPath({
    ...get,
    path: '/ready',
    summary: 'Do the stores answer?',
    tags: ['running'],
    responses: { 200: json(readySchema, 'All do'), 503: json(readySchema, 'Says which is down') },
  })
}

/** Parts of an OpenAPI document that the docs page reads. */
export type OpenapiDocument = ReturnType<OpenAPIHono['getOpenAPI31Document']>

/** Everything this Worker serves, the mounted admin API included. */
export function openapiDocument(app: OpenAPIHono): OpenapiDocument {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: VERSION,
      description: 'An AI inference gateway: point an OpenAI SDK at `/v1` with a Sluice key.',
    },
  })
}
