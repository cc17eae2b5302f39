/** The skins: OpenAI's three operations, Anthropic's Messages and OpenAI's Responses. No I/O. */
import { chatRequestSchema, completionsRequestSchema, embeddingsRequestSchema } from '../core/chat.ts'
import type { NativeRequest, Operation } from '../core/inference.ts'
import { countTokensRequestSchema, messagesRequestSchema } from '../core/messages/schema.ts'
import { responsesRequestSchema } from '../core/responses/schema.ts'
import { decodeMessages } from './messages/decode.ts'
import { MessagesEncoder } from './messages/encode-events.ts'
import { messageOf } from './messages/encode-whole.ts'
import { decodeResponses } from './responses/decode.ts'
import { ResponsesEncoder } from './responses/encode-events.ts'
import { wholeResponse } from './responses/response-object.ts'
import type { Read, Skin } from './skin.ts'
import { messagesErrors, openaiErrors, responsesErrors } from './skin-errors.ts'

type Json = Readonly<Record<string, unknown>>

/** A skin of OpenAI's own: what is read goes on as it is, and so does the answer. */
export const openai = (operation: Operation, schema: Skin['schema'], canStream = true): Skin => ({
  name: operation,
  operation,
  form: 'openai',
  canStream,
  schema,
  // What was parsed goes on, not the schema's copy of it: the fields keep their order, and copying costs.
  read: (body) => ({ body }),
  headers: [],
  errors: openaiErrors,
  encode: null,
})

const messages: Skin = {
  name: 'messages',
  operation: 'chat',
  form: 'messages',
  canStream: true,
  schema: messagesRequestSchema,
  read: (value) => readNative('messages', value, decodeMessages(value)),
  headers: ['anthropic-version', 'anthropic-beta'],
  errors: messagesErrors,
  encode: {
    whole: (completion, heading) => messageOf(completion, heading),
    stream: (heading) => new MessagesEncoder(heading),
  },
}

const countTokens: Skin = {
  ...messages,
  name: 'count_tokens',
  operation: 'count_tokens',
  canStream: false,
  schema: countTokensRequestSchema,
  // Nothing of it is asked in the canonical form.
  read: (body) => ({ body, native: { form: 'messages', body, dropped: [] } }),
}

const responses: Skin = {
  name: 'responses',
  operation: 'chat',
  form: 'responses',
  canStream: true,
  schema: responsesRequestSchema,
  read: (value) => readNative('responses', value, decodeResponses(value)),
  headers: [],
  errors: responsesErrors,
  encode: {
    whole: (completion, heading, asked) => wholeResponse(completion, asked, heading),
    stream: (heading, asked) => new ResponsesEncoder(heading, asked),
  },
}

/** Path → the skin that is spoken there. */
export const SKINS: Readonly<Record<string, Skin>> = {
  '/v1/chat/completions': openai('chat', chatRequestSchema),
  '/v1/completions': openai('completions', completionsRequestSchema),
  '/v1/embeddings': openai('embeddings', embeddingsRequestSchema, false),
  '/v1/messages': messages,
  '/v1/messages/count_tokens': countTokens,
  '/v1/responses': responses,
}

type Decoded =
  | { readonly kind: 'decoded'; readonly body: Json; readonly dropped: readonly string[] }
  | { readonly kind: 'fault'; readonly param: string; readonly message: string }

/** What only its own protocol can say is not refused here: there may be a target that speaks it. */
function readNative(form: NativeRequest['form'], value: Json, decoded: Decoded): Read {
  if (decoded.kind === 'decoded') return { body: decoded.body, native: { form, body: value, dropped: decoded.dropped } }
  const { param, message } = decoded
  return { body: value, native: { form, body: value, dropped: [], unsayable: { param, message } } }
}
