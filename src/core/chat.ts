/** Schemas of the inference requests: what is checked before the path, and what the OpenAPI document says. No I/O. */
import { z } from 'zod'

// Loose on purpose: unknown fields go to OpenAI-protocol targets unchanged, and what a provider accepts in a field is
// the provider's to say. Checked here is what the path itself relies on and what no provider takes.

const model = z.string().min(1).max(128).describe('An alias of the config; GET /v1/models lists yours.')
const stream = z.boolean().nullish().describe('Stream the answer as server-sent events.')
const streamOptions = z
  .looseObject({ include_usage: z.boolean().nullish().describe('Send one last event with the usage.') })
  .nullish()
const outputTokens = z.number().int().min(1).nullish()
const choices = z.number().int().min(1).max(128).nullish()

const contentPart = z.looseObject({ type: z.string() })
const message = z.looseObject({
  role: z.string().min(1),
  content: z.union([z.string(), z.array(contentPart), z.null()]).optional(),
})
const tool = z.looseObject({ type: z.string() })

/** `POST /v1/chat/completions`. */
export const chatRequestSchema = z.looseObject({
  model,
  messages: z.array(message).min(1),
  stream,
  stream_options: streamOptions,
  max_completion_tokens: outputTokens,
  max_tokens: outputTokens,
  n: choices,
  temperature: z.number().min(0).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  tools: z.array(tool).nullish(),
})

/** `POST /v1/completions`. */
export const completionsRequestSchema = z.looseObject({
  model,
  prompt: z.union([z.string(), z.array(z.unknown())]),
  stream,
  stream_options: streamOptions,
  // None is fine here: with `echo` it scores the prompt.
  max_tokens: z.number().int().min(0).nullish(),
  n: choices,
  temperature: z.number().min(0).nullish(),
})

/** `POST /v1/embeddings`. */
export const embeddingsRequestSchema = z.looseObject({
  model,
  input: z.union([z.string(), z.array(z.unknown()).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.number().int().min(1).nullish(),
})

/** All that is known of what goes to the other endpoints that take a model. */
export const relayRequestSchema = z.looseObject({ model })

/** What reads a body, or says what is wrong with it. */
export type RequestSchema = z.ZodType

/** Where a schema's issue lies, in OpenAI's words: `messages[0].content`. */
export function paramOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((param, key) => {
    if (typeof key === 'number') return `${param}[${key}]`
    return param === '' ? String(key) : `${param}.${String(key)}`
  }, '')
}
