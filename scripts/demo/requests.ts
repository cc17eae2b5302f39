/** The bodies that the demo origin takes, as lenient as vLLM: unknown fields pass. No I/O. */
import { z } from 'zod'

const part = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.looseObject({ url: z.string() }).optional(),
})
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(part)]).nullish(),
})
const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }),
})
const SALT = "Parameter 'cache_salt' must be a non-empty string if provided."
const sampling = {
  model: z.string(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  /** vLLM's own: generate up to `max_tokens` whatever the model would say. */
  ignore_eos: z.boolean().optional(),
  /** vLLM's own: requests of different salts share no block of the prefix cache. */
  cache_salt: z.string(SALT).min(1, SALT).max(1024).nullish(),
  /** Ours: a fault for this request alone, by the names of faults.ts. */
  demo_fault: z.string().optional(),
}

export const chatSchema = z.looseObject({
  ...sampling,
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(tool).optional(),
  tool_choice: z
    .union([z.enum(['none', 'auto', 'required']), z.looseObject({ function: z.looseObject({ name: z.string() }) })])
    .optional(),
  /** vLLM's own: the last message is the beginning of the answer, which goes on from it. */
  continue_final_message: z.boolean().optional(),
  add_generation_prompt: z.boolean().optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .looseObject({ type: z.string(), json_schema: z.looseObject({ schema: z.unknown() }).optional() })
    .optional(),
})

export const completionSchema = z.looseObject({
  ...sampling,
  prompt: z.union([z.string(), z.array(z.string()).min(1)]),
  echo: z.boolean().nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
})

export const embeddingSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2048)]),
  encoding_format: z.enum(['float', 'base64']).optional(),
  dimensions: z.int().min(1).nullish(),
  demo_fault: z.string().optional(),
})

export type ChatRequest = z.output<typeof chatSchema>
export type CompletionRequest = z.output<typeof completionSchema>
export type EmbeddingRequest = z.output<typeof embeddingSchema>
