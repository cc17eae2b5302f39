/** What four vendors' servers write for one and the same answer, whole and as events: every field that the real ones send. */
import { eventsOf } from '../support/responses-stream.ts'

type Json = Record<string, unknown>

export type VendorName = 'openai' | 'anthropic' | 'google' | 'responses'

/** An answer, whoever gives it. */
export interface Said {
  readonly thinking?: string
  readonly text?: string
  /** OpenAI alone has a place for it. */
  readonly refusal?: string
  readonly calls?: readonly { readonly id: string; readonly name: string; readonly input: object }[]
  readonly end: 'stop' | 'tools' | 'length' | 'filter'
}

/** Tokens of every answer, as each vendor can report them: Anthropic alone tells what was written to its cache. */
export const TOKENS = { input: 40, cached: 8, written: 2, output: 12, thought: 5 }

/** One protocol as its vendor speaks it. */
export interface Vendor {
  /** The whole reply. */
  whole(said: Said): string
  /** The events of the same, each with its framing. */
  stream(said: Said): readonly string[]
  /** An error body of this status. */
  error(status: number, message: string): string
  /** What it sends in the middle of a stream when it gives up. */
  errorEvent(message: string): string
  /** Who signs thinking: what must come through. */
  readonly signature?: string
}

/** How ids of calls begin, by vendor. */
export const ID_PREFIXES: Readonly<Record<VendorName, string>> = {
  openai: 'call_',
  anthropic: 'toolu_01',
  google: '',
  responses: 'call_',
}

