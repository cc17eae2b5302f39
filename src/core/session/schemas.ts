/** Schemas of the Conversations API: what validates, and what the OpenAPI document says. No I/O. */
import { z } from 'zod'
import {
  ITEMS_PAGE_DEFAULT,
  ITEMS_PAGE_MAX,
  METADATA_NAME_CHARS_MAX,
  METADATA_PAIRS_MAX,
  METADATA_VALUE_CHARS_MAX,
  SESSION_ITEMS_PER_CALL_MAX,
} from './limits.ts'

/** Schemas, for whoever reads bodies with one of them, and what one understands. */
export type SessionSchema = z.ZodType
export type Understood<S extends SessionSchema> = z.output<S>

/** May a session be called so? */
export const isSessionId = (text: string): boolean => /^[\x21-\x7e]{1,128}$/.test(text)

const item = z
  .looseObject({
    type: z.string().min(1).max(64).nullish(),
    role: z.enum(['user', 'assistant', 'system', 'developer']).optional(),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
  })
  .refine(({ type, role }) => type != null || role !== undefined, 'must have a type or a role')
const someItems = z.array(item).max(SESSION_ITEMS_PER_CALL_MAX)
const metadata = z
  .record(z.string().max(METADATA_NAME_CHARS_MAX), z.string().max(METADATA_VALUE_CHARS_MAX))
  .refine((pairs) => Object.keys(pairs).length <= METADATA_PAIRS_MAX, `must have at most ${METADATA_PAIRS_MAX} pairs`)

/** `POST /v1/conversations`. */
export const conversationCreateSchema = z.looseObject({ items: someItems.nullish(), metadata: metadata.nullish() })

/** `POST /v1/conversations/{id}`. */
export const conversationUpdateSchema = z.looseObject({ metadata: metadata.nullable() })

/** `POST /v1/conversations/{id}/items`. */
export const itemsCreateSchema = z.looseObject({ items: someItems.min(1) })

const spoken = z.looseObject({
  type: z.literal('message').nullish(),
  role: z.enum(['user', 'assistant', 'system', 'developer']),
  content: z.union([z.string().min(1), z.array(z.looseObject({ type: z.string() })).min(1)]),
})

/** `POST /v1/conversations/{id}/events`: one message, as it is, under `item`, or several under `items`. */
export const eventCreateSchema = z.union([
  z.looseObject({ items: z.array(spoken).min(1).max(SESSION_ITEMS_PER_CALL_MAX) }),
  z.looseObject({ item: spoken }),
  spoken,
])

/** `GET /v1/conversations/{id}/items`. */
export const itemsQuerySchema = z.object({
  after: z.string().min(1).max(256).optional().describe('Id of the item that the page comes after'),
  limit: z.coerce.number().int().min(1).max(ITEMS_PAGE_MAX).default(ITEMS_PAGE_DEFAULT),
  order: z.enum(['asc', 'desc']).default('desc'),
})

/** `GET /v1/conversations/{id}/events`. */
export const eventsQuerySchema = z.object({
  after: z
    .string()
    .regex(/^\d{1,15}$/, 'must be the number of an event')
    .optional()
    .describe('Number of the last event that is known; 0: all that there are. Absent: only what comes from now on'),
})
