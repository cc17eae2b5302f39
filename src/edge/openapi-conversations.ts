/** The Conversations API in the OpenAPI document. No I/O. */
import { type OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi'
import {
  conversationCreateSchema,
  conversationUpdateSchema,
  eventCreateSchema,
  eventsQuerySchema,
  itemsCreateSchema,
  itemsQuerySchema,
} from '../core/session/schemas.ts'

const json = (schema: z.ZodType, description: string) => ({ description, content: { 'application/json': { schema } } })
const conversation = z
  .object({
    id: z.string(),
    object: z.literal('conversation'),
    created_at: z.number().describe('Seconds since the epoch'),
    metadata: z.record(z.string(), z.string()),
    last_turn: z
      .object({ status: z.enum(['finished', 'broken', 'cancelled']), at: z.string() })
      .nullable()
      .describe('What became of the last turn; of one that broke or was cancelled nothing else is kept'),
    last_event: z.number().describe('Number of the newest event'),
  })
  .openapi('Conversation')
const deleted = z.object({ id: z.string(), object: z.literal('conversation.deleted'), deleted: z.literal(true) })
const item = z.looseObject({ id: z.string(), type: z.string() }).openapi('ConversationItem')
const itemList = z.object({
  object: z.literal('list'),
  data: z.array(item),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})
const event = z.object({
  object: z.literal('conversation.event'),
  id: z.string(),
  type: z.string(),
  sequence_number: z.number(),
  items: z.array(item),
})
const exported = z.looseObject({ id: z.string(), object: z.literal('conversation.export'), items: z.array(item) })
const id = z.object({ id: z.string().describe('Its id, or the name of a session, percent-encoded') })
const itemId = id.extend({ item: z.string() })
const included = { include: z.array(z.string()).optional().describe('As at OpenAI: reasoning.encrypted_content, say') }

const body = (schema: z.ZodType, required = true) => ({
  body: { required, content: { 'application/json': { schema } } },
})
const events = {
  description: 'Events, numbered; what was missed first, and then what comes',
  content: {
    'text/event-stream': {
      schema: z.string().describe('`id` is the number, to come again with as Last-Event-ID; `data` the event'),
    },
  },
}

type Route = readonly [
  method: RouteConfig['method'],
  path: string,
  summary: string,
  request: RouteConfig['request'],
  reply: RouteConfig['responses'][number],
]

const ROUTES: readonly Route[] = [
  ['post', '', 'Make a conversation', body(conversationCreateSchema, false), json(conversation, 'Made')],
  ['get', '/{id}', 'One conversation, or session', { params: id }, json(conversation, 'As it is')],
  [
    'post',
    '/{id}',
    'Change its metadata',
    { params: id, ...body(conversationUpdateSchema) },
    json(conversation, 'As it is now'),
  ],
  ['delete', '/{id}', 'Delete it, with all its items', { params: id }, json(deleted, 'Gone')],
  ['get', '/{id}/export', 'All that is kept of it, as one document', { params: id }, json(exported, 'Streamed')],
  [
    'get',
    '/{id}/items',
    'Its items, newest first',
    { params: id, query: itemsQuerySchema.extend(included) },
    json(itemList, 'A page'),
  ],
  ['post', '/{id}/items', 'Add items', { params: id, ...body(itemsCreateSchema) }, json(itemList, 'Those added')],
  ['get', '/{id}/items/{item}', 'One item', { params: itemId, query: z.object(included) }, json(item, 'As it is')],
  ['delete', '/{id}/items/{item}', 'Delete an item', { params: itemId }, json(conversation, 'The conversation')],
  [
    'post',
    '/{id}/events',
    'Speak into it: messages go with the next turn, and are told at once to whoever listens',
    { params: id, ...body(eventCreateSchema) },
    json(event, 'Told'),
  ],
  [
    'get',
    '/{id}/events',
    'Listen to it: every turn, message and mark, as server-sent events, or over a WebSocket (`Upgrade: websocket`)',
    {
      params: id,
      query: eventsQuerySchema,
      headers: z.object({ 'last-event-id': z.string().optional().describe('As `after`, which it goes before') }),
    },
    events,
  ],
]

/** Puts its paths into the registry. `refusals`: how all of them may be refused. */
export function registerConversations(
  registry: OpenAPIHono['openAPIRegistry'],
  security: NonNullable<RouteConfig['security']>,
  refusals: RouteConfig['responses'],
): void {
  for (const [method, path, summary, request, reply] of ROUTES)
    registry.registerPath({
      method,
      path: `/v1/conversations${path}`,
      summary,
      security,
      tags: ['conversations'],
      ...(request === undefined ? {} : { request }),
      responses: { 200: reply as RouteConfig['responses'][string], ...refusals },
    })
}
