/** Schemas of Anthropic's Messages requests: what is checked before the path, and what the OpenAPI document says. No I/O. */
import { z } from 'zod'

// As loose as those of core/chat.ts, and for the same reason: a target that speaks the protocol gets the body as it came.

const model = z.string().min(1).max(128).describe('An alias of the config; GET /v1/models lists yours.')
const block = z.looseObject({ type: z.string().min(1) })
const content = z.union([z.string(), z.array(block)])
const message = z.looseObject({
  role: z.enum(['user', 'assistant', 'system']).describe('system: instructions in the middle of a conversation'),
  content,
})

/** A conversation that the server holds is one account's, and targets have several. Anthropic's SDK goes on without. */
const thread = z
  .null('conversations are not held here; leave it out, and send all messages each time')
  .optional()
  .describe('Not taken: send all messages each time.')

/** What both requests say of a prompt. */
const prompt = {
  model,
  messages: z.array(message).min(1),
  system: content.nullish(),
  tools: z.array(z.looseObject({})).nullish(),
  tool_choice: block.nullish(),
  thinking: block.nullish(),
  thread,
}

/** `POST /v1/messages`. */
export const messagesRequestSchema = z.looseObject({
  ...prompt,
  max_tokens: z
    .number()
    .int()
    .min(0)
    .describe('Bound of the whole output, thinking included. 0 only warms a prompt cache, at Anthropic.'),
  stream: z.boolean().nullish().describe('Stream the answer as server-sent events.'),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.number().int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  output_config: z.looseObject({}).nullish(),
})

/** `POST /v1/messages/count_tokens`. */
export const countTokensRequestSchema = z.looseObject(prompt)
