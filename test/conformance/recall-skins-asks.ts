/** Requests of the suite of recall across skins: one conversation in each, what makes one another, and a server tool's reply. */
import { Buffer } from 'node:buffer'
import { OUTPUT_TOKENS, SYSTEM } from '../faults/skin-asks.ts'
import type { Script } from '../support/scripted-origin.ts'
import type { Json, SkinName } from '../support/skin-readers.ts'

const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const ID = 'call_Abc1'
/** As Anthropic's clients were given it. */
const CARRIED = `toolu_sluice_${Buffer.from(ID).toString('base64url')}`
const RESULT = '{"rain": true}'

/** A tool was called, and has answered: each client sends back what it was given, as its protocol has it. */
export const CONVERSATION: Readonly<Record<SkinName, Json>> = {
  chat: {
    messages: [
      { role: 'system', content: [{ type: 'text', text: SYSTEM }] },
      { role: 'user', content: 'How is it in Paris?' },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        annotations: [],
        tool_calls: [{ id: ID, type: 'function', function: { name: 'get_weather', arguments: '{"city": "Paris"}' } }],
      },
      { role: 'tool', tool_call_id: ID, content: RESULT },
      { role: 'assistant', content: 'It rains.' },
      { role: 'user', content: 'Still?' },
    ],
    max_tokens: OUTPUT_TOKENS,
    tools: [
      {
        type: 'function',
        function: { name: 'get_weather', description: 'Weather', parameters: PARAMETERS, strict: false },
      },
    ],
    tool_choice: 'auto',
    user: 'u',
    n: 1,
  },
  messages: {
    system: [{ type: 'text', text: SYSTEM }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'How is it in Paris?' }] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: CARRIED, name: 'get_weather', input: { city: 'Paris' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: CARRIED, content: RESULT }] },
      { role: 'assistant', content: [{ type: 'text', text: 'It rains.' }] },
      { role: 'user', content: 'Still?' },
    ],
    max_tokens: OUTPUT_TOKENS,
    tools: [{ name: 'get_weather', description: 'Weather', input_schema: PARAMETERS }],
    tool_choice: { type: 'auto' },
    metadata: { user_id: 'someone else' },
  },
  responses: {
    instructions: SYSTEM,
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'How is it in Paris?' }] },
      { type: 'function_call', id: 'fc_1', call_id: ID, name: 'get_weather', arguments: '{"city":"Paris"}' },
      { type: 'function_call_output', call_id: ID, output: RESULT },
      {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: 'It rains.', annotations: [] }],
      },
      { role: 'user', content: 'Still?' },
    ],
    max_output_tokens: OUTPUT_TOKENS,
    tools: [{ type: 'function', name: 'get_weather', description: 'Weather', parameters: PARAMETERS, strict: false }],
    parallel_tool_calls: true,
    text: { format: { type: 'text' } },
    store: false,
    metadata: { a: 'b' },
  },
}

/** Changes that make another request of one. */
export const OTHERWISE: Readonly<Record<SkinName, Readonly<Record<string, Json>>>> = {
  chat: {
    bound: { max_completion_tokens: OUTPUT_TOKENS - 1 },
    'two bounds': { max_tokens: OUTPUT_TOKENS - 1 },
    temperature: { temperature: 0.2 },
    stop: { stop: ['END'] },
    effort: { reasoning_effort: 'low' },
    format: { response_format: { type: 'json_object' } },
  },
  messages: {
    bound: { max_tokens: OUTPUT_TOKENS - 2 },
    temperature: { temperature: 0.1 },
    top_k: { top_k: 5 },
    stop: { stop_sequences: ['STOP'] },
    system: { system: 'Be long.' },
    effort: { output_config: { effort: 'high' } },
    thinking: { thinking: { type: 'adaptive' } },
  },
  responses: {
    bound: { max_output_tokens: OUTPUT_TOKENS - 3 },
    temperature: { temperature: 0.15 },
    instructions: { instructions: 'Be loud.' },
    effort: { reasoning: { effort: 'minimal' } },
    verbosity: { text: { verbosity: 'low' } },
    truncation: { truncation: 'auto' },
  },
}

const searched = [
  { type: 'server_tool_use', id: 'srvtoolu_01A', name: 'web_search', input: { query: 'weather' } },
  { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_01A', content: [] },
  { type: 'text', text: 'It rains.' },
]
const MESSAGE = { id: 'msg_01A', type: 'message', role: 'assistant', model: 'claude-sonnet-4-5-20250929' }
const END = { stop_reason: 'end_turn', stop_sequence: null }
const USAGE = { input_tokens: 40, output_tokens: 12, server_tool_use: { web_search_requests: 1 } }

/** An Anthropic server whose model has searched the web before it answers. */
export const SERVER_TOOL: Script = (call) => {
  if (call.json.stream !== true)
    return call.reply(200, JSON.stringify({ ...MESSAGE, content: searched, ...END, usage: USAGE }))
  const blocks = searched.flatMap((block, index) => [
    { type: 'content_block_start', index, content_block: block },
    { type: 'content_block_stop', index },
  ])
  const events = [
    {
      type: 'message_start',
      message: {
        ...MESSAGE,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...USAGE, output_tokens: 1 },
      },
    },
    ...blocks,
    { type: 'message_delta', delta: END, usage: USAGE },
    { type: 'message_stop' },
  ]
  const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
  return call.reply(200, text, { 'content-type': 'text/event-stream' })
}
