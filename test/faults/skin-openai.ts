/** What OpenAI's servers, and those of its protocol, write for an answer: as chat completions and as responses. */
import { eventsOf } from '../support/responses-stream.ts'
import {
  data,
  ID_PREFIXES,
  type Json,
  named,
  pieces,
  type Said,
  TOKENS,
  thoughtOf,
  type Vendor,
  written,
} from './skin-said.ts'

const CHAT = { created: 1_786_782_779, model: 'gpt-5-mini-2025-08-07', service_tier: 'default' }
const CHAT_ENDS = { stop: 'stop', tools: 'tool_calls', length: 'length', filter: 'content_filter' }

const openaiUsage = (said: Said): Json => ({
  prompt_tokens: TOKENS.input,
  completion_tokens: TOKENS.output,
  total_tokens: TOKENS.input + TOKENS.output,
  prompt_tokens_details: { cached_tokens: TOKENS.cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: thoughtOf(said),
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
})

const openaiCalls = ({ calls }: Said): Json[] =>
  (calls ?? []).map(({ id, name, input }) => ({
    id: ID_PREFIXES.openai + id,
    type: 'function',
    function: { name, arguments: written(input) },
  }))

/** OpenAI, and engines of its protocol, whose `reasoning_content` is vLLM's and DeepSeek's. */
export const openai: Vendor = {
  whole(said) {
    const { text = null, thinking, refusal = null, end } = said
    const calls = openaiCalls(said)
    const message = {
      role: 'assistant',
      content: text,
      ...(thinking === undefined ? {} : { reasoning_content: thinking }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
      refusal,
      annotations: [],
    }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: CHAT_ENDS[end] }]
    return JSON.stringify({
      id: 'chatcmpl-CZq1openai',
      object: 'chat.completion',
      ...CHAT,
      choices,
      usage: openaiUsage(said),
      system_fingerprint: null,
    })
  },
  stream(said) {
    const frame = (choices: Json[], usage: Json | null = null) =>
      data({ id: 'chatcmpl-CZq1openai', object: 'chat.completion.chunk', ...CHAT, choices, usage, obfuscation: 'kQ9' })
    const delta = (fields: Json, finish_reason: string | null = null) =>
      frame([{ index: 0, delta: fields, logprobs: null, finish_reason }])
    const calls = openaiCalls(said).flatMap((call, index) => {
      const { name, arguments: text } = call.function as { name: string; arguments: string }
      const start = delta({ tool_calls: [{ index, ...call, function: { name, arguments: '' } }] })
      return [start, ...pieces(text).map((piece) => delta({ tool_calls: [{ index, function: { arguments: piece } }] }))]
    })
    return [
      delta({ role: 'assistant', content: said.text === undefined ? null : '', refusal: null }),
      ...pieces(said.thinking).map((piece) => delta({ reasoning_content: piece })),
      ...pieces(said.text).map((piece) => delta({ content: piece })),
      ...pieces(said.refusal).map((piece) => delta({ refusal: piece })),
      ...calls,
      delta({}, CHAT_ENDS[said.end]),
      frame([], openaiUsage(said)),
      'data: [DONE]\n\n',
    ]
  },
  error: (status, message) =>
    JSON.stringify({
      error: {
        message,
        type: status === 400 ? 'invalid_request_error' : 'server_error',
        param: status === 400 ? 'messages' : null,
        code: null,
      },
    }),
  errorEvent: (message) => data({ error: { message, type: 'server_error', param: null, code: null } }),
}

export const responses: Vendor = {
  whole: (said) => JSON.stringify(responseOf(said)),
  stream: (said) => eventsOf(responseOf(said), { size: 9 }).map(named),
  error: openai.error,
  errorEvent: (message) => named({ type: 'error', code: 'server_error', message, param: null, sequence_number: 9 }),
}

function responseOf(said: Said): Json {
  const { thinking, text, refusal, calls = [], end } = said
  const status = end === 'length' || end === 'filter' ? 'incomplete' : 'completed'
  const content = [
    ...(text === undefined ? [] : [{ type: 'output_text', text, annotations: [], logprobs: [] }]),
    ...(refusal === undefined ? [] : [{ type: 'refusal', refusal }]),
  ]
  const summary = [{ type: 'summary_text', text: thinking }]
  const output = [
    ...(thinking === undefined ? [] : [{ id: 'rs_0a1', type: 'reasoning', summary }]),
    ...(content.length === 0 ? [] : [{ id: 'msg_0a1', type: 'message', status, role: 'assistant', content }]),
    ...calls.map(({ id, name, input }, index) => ({
      id: `fc_0a${index}`,
      type: 'function_call',
      status,
      call_id: ID_PREFIXES.responses + id,
      name,
      arguments: written(input),
    })),
  ]
  return {
    id: 'resp_0a1b2c3d',
    object: 'response',
    created_at: 1_786_782_779,
    status,
    error: null,
    incomplete_details:
      status === 'completed' ? null : { reason: end === 'length' ? 'max_output_tokens' : 'content_filter' },
    model: 'gpt-5-mini-2025-08-07',
    output,
    usage: {
      input_tokens: TOKENS.input,
      input_tokens_details: { cached_tokens: TOKENS.cached },
      output_tokens: TOKENS.output,
      output_tokens_details: { reasoning_tokens: thoughtOf(said) },
      total_tokens: TOKENS.input + TOKENS.output,
    },
  }
}
