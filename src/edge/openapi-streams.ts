/** Streams in the OpenAPI document: what asks for one, and how it is read again. No I/O. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'

const idempotent =
  'The same request under it again, within 24 h, gets the same answer; another one 409 idempotency_conflict.'
const prompt =
  'A prompt template of your operator, put before the messages: NAME, NAME@VERSION, ' +
  'or JSON {"id", "version", "variables"} with \\u escapes for what is not ASCII.'

/** Headers of a request that outlives its connection. */
export const lastingHeaders = {
  'x-sluice-on-disconnect': z
    .enum(['cancel', 'detach'])
    .optional()
    .describe('detach: it goes on when its client leaves, and is read again at /v1/streams/{id}; else it is stopped.'),
  'idempotency-key': z.string().optional().describe(idempotent),
  'x-sluice-webhook': z
    .string()
    .optional()
    .describe(
      'Where its end is told, signed as Standard Webhooks has it: https://, port 443 or 8443, a public name. ' +
        'It goes on when its client leaves.',
    ),
}

/** Headers of what has messages. */
export const conversationHeaders = {
  'x-sluice-session': z
    .string()
    .optional()
    .describe(
      'A conversation to go on with, made when it is first named: 1 to 128 printable ASCII characters. Send only what is new.',
    ),
  'x-sluice-prompt': z.string().optional().describe(prompt),
}

/** Headers of a reply that may be read again. */
export const streamReplyHeaders = {
  'x-sluice-stream': z
    .string()
    .optional()
    .describe('Where it is read again: its id, as in /v1/streams/{id}. Every event of it has an `id:` then.'),
}

const attempt = z.object({
  at: z.string(),
  status: z.number().nullable(),
  failure: z.string().nullable().describe('Why it brought no status'),
  ms: z.number(),
})
const state = z
  .object({
    id: z.string(),
    object: z.literal('stream'),
    status: z
      .enum(['running', 'finished', 'failed', 'cancelled', 'interrupted'])
      .describe('interrupted: the process that was answering died'),
    created_at: z.number().describe('Seconds since the epoch'),
    ended_at: z.number().nullable().describe('Likewise'),
    last_event: z.number().nullable().describe('Number of the newest event'),
    webhook: z
      .array(
        z.object({
          id: z.string(),
          host: z.string(),
          state: z.enum(['pending', 'delivered', 'failed']),
          nextAt: z.string().nullable(),
          attempts: z.array(attempt),
        }),
      )
      .describe('What became of telling its end'),
  })
  .openapi('Stream')
const json = { 'application/json': { schema: state } }
const events = z.string().describe('Server-sent events: what is there first, and then as it comes, to its end')

/** Puts their paths into the registry. `refusals`: how all of them may be refused. */
export function registerStreams(
  registry: OpenAPIHono['openAPIRegistry'],
  security: NonNullable<RouteConfig['security']>,
  refusals: RouteConfig['responses'],
): void {
  const params = z.object({ id: z.string().describe('As `x-sluice-stream` said') })
  const shared = { security, tags: ['streams'] }
  registry.registerPath({
    ...shared,
    method: 'get',
    path: '/v1/streams/{id}',
    summary: 'A stream again, or, with `accept: application/json`, how it stands',
    request: {
      params,
      query: z.object({
        starting_after: z.string().optional().describe('Number, or `id:`, of the last event that is known'),
      }),
      headers: z.object({
        'last-event-id': z.string().optional().describe('As `starting_after`, which goes before it'),
      }),
    },
    responses: {
      200: {
        description: 'The reply from there on, as its own API has it; where it is no stream, the whole of it',
        headers: z.object(streamReplyHeaders),
        content: { 'text/event-stream': { schema: events }, ...json },
      },
      ...refusals,
    },
  })
  registry.registerPath({
    ...shared,
    method: 'post',
    path: '/v1/streams/{id}/cancel',
    summary: 'Stops a stream, and with it its upstream',
    request: { params },
    responses: { 200: { description: 'How it stands: what had ended stays as it is', content: json }, ...refusals },
  })
}
