/** The OpenAPI document of the public API: from the schemas that validate, and a few for what comes back. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from '@hono/zod-openapi'
import { usageQuerySchema } from '../core/admin-schemas.ts'
import { keyLimitsViewSchema, usageViewSchema } from '../core/admin-views.ts'
import {
  chatRequestSchema,
  completionsRequestSchema,
  embeddingsRequestSchema,
  relayRequestSchema,
} from '../core/chat.ts'
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import { countTokensRequestSchema, messagesRequestSchema } from '../core/messages/schema.ts'
import { responsesRequestSchema } from '../core/responses/schema.ts'
import { VERSION } from '../lib/version.ts'
import { registerConversations } from './openapi-conversations.ts'
import { registerPools } from './openapi-pools.ts'
import { registerProfilePaths } from './openapi-profiles.ts'
import { conversationHeaders, lastingHeaders, registerStreams, streamReplyHeaders } from './openapi-streams.ts'
import { RELAYED } from './relay.ts'

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
const readySchema = z.object({
  status: z.enum(['ready', 'degraded']),
  checks: z.record(z.string(), z.string()),
  warnings: z
    .record(z.string(), z.string())
    .optional()
    .describe('What does not keep it from working: missing prices, a guard that nothing counts for, no embedder'),
})

export const json = (schema: z.ZodType, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})
const reply = z
  .looseObject({})
  .describe("As the API of that path has it, byte for byte the target's own where it speaks it.")
export const refusals = {
  '4XX': json(errorSchema, 'Refused: the code says why, the message what to do'),
  '5XX': json(errorSchema, 'Nobody could answer'),
}
const eventStream = {
  schema: z
    .string()
    .describe('Server-sent events, ended as the API of that path ends them (`data: [DONE]`), or by one error frame.'),
}

const maxWait = 'Longest wait for its turn where a limit stands in the way, 0 to 3600000; else the tenant’s (0: none).'
const user = 'Your end user, for limits per user: 1 to 128 printable ASCII characters without spaces.'

const cacheMode =
  'auto: recall and keep, where that is allowed; refresh: keep, but do not recall; ' +
  'no-store: recall, but do not keep; off: neither.'

const sluiceHeaders = z.object({
  'x-sluice-cache': z.enum(['auto', 'refresh', 'no-store', 'off']).optional().describe(cacheMode),
  'x-sluice-cache-ttl': z
    .string()
    .optional()
    .describe('How long the reply is kept: 1 to 2592000 s; else as the model says.'),
  'x-sluice-debug': z.literal('1').optional().describe('Say in headers how it was decided.'),
  'x-sluice-max-wait-ms': z.string().optional().describe(maxWait),
  'x-sluice-user': z.string().optional().describe(user),
  'x-sluice-timeout-ms': z.string().optional().describe('Total, 0 or 1 to 3600000; can only shorten the model’s.'),
  'x-sluice-first-token-ms': z.string().optional().describe('To the first content of a stream; likewise.'),
  'x-request-id': z.string().optional().describe('Yours; comes back as x-client-request-id.'),
  traceparent: z.string().optional().describe('W3C trace context; goes to the upstream.'),
})

/** Where they apply: they are not on a stream whose status went out early. */
const replyHeaders = z.object({
  'x-request-id': z.string().describe('Ours, a UUID'),
  'x-sluice-model': z.string().optional().describe('The alias asked for'),
  'x-sluice-target': z.string().optional().describe('`provider/model` that answered'),
  'x-sluice-attempts': z.string().optional().describe('Upstream calls begun'),
  'x-sluice-cache': z
    .enum(['hit', 'semantic', 'coalesced', 'miss', 'bypass'])
    .optional()
    .describe('Recalled exactly, by meaning, or of a request in flight; asked of an upstream; not recallable'),
  age: z.string().optional().describe('Seconds since a recalled answer ended'),
  'x-sluice-similarity': z.string().optional().describe('Cosine of the questions, where it was recalled by meaning'),
  'x-sluice-cache-reason': z.string().optional().describe('Where `x-sluice-debug: 1` was sent: why it is a bypass'),
  'x-sluice-pool-reason': z
    .enum(['warm', 'saturated', 'cold', 'only', 'degraded'])
    .optional()
    .describe(
      'Where `x-sluice-debug: 1` was sent: why a replica was chosen. It has the prompt’s beginning; what has it is too ' +
        'busy; none has it; no other could be had; or the pool’s own state was out of reach',
    ),
  'x-sluice-pool-match': z
    .string()
    .optional()
    .describe('Likewise: blocks of the prompt that it should have, of how many, as in `12/40`'),
  'x-sluice-replica': z.string().optional().describe('Likewise, to a key with `debug: true`: the replica'),
  'x-sluice-pool-candidates': z
    .string()
    .optional()
    .describe('Likewise: what was chosen from, as in `a;match=12;load=3400;requests=2, b;…`; load in prompt tokens'),
  'x-sluice-token-count': z
    .literal('estimated')
    .optional()
    .describe('Of counted tokens: no target could count them, this is by what is learned of the model'),
  'x-sluice-dropped-params': z
    .string()
    .optional()
    .describe(
      'Fields that the target could not be told, or that are another provider’s (signatures, encrypted reasoning)',
    ),
  'x-sluice-queue-ms': z.string().optional().describe('Time waited for its limits'),
  'x-sluice-overhead-ms': z.string().optional().describe('Time of the gateway before the upstream was asked'),
  'x-sluice-cost-usd': z.string().optional().describe('On whole replies; `null`: unknown'),
  ...Object.fromEntries(
    ['requests', 'tokens'].flatMap((unit) => [
      [`x-ratelimit-limit-${unit}`, z.string().optional().describe('Of the limit with the smallest share left')],
      [`x-ratelimit-remaining-${unit}`, z.string().optional().describe('What is left of it after this request')],
      [`x-ratelimit-reset-${unit}`, z.string().optional().describe('Until all of it is back, as in `6m0s`')],
    ]),
  ),
  'ratelimit-policy': z.string().optional().describe('Every limit, as draft-ietf-httpapi-ratelimit-headers has it'),
  ratelimit: z.string().optional().describe('How each of them stands; likewise'),
})

