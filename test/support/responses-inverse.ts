/** What a Responses request means, written as a request in any of the ways there are, and read back out of a chat body. */
import fc from 'fast-check'
import { markOf } from '../../src/edge/responses/own-reasoning.ts'

type Json = Record<string, unknown>

/** A part of a user's message. */
type Part =
  | { readonly text: string }
  | { readonly image: string; readonly detail: string | null }
  | { readonly file: string; readonly name: string | null }

interface MeantCall {
  readonly id: string
  readonly name: string
  readonly text: string
  readonly isCustom: boolean
  readonly signature: string | null
}

export type Turn =
  | { readonly by: 'system'; readonly texts: readonly string[] }
  | { readonly by: 'user'; readonly parts: readonly Part[] }
  | {
      readonly by: 'assistant'
      readonly reasoning: string
      readonly details: readonly Json[]
      readonly text: string | null
      readonly refusal: string
      readonly calls: readonly MeantCall[]
    }
  | { readonly by: 'tool'; readonly id: string; readonly texts: readonly string[] }

/** A request without the ways to write it. Settings are by Responses' own names, and absent where not sent. */
export interface Meaning {
  readonly turns: readonly Turn[]
  readonly settings: Json
}

/** How one may be written: each is a choice that changes nothing. */
export interface Manner {
  readonly isTyped: boolean
  readonly isEasy: boolean
  readonly isDeveloper: boolean
  readonly marksLast: boolean
  readonly extras: Json
}

const texts = fc.array(fc.string({ maxLength: 12 }), { minLength: 1, maxLength: 3 })
const name = fc.stringMatching(/^[a-z]{1,6}$/)
const detail = fc.oneof(
  fc.record({ text: fc.string(), signature: fc.string() }).map((block) => ({
    type: 'reasoning.text',
    format: 'anthropic',
    ...block,
  })),
  fc.string().map((data) => ({ type: 'reasoning.encrypted', format: 'anthropic', data })),
)

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ text: fc.string({ maxLength: 20 }) }),
  fc.record({
    image: fc.constantFrom('https://x.test/a.png', 'data:image/png;base64,AAAA'),
    detail: fc.option(fc.constantFrom('low', 'high', 'auto')),
  }),
  fc.record({ file: fc.constant('data:application/pdf;base64,AAAA'), name: fc.option(fc.constant('a.pdf')) }),
)

const assistant = fc
  .record({
    reasoning: fc.string({ maxLength: 10 }),
    details: fc.array(detail, { maxLength: 2 }),
    text: fc.option(fc.string({ minLength: 1, maxLength: 20 })),
    refusal: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { freq: 4 }).map((said) => said ?? ''),
    calls: fc.array(
      fc.record({
        name,
        text: fc.string({ maxLength: 20 }),
        isCustom: fc.boolean(),
        signature: fc.option(fc.string({ minLength: 1 })),
      }),
      { maxLength: 3 },
    ),
  })
  .filter(({ text, refusal, calls }) => text !== null || refusal !== '' || calls.length > 0)

/** One exchange, its calls answered: what follows an assistant in Responses as in chat. */
const exchange = fc.tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(assistant), texts)

const turns: fc.Arbitrary<readonly Turn[]> = fc
  .tuple(fc.option(texts), fc.array(exchange, { minLength: 1, maxLength: 3 }))
  .map(([system, exchanges]) => [
    ...(system === null ? [] : [{ by: 'system' as const, texts: system }]),
    ...exchanges.flatMap(([parts, said, output], at): Turn[] => {
      if (said === null) return [{ by: 'user', parts }]
      const calls = said.calls.map((call, index) => ({ ...call, id: `call_${at}_${index}` }))
      return [
        { by: 'user', parts },
        { by: 'assistant', ...said, calls },
        ...calls.map(({ id }): Turn => ({ by: 'tool', id, texts: output })),
      ]
    }),
  ])

const schema = { type: 'object', properties: { x: { type: 'integer' } }, additionalProperties: false }
const tool = fc.oneof(
  fc.record(
    { type: fc.constant('function'), name, parameters: fc.constant(schema), description: name, strict: fc.boolean() },
    { requiredKeys: ['type', 'name'] },
  ),
  fc.record(
    {
      type: fc.constant('custom'),
      name,
      description: name,
      format: fc.constantFrom({ type: 'text' }, { type: 'grammar', syntax: 'lark', definition: 'start: "x"' }),
    },
    { requiredKeys: ['type', 'name'] },
  ),
)
const named = fc.record({ type: fc.constantFrom('function', 'custom'), name })