const pieces = (text = ''): string[] => text.match(/.{1,9}/gsu) ?? []
const thoughtOf = ({ thinking }: Said): number => (thinking === undefined ? 0 : TOKENS.thought)
const written = (input: object): string => JSON.stringify(input)
const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (event: Json): string => `event: ${event.type}\n${data(event)}`

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
const openai: Vendor = {
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

const ANTHROPIC_ENDS = { stop: 'end_turn', tools: 'tool_use', length: 'max_tokens', filter: 'refusal' }
/** As long as a real one is of no use here. */
const SIGNATURE = 'Eq4CCpIBCBIYAipAM+SGYGx7V1aPBT2LXi5M54elabwLjKMzxMZ7dQBpCn7jCn2ZkTBMgSLasCPWFF+8WMNYFp1xjC6u=='

const anthropicUsage = (said: Said, output: number): Json => ({
  input_tokens: TOKENS.input - TOKENS.cached - TOKENS.written,
  cache_creation_input_tokens: TOKENS.written,
  cache_read_input_tokens: TOKENS.cached,
  cache_creation: { ephemeral_5m_input_tokens: TOKENS.written, ephemeral_1h_input_tokens: 0 },
  output_tokens: output,
  ...(said.thinking === undefined ? {} : { output_tokens_details: { thinking_tokens: TOKENS.thought } }),
  service_tier: 'standard',
  inference_geo: 'not_available',
})

function anthropicBlocks({ thinking, text, calls = [] }: Said): Json[] {
  return [
    ...(thinking === undefined ? [] : [{ type: 'thinking', thinking, signature: SIGNATURE }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map(({ id, ...call }) => ({
      type: 'tool_use',
      id: ID_PREFIXES.anthropic + id,
      ...call,
      caller: { type: 'direct' },
    })),
  ]
}

const ANTHROPIC = {
  model: 'claude-sonnet-4-5-20250929',
  id: 'msg_01QC4g3HwBThD4BaNtBckFDJ',
  type: 'message',
  role: 'assistant',
}

const anthropic: Vendor = {
  signature: SIGNATURE,
  whole: (said) =>
    JSON.stringify({
      ...ANTHROPIC,
      content: anthropicBlocks(said),
      stop_reason: ANTHROPIC_ENDS[said.end],
      stop_sequence: null,
      stop_details: null,
      usage: anthropicUsage(said, TOKENS.output),
    }),
  stream(said) {
    const blocks = anthropicBlocks(said).flatMap((block, index) => [...anthropicBlock(block, index)])
    const message = { ...ANTHROPIC, content: [], stop_reason: null, stop_sequence: null }
    const { output_tokens_details: _, ...begun } = anthropicUsage(said, 1)
    return [
      { type: 'message_start', message: { ...message, usage: begun } },
      { type: 'ping' },
      ...blocks,
      {
        type: 'message_delta',
        delta: { stop_reason: ANTHROPIC_ENDS[said.end], stop_sequence: null, stop_details: null },
        usage: anthropicUsage(said, TOKENS.output),
      },
      { type: 'message_stop' },
    ].map(named)
  },
  error: (status, message) =>
    JSON.stringify({
      type: 'error',
      error: { type: status === 400 ? 'invalid_request_error' : 'api_error', message },
      request_id: 'req_011Cd65WVh8Zrvno3NunpJ73',
    }),
  errorEvent: (message) => named({ type: 'error', error: { type: 'overloaded_error', message } }),
}

function* anthropicBlock(block: Json, index: number): Generator<Json> {
  const delta = (fields: Json): Json => ({ type: 'content_block_delta', index, delta: fields })
  const begun = { thinking: { ...block, thinking: '', signature: '' }, text: { ...block, text: '' } }
  const content_block = begun[block.type as 'text'] ?? { ...block, input: {} }
  yield { type: 'content_block_start', index, content_block }
  if (block.type === 'text') for (const text of pieces(String(block.text))) yield delta({ type: 'text_delta', text })
  if (block.type === 'thinking') {
    for (const thinking of pieces(String(block.thinking))) yield delta({ type: 'thinking_delta', thinking })
    yield delta({ type: 'signature_delta', signature: block.signature })
  }
  if (block.type === 'tool_use')
    for (const partial_json of ['', ...pieces(written(block.input as object))])
      yield delta({ type: 'input_json_delta', partial_json })
  yield { type: 'content_block_stop', index }
}

const GOOGLE_ENDS = { stop: 'STOP', tools: 'STOP', length: 'MAX_TOKENS', filter: 'SAFETY' }

/** Google ends its lines with CRLF, and tells of its finish with its last parts. */
const google: Vendor = {
  whole: (said) => JSON.stringify(googleReply(said, googleParts(said), GOOGLE_ENDS[said.end])),
  stream(said) {
    const parts = googleParts(said)
    const cut = parts.flatMap((part) =>
      typeof part.text === 'string' ? pieces(part.text).map((text) => ({ ...part, text })) : [part],
    )
    const chunks = cut.map((part) => googleReply(said, [part]))
    return [...chunks, googleReply(said, [{ text: '' }], GOOGLE_ENDS[said.end])].map(crlf)
  },
  error: (code, message) =>
    JSON.stringify({ error: { code, message, status: code === 400 ? 'INVALID_ARGUMENT' : 'INTERNAL' } }, null, 2),
  errorEvent: (message) => crlf({ error: { code: 503, message, status: 'UNAVAILABLE' } }),
}

const crlf = (value: unknown): string => `data: ${JSON.stringify(value)}\r\n\r\n`

/** Gemini signs the first of its calls. Its models give calls no ids, or ids; here where there are several. */
const googleParts = ({ thinking, text, calls = [] }: Said): Json[] => [
  ...(thinking === undefined ? [] : [{ text: thinking, thought: true }]),
  ...(text === undefined ? [] : [{ text }]),
  ...calls.map(({ id, name, input }, index) => ({
    functionCall: { name, args: input, ...(calls.length === 1 ? {} : { id }) },
    ...(index === 0 ? { thoughtSignature: 'AY89a18a8/Loc2wl5oft+F3qHoU4VPX0L9lj' } : {}),
  })),
]

function googleReply(said: Said, parts: Json[], finishReason?: string): Json {
  const safetyRatings = [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' }]
  const thought = thoughtOf(said)
  return {
    candidates: [
      {
        content: { parts, role: 'model' },
        ...(finishReason === undefined ? {} : { finishReason }),
        index: 0,
        ...(finishReason === 'SAFETY' ? { safetyRatings } : {}),
      },
    ],
    usageMetadata: {
      promptTokenCount: TOKENS.input,
      candidatesTokenCount: TOKENS.output - thought,
      totalTokenCount: TOKENS.input + TOKENS.output,
      cachedContentTokenCount: TOKENS.cached,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: TOKENS.input }],
      ...(thought === 0 ? {} : { thoughtsTokenCount: thought }),
      serviceTier: 'standard',
    },
    modelVersion: 'gemini-3-flash-preview',
    responseId: '4HFfavXADZvkkdUP37mD6Q0',
  }
}

const responses: Vendor = {
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

export const VENDORS: Readonly<Record<VendorName, Vendor>> = { openai, anthropic, google, responses }
