/** Messages requests in the canonical form: nothing of them lost that it has a place for, the rest named or refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { messagesRequestSchema } from '../../../src/core/messages/schema.ts'
import { decodeMessages } from '../../../src/edge/messages/decode.ts'
import { markOf } from '../../../src/edge/messages/mark.ts'
import { toAnthropicId } from '../../../src/edge/messages/tool-ids.ts'
import type { Json } from '../../support/messages-events.ts'
import { messagesRequestOf } from '../../support/messages-inverse.ts'

const ASKED = { model: 'm', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }
const read = (more: Json = {}) => decodeMessages({ ...ASKED, ...more })
const bodyOf = (more: Json = {}): Json => {
  const decoded = read(more)
  if (decoded.kind === 'fault') throw new Error(`${decoded.param}: ${decoded.message}`)
  return decoded.body
}
const droppedOf = (more: Json) => {
  const decoded = read(more)
  return decoded.kind === 'decoded' ? decoded.dropped : decoded
}

it('says the same as a chat would', () => {
  expect(read()).toEqual({ kind: 'decoded', body: { ...ASKED }, dropped: [] })
  const more = { system: 'Be brief.', temperature: 0, top_p: 0.5, top_k: 4, stop_sequences: ['x'], stream: true }
  expect(bodyOf({ ...more, metadata: { user_id: 'u' } })).toEqual({
    model: 'm',
    messages: [{ role: 'system', content: 'Be brief.' }, ...ASKED.messages],
    max_tokens: 100,
    temperature: 0,
    top_p: 0.5,
    top_k: 4,
    stop: ['x'],
    user: 'u',
    stream: true,
  })
})

it('leaves out what says nothing', () => {
  const nothing = { stream: false, stop_sequences: [], temperature: null, tools: [], system: '', metadata: null }
  const defaults = {
    service_tier: 'auto',
    speed: 'standard',
    inference_geo: 'global',
    mcp_servers: [],
    container: null,
  }
  const quiet = { context_management: { edits: [] }, diagnostics: { previous_message_id: null } }
  expect(read({ ...nothing, ...defaults, ...quiet })).toEqual(read())
})

it('names what it has no place for', () => {
  const left = { service_tier: 'standard_only', speed: 'fast', context_management: { edits: [{ type: 'x' }] }, seed: 1 }
  const more = { cache_control: { type: 'ephemeral' }, output_config: { task_budget: {} }, 'no header': 1 }
  expect(droppedOf({ ...left, ...more, metadata: { user_id: 'u', team: 't' } })).toEqual([
    'service_tier',
    'speed',
    'context_management',
    'seed',
    'cache_control',
    'output_config.task_budget',
    'metadata',
  ])
})

it.each([
  ['mcp_servers', { mcp_servers: [{ url: 'https://x.test' }] }],
  ['container', { container: 'c' }],
  ['inference_geo', { inference_geo: 'us' }],
  ['tools[0].type', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'container_upload' }] }] }],
  ['output_config.format', { output_config: { format: { type: 'xml' } } }],
])('refuses what may not be left out: %s', (param, more) => {
  expect(read(more)).toEqual({ kind: 'fault', param, message: expect.stringMatching(/\.$/) })
})

it('a user too long for providers is a digest, of one user only', () => {
  const user = (user_id: string) => bodyOf({ metadata: { user_id } }).user
  const [one, other] = [user(`${'u'.repeat(64)}1`), user(`${'u'.repeat(64)}2`)]
  expect(one).toMatch(/^[0-9a-f]{64}$/)
  expect(other).not.toBe(one)
  expect(user('u'.repeat(64))).toBe('u'.repeat(64))
  expect(user('')).toBeUndefined()
})

it('a mistake of ours is no fault of the caller', () => {
  const trap = {
    role: 'user',
    get content(): string {
      throw new TypeError('ours')
    },
  }
  expect(() => read({ messages: [trap] })).toThrow('ours')
})

describe('any request', () => {
  const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => !text.startsWith('Error: '))
  const cache = fc.option(fc.constantFrom<Json>({ type: 'ephemeral' }, { type: 'ephemeral', ttl: '1h' }))
  const cached = (block: Json, cache_control: Json | null): Json =>
    cache_control === null ? block : { ...block, cache_control }
  const base64 = fc.base64String({ maxLength: 16 })
  const text = fc.tuple(word, cache).map(([said, mark]) => cached({ type: 'text', text: said }, mark))
  const image = fc
    .oneof(
      fc.record({ type: fc.constant('base64'), media_type: fc.constantFrom('image/png', 'image/webp'), data: base64 }),
      fc.record({ type: fc.constant('url'), url: fc.webUrl() }),
    )
    .chain((source) => cache.map((mark) => cached({ type: 'image', source }, mark)))
  const pdf = fc
    .tuple(base64, word, cache)
    .map(([data, title, mark]) =>
      cached({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data }, title }, mark),
    )
  /** What a lone text without more comes to is a string, which is the same to Anthropic. */
  const isLone = (blocks: readonly Json[]): boolean =>
    blocks.length === 1 && blocks[0]?.type === 'text' && blocks[0].cache_control === undefined
  const contentOf = (block: fc.Arbitrary<Json>) =>
    fc.oneof(
      word,
      fc.array(block, { minLength: 1, maxLength: 3 }).filter((blocks) => !isLone(blocks)),
    )
  const id = fc.oneof(fc.stringMatching(/^toolu_[0-9][a-z0-9]{3}$/), word.map(toAnthropicId))
  const result = fc
    .tuple(id, contentOf(text), fc.boolean(), cache)
    .map(([tool_use_id, content, is_error, mark]) =>
      cached({ type: 'tool_result', tool_use_id, content, ...(is_error ? { is_error } : {}) }, mark),
    )
  const userTurn = fc.oneof(
    contentOf(fc.oneof(text, image, pdf)),
    fc
      .tuple(fc.array(result, { minLength: 1, maxLength: 2 }), fc.array(fc.oneof(text, image), { maxLength: 2 }))
      .map(([results, rest]) => [...results, ...rest]),
  )
  const callOf = fc.record({
    type: fc.constant('tool_use'),
    name: word,
    input: fc.dictionary(word, fc.jsonValue({ maxDepth: 1 })).map((input) => JSON.parse(JSON.stringify(input)) as Json),
  })
  const assistantTurn = fc.oneof(
    contentOf(text),
    fc
      .record({
        thinking: fc.option(word),
        said: fc.option(word),
        calls: fc.array(callOf, { minLength: 1, maxLength: 2 }),
        thoughts: fc.array(word, { maxLength: 2 }),
        mark: cache,
      })
      .map(({ thinking, said, calls, thoughts, mark }) => {
        const ids = calls.map((_, at) => `call:${at}`)
        const signed = new Map(thoughts.slice(0, ids.length).map((thought, at) => [ids[at] ?? '', thought]))
        const blocks: Json[] = calls.map((call, at) => ({ ...call, id: toAnthropicId(ids[at] ?? '') }))
        return [
          ...(thinking === null && signed.size === 0
            ? []
            : [{ type: 'thinking', thinking: thinking ?? '', signature: markOf(signed) }]),
          ...(said === null ? [] : [{ type: 'text', text: said }]),
          ...blocks.map((block, at) => (at === blocks.length - 1 ? cached(block, mark) : block)),
        ]
      }),
  )
  const turns = fc.array(fc.tuple(userTurn, assistantTurn), { minLength: 1, maxLength: 3 }).map((pairs) =>
    pairs.flatMap(([user, assistant]) => [
      { role: 'user', content: user },
      { role: 'assistant', content: assistant },
    ]),
  )
  const tool = fc
    .tuple(word, fc.option(word), fc.option(fc.boolean()), cache)
    .map(([name, description, strict, mark]) =>
      cached(
        {
          name,
          ...(description === null ? {} : { description }),
          ...(strict === null ? {} : { strict }),
          input_schema: { type: 'object', properties: { a: { type: 'string' } } },
        },
        mark,
      ),
    )
  const choice = fc.oneof(
    fc.constantFrom<Json>(
      { type: 'auto' },
      { type: 'any' },
      { type: 'none' },
      { type: 'auto', disable_parallel_tool_use: true },
    ),
    word.map((name): Json => ({ type: 'tool', name, disable_parallel_tool_use: true })),
  )
  const tools = fc.oneof(
    fc.constant({}),
    fc.record(
      { tools: fc.array(tool, { minLength: 1, maxLength: 3 }), tool_choice: choice },
      { requiredKeys: ['tools'] },
    ),
  )
  const output = fc.oneof(
    fc.constant({}),
    fc
      .record(
        {
          effort: fc.constantFrom('low', 'medium', 'high', 'xhigh', 'max'),
          format: fc.constant({ type: 'json_schema', schema: { type: 'object', properties: {} } }),
        },
        { requiredKeys: [] },
      )
      .filter((config) => Object.keys(config).length > 0)
      .map((output_config) => ({ output_config })),
  )
  const share = fc.integer({ min: 0, max: 4 }).map((quarters) => quarters / 4)
  const request = fc
    .tuple(
      fc.record(
        {
          model: word,
          max_tokens: fc.integer({ min: 1, max: 9999 }),
          messages: turns,
          system: contentOf(text),
          stream: fc.constant(true),
          temperature: share,
          top_p: share,
          top_k: fc.nat(100),
          stop_sequences: fc.array(word, { minLength: 1, maxLength: 3 }),
          metadata: fc.record({ user_id: word }),
        },
        { requiredKeys: ['model', 'max_tokens', 'messages'] },
      ),
      tools,
      output,
    )
    .map(([basic, withTools, withOutput]): Json => ({ ...basic, ...withTools, ...withOutput }))

  it('is one that the schema takes, and comes back with the same meaning', () => {
    fc.assert(
      fc.property(request, (value) => {
        expect(messagesRequestSchema.safeParse(value).error).toBeUndefined()
        const before = JSON.stringify(value)
        const decoded = decodeMessages(value)
        expect(decoded).toMatchObject({ kind: 'decoded', dropped: [] })
        expect(JSON.stringify(value)).toBe(before)
        const body = decoded.kind === 'decoded' ? decoded.body : {}
        expect(messagesRequestOf(JSON.parse(JSON.stringify(body)) as Json)).toEqual(value)
      }),
    )
  })
})