const settings: fc.Arbitrary<Json> = fc
  .record(
    {
      stream: fc.boolean(),
      temperature: fc.constantFrom(0, 0.5, 2),
      top_p: fc.constantFrom(0.1, 1),
      max_output_tokens: fc.integer({ min: 16, max: 9999 }),
      user: name,
      safety_identifier: name,
      prompt_cache_key: name,
      prompt_cache_retention: fc.constant('24h'),
      prompt_cache_options: fc.constant({ mode: 'explicit' }),
      service_tier: fc.constantFrom('auto', 'flex'),
      text: fc.record(
        {
          verbosity: fc.constantFrom('low', 'high'),
          format: fc.oneof(
            fc.constant({ type: 'json_object' }),
            fc.record(
              {
                type: fc.constant('json_schema'),
                name,
                schema: fc.constant(schema),
                strict: fc.boolean(),
                description: name,
              },
              { requiredKeys: ['type', 'name', 'schema'] },
            ),
          ),
        },
        { requiredKeys: [] },
      ),
      reasoning: fc.record({ effort: fc.constantFrom('none', 'low', 'xhigh') }),
      tooling: fc.record(
        {
          tools: fc.array(tool, { minLength: 1, maxLength: 3 }),
          tool_choice: fc.oneof(
            fc.constantFrom('auto', 'none', 'required'),
            named,
            fc.record({
              type: fc.constant('allowed_tools'),
              mode: fc.constantFrom('auto', 'required'),
              tools: fc.array(named, { minLength: 1, maxLength: 2 }),
            }),
          ),
          parallel_tool_calls: fc.boolean(),
        },
        { requiredKeys: ['tools'] },
      ),
      scoring: fc.record(
        { include: fc.constant(['message.output_text.logprobs']), top_logprobs: fc.integer({ min: 0, max: 20 }) },
        { requiredKeys: ['include'] },
      ),
    },
    { requiredKeys: [] },
  )
  .map(({ tooling, scoring, text, ...rest }) => ({
    ...rest,
    ...(text === undefined || Object.keys(text).length === 0 ? {} : { text }),
    ...tooling,
    ...scoring,
  }))

export const meanings: fc.Arbitrary<Meaning> = fc.record({ turns, settings })

/** Extras ask for what is the case anyway, or for nothing. */
export const manners: fc.Arbitrary<Manner> = fc.record({
  isTyped: fc.boolean(),
  isEasy: fc.boolean(),
  isDeveloper: fc.boolean(),
  marksLast: fc.boolean(),
  extras: fc.record(
    {
      store: fc.constantFrom(false, null),
      background: fc.constantFrom(false, null),
      truncation: fc.constantFrom('disabled', null),
      previous_response_id: fc.constant(null),
      conversation: fc.constant(null),
      prompt: fc.constant(null),
      metadata: fc.constantFrom(null, { a: 'b' }),
      max_tool_calls: fc.constant(3),
      stream_options: fc.constant({ include_obfuscation: false }),
      unknown_field: fc.constant(null),
    },
    { requiredKeys: [] },
  ),
})

/** The meaning as a request. */
export function requestOf({ turns: all, settings: sent }: Meaning, manner: Manner): Json {
  const [first] = all
  const isInstructed = manner.isEasy && first?.by === 'system' && first.texts.length === 1 && first.texts[0] !== ''
  const rest = isInstructed ? all.slice(1) : all
  const [only] = rest
  const isPlain = rest.length === 1 && manner.isEasy && only?.by === 'user' && only.parts.length === 1
  const [part] = isPlain && only.by === 'user' ? only.parts : []
  return {
    model: 'm',
    ...(isInstructed && first.by === 'system' ? { instructions: first.texts[0] } : {}),
    input: part !== undefined && 'text' in part ? part.text : rest.flatMap((turn) => itemsOf(turn, manner)),
    ...sent,
    ...manner.extras,
  }
}

function itemsOf(turn: Turn, manner: Manner): Json[] {
  const typed = manner.isTyped ? { type: 'message' } : {}
  switch (turn.by) {
    case 'system':
      return [{ ...typed, role: manner.isDeveloper ? 'developer' : 'system', content: inputTexts(turn.texts, manner) }]
    case 'user':
      return [{ ...typed, role: 'user', content: userContent(turn.parts, manner) }]
    case 'tool':
      return [{ type: 'function_call_output', call_id: turn.id, output: inputTexts(turn.texts, manner) }]
    case 'assistant':
      return assistantItems(turn, manner)
  }
}

function assistantItems(turn: Extract<Turn, { by: 'assistant' }>, manner: Manner): Json[] {
  const { reasoning, details, text, refusal, calls } = turn
  const signatures = Object.fromEntries(
    calls.flatMap(({ id, signature }) => (signature === null ? [] : [[id, signature] as const])),
  )
  const thought = {
    type: 'reasoning',
    id: 'rs_1',
    summary: manner.isEasy ? [{ type: 'summary_text', text: reasoning }] : [],
    ...(manner.isEasy ? {} : { content: [{ type: 'reasoning_text', text: reasoning }] }),
    encrypted_content: markOf({ details, signatures }),
  }
  const isEasy = manner.isEasy && refusal === '' && text !== null
  const content = isEasy
    ? text
    : [
        ...(text === null ? [] : [...text].map((piece) => ({ type: 'output_text', text: piece, annotations: [] }))),
        ...(refusal === '' ? [] : [{ type: 'refusal', refusal }]),
      ]
  const said = {
    ...(manner.isTyped ? { type: 'message', id: 'msg_1', status: 'completed' } : {}),
    role: 'assistant',
    content,
  }
  const made = calls.map(({ id, name: of, text: long, isCustom }) =>
    isCustom
      ? { type: 'custom_tool_call', call_id: id, name: of, input: long }
      : { type: 'function_call', id: 'fc_1', call_id: id, name: of, arguments: long, status: 'completed' },
  )
  const items = [...(text === null && refusal === '' ? [] : [said]), ...made]
  return manner.marksLast ? [...items, thought] : [thought, ...items]
}

