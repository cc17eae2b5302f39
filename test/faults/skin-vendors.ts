/** What four vendors' servers write for one and the same answer, whole and as events: every field that the real ones send. */
import { openai, responses } from './skin-openai.ts'
import {
  ID_PREFIXES,
  type Json,
  named,
  pieces,
  type Said,
  TOKENS,
  thoughtOf,
  type Vendor,
  type VendorName,
  written,
} from './skin-said.ts'

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

export const VENDORS: Readonly<Record<VendorName, Vendor>> = { openai, anthropic, google, responses }