/** Of a reply that is a turn, or may be read again. */
const lastingReplyHeaders = replyHeaders.extend({
  ...streamReplyHeaders,
  'x-sluice-session': z.string().optional().describe('The conversation that it is a turn of'),
})
const inferenceHeaders = sluiceHeaders.extend(lastingHeaders)
const messagesHeaders = inferenceHeaders.extend(conversationHeaders)

/** Path, what it is, its body, the headers that it takes, and whether its answer may be a stream. */
const OPERATIONS = [
  ['/v1/chat/completions', 'Chat, whole or streamed', chatRequestSchema, messagesHeaders, true],
  ['/v1/completions', 'Text completion, whole or streamed', completionsRequestSchema, inferenceHeaders, true],
  ['/v1/embeddings', 'Embeddings', embeddingsRequestSchema, inferenceHeaders, false],
  ['/v1/messages', 'Anthropic Messages, whole or streamed', messagesRequestSchema, messagesHeaders, true],
  [
    '/v1/messages/count_tokens',
    'Tokens of a prompt',
    countTokensRequestSchema,
    inferenceHeaders.extend({ 'x-sluice-prompt': conversationHeaders['x-sluice-prompt'] }),
    false,
  ],
  ['/v1/responses', 'OpenAI Responses, whole or streamed', responsesRequestSchema, messagesHeaders, true],
] as const

/** As it comes, whatever it is. */
const binary = { schema: { type: 'string', format: 'binary' } as const }

/** Puts the public paths into the app's registry, where the admin API's own are already or will be. */
export function registerPublicPaths({ openAPIRegistry }: OpenAPIHono): void {
  openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' })
  const security = [{ apiKey: [] }]
  for (const [path, summary, schema, headers, streams] of OPERATIONS)
    openAPIRegistry.registerPath({
      method: 'post',
      path,
      summary,
      security,
      tags: ['inference'],
      request: { headers, body: { required: true, content: { 'application/json': { schema } } } },
      responses: {
        200: {
          description: 'The answer',
          headers: lastingReplyHeaders,
          content: { 'application/json': { schema: reply }, ...(streams ? { 'text/event-stream': eventStream } : {}) },
        },
        ...refusals,
      },
    })
  for (const path of RELAYED)
    openAPIRegistry.registerPath({
      method: 'post',
      path: `/v1${path}`,
      summary: 'Passed on to targets of OpenAI’s protocol, as is what comes back',
      security,
      tags: ['inference'],
      request: {
        headers: sluiceHeaders,
        body: {
          required: true,
          content: {
            'application/json': { schema: relayRequestSchema },
            'multipart/form-data': { schema: relayRequestSchema },
          },
        },
      },
      responses: { 200: { description: 'The answer', headers: replyHeaders, content: { '*/*': binary } }, ...refusals },
    })
  registerStreams(openAPIRegistry, security, refusals)
  registerProfilePaths(openAPIRegistry, security, refusals)
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
    path: '/v1/limits',
    summary: 'The limits of this key, and how they stand',
    security,
    tags: ['account'],
    request: { headers: z.object({ 'x-sluice-user': z.string().optional().describe(user) }) },
    responses: {
      200: json(keyLimitsViewSchema, 'A row for each counter in use, and for each unused limit'),
      ...refusals,
    },
  })
  openAPIRegistry.registerPath({
    ...get,
    path: '/v1/usage',
    summary: 'What this key has used, summed by model, key and day',
    security,
    tags: ['account'],
    request: { query: usageQuerySchema },
    responses: { 200: json(usageViewSchema, 'One entry a group'), ...refusals },
  })
  registerConversations(openAPIRegistry, security, refusals)
  registerPools(openAPIRegistry, refusals)
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