const inputTexts = (all: readonly string[], { isEasy }: Manner): unknown =>
  isEasy && all.length === 1 ? all[0] : all.map((text) => ({ type: 'input_text', text }))

function userContent(parts: readonly Part[], { isEasy }: Manner): unknown {
  const [first] = parts
  if (isEasy && parts.length === 1 && first !== undefined && 'text' in first) return first.text
  return parts.map((one) => {
    if ('text' in one) return { type: 'input_text', text: one.text }
    if ('image' in one)
      return { type: 'input_image', image_url: one.image, ...(one.detail === null ? {} : { detail: one.detail }) }
    return { type: 'input_file', file_data: one.file, ...(one.name === null ? {} : { filename: one.name }) }
  })
}

/** The meaning of a canonical chat body, by Responses' names. */
export function meaningOf({ model, messages, ...body }: Json): Meaning {
  if (model !== 'm') throw new Error('The model is another.')
  return { turns: (messages as Json[]).map(turnOf), settings: settingsOf(body) }
}

function turnOf(message: Json): Turn {
  const { role, content, refusal = '', reasoning_content: reasoning = '', reasoning_details: details = [] } = message
  if (role === 'system') return { by: 'system', texts: textsOf(content) }
  if (role === 'tool') return { by: 'tool', id: String(message.tool_call_id), texts: textsOf(content) }
  if (role === 'user')
    return { by: 'user', parts: typeof content === 'string' ? [{ text: content }] : (content as Json[]).map(partOf) }
  if (role !== 'assistant') throw new Error(`A role of its own: ${String(role)}`)
  return {
    by: 'assistant',
    reasoning: String(reasoning),
    details: details as Json[],
    text: content as string | null,
    refusal: String(refusal),
    calls: ((message.tool_calls ?? []) as Json[]).map(callOf),
  }
}

const textsOf = (content: unknown): string[] =>
  typeof content === 'string' ? [content] : (content as Json[]).map(({ text }) => String(text))

function partOf({ type, text, image_url: image, file }: Json): Part {
  if (type === 'text') return { text: String(text) }
  if (type === 'image_url')
    return { image: String((image as Json).url), detail: ((image as Json).detail ?? null) as string }
  return { file: String((file as Json).file_data), name: ((file as Json).filename ?? null) as string }
}

function callOf({ id, type, function: made, custom, extra_content: extra }: Json): MeantCall {
  const inner = (type === 'custom' ? custom : made) as Json
  const google = (extra as { google?: { thought_signature: string } } | undefined)?.google
  return {
    id: String(id),
    name: String(inner.name),
    text: String(type === 'custom' ? inner.input : inner.arguments),
    isCustom: type === 'custom',
    signature: google?.thought_signature ?? null,
  }
}

function settingsOf(body: Json): Json {
  const { max_completion_tokens: bound, tools, tool_choice: choice, response_format: format, verbosity, ...rest } = body
  const { reasoning_effort: effort, logprobs, ...same } = rest
  return {
    ...same,
    ...(bound === undefined ? {} : { max_output_tokens: bound }),
    ...(tools === undefined ? {} : { tools: (tools as Json[]).map(flat) }),
    ...(choice === undefined ? {} : { tool_choice: flatChoice(choice) }),
    ...(format === undefined && verbosity === undefined
      ? {}
      : {
          text: {
            ...(format === undefined ? {} : { format: flat(format as Json) }),
            ...(verbosity === undefined ? {} : { verbosity }),
          },
        }),
    ...(effort === undefined ? {} : { reasoning: { effort } }),
    ...(logprobs === true ? { include: ['message.output_text.logprobs'] } : {}),
  }
}

/** Out of chat's nesting: a type, and an object by its name. */
function flat({ type, ...nested }: Json): Json {
  const inner = (nested[String(type)] ?? {}) as Json
  const { format, ...rest } = inner
  return { type, ...rest, ...(format === undefined ? {} : { format: flat(format as Json) }) }
}

function flatChoice(choice: unknown): unknown {
  if (typeof choice === 'string') return choice
  const { type, allowed_tools: allowed } = choice as Json
  if (type !== 'allowed_tools') return flat(choice as Json)
  const { mode, tools } = allowed as { mode: unknown; tools: Json[] }
  return { type, mode, tools: tools.map(flat) }
}
