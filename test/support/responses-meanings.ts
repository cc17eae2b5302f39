/** What a Responses request may mean, and the ways there are to write it. */
import fc from 'fast-check'
import { markOf } from '../../src/edge/responses/own-reasoning.ts'

type Json = Record<string, unknown>

/** A part of a user's message. */
export type Part =
  | { readonly text: string }
  | { readonly image: string; readonly detail: string | null }
  | { readonly file: string; readonly name: string | null }

export interface MeantCall {
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
