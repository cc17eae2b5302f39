/** Schema of `POST /v1/responses`: what is checked before the path, and what the OpenAPI document says. No I/O. */
import { z } from 'zod'

// Loose for the same reason as the chat schema: unknown fields go to targets of this protocol unchanged, and what a
// provider accepts in a field is the provider's to say. What another target cannot be asked is found when the request
// is decoded, where the message can say what to do about it.

const item = z.looseObject({
  // Messages may come without.
  type: z.string().min(1).nullish(),
  role: z.string().min(1).optional(),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
})
const tool = z.looseObject({ type: z.string().min(1) })
const typed = z.looseObject({ type: z.string().min(1) })

/** `POST /v1/responses`. */
export const responsesRequestSchema = z
  .looseObject({
    model: z.string().min(1).max(128).describe('An alias of the config; GET /v1/models lists yours.'),
    input: z
      .union([z.string(), z.array(item).min(1)])
      .nullish()
      .describe('May be left out where there is a prompt.'),
    prompt: z
      .looseObject({ id: z.string() })
      .nullish()
      .describe('A template of your operator: its id, and values for its variables.'),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish().describe('Stream the answer as server-sent events.'),
    stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
    temperature: z.number().min(0).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    top_logprobs: z.number().int().min(0).nullish(),
    max_output_tokens: z.number().int().min(1).nullish().describe('Bounds the whole output, reasoning included.'),
    tools: z.array(tool).nullish(),
    tool_choice: z.union([z.string().min(1), typed]).nullish(),
    parallel_tool_calls: z.boolean().nullish(),
    text: z.looseObject({ format: typed.nullish(), verbosity: z.string().nullish() }).nullish(),
    reasoning: z.looseObject({ effort: z.string().nullish() }).nullish(),
    include: z.array(z.string()).nullish(),
    metadata: z.record(z.string(), z.unknown()).nullish(),
    truncation: z.enum(['auto', 'disabled']).nullish(),
    store: z.boolean().nullish().describe('Keep the response for 30 days, to be had by its id; unless false is sent.'),
    previous_response_id: z.string().nullish().describe('A kept response that this one goes on from.'),
    conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
    background: z.boolean().nullish(),
  })
  .refine(({ input, prompt }) => input != null || prompt != null, {
    path: ['input'],
    message: 'is required where there is no prompt',
  })
