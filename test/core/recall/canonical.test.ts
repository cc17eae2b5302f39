/** Canonical texts: alike for what must be alike, different for everything else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../../src/core/inference.ts'
import { canonicalScope, canonicalText } from '../../../src/core/recall/canonical.ts'
import { parseLossless } from '../../../src/lib/json.ts'

type Body = Record<string, unknown>
const read = (json: string) => parseLossless(json) as Body
const CHAT = { model: 'm', messages: [{ role: 'user', content: 'hi' }] }
const chat = (more: Body = {}) => canonicalText('chat', { ...CHAT, ...more })

/** JSON with names and strings that have been trouble elsewhere. */
const word = fc.oneof(
  fc.constantFrom(
    '',
    'a',
    'b',
    'content',
    'role',
    '__proto__',
    'toJSON',
    'rawJSON',
    '1',
    '10',
    '"',
    '\\',
    '\ud800',
    '日',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const leaf = fc.oneof(
  word,
  fc.boolean(),
  fc.constant(null),
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true }),
)
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('json'), { maxLength: 3 }),
    fc.dictionary(word, tie('json'), { maxKeys: 3 }),
  ),
}))
/** As a body comes: read from text, so that it holds what JSON can hold. */
const body = fc.dictionary(fc.oneof(fc.constantFrom('messages', 'tools', 'seed', 'x'), word), json).map(reread)
const operation = fc.constantFrom<Operation>('chat', 'completions', 'embeddings')

function reread<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

/** The same with the members of every object in another order, as far as JavaScript lets it. */
function shuffled(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, seed))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([name, inner]) => [name, shuffled(inner, seed)] as const)
  const at = entries.length === 0 ? 0 : seed % entries.length
  return Object.fromEntries([...entries.slice(at), ...entries.slice(0, at)].reverse())
}

/** Names sorted by UTF-16 units, by other means than the code that is tested. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, inner]) => ({ name, inner: sorted(inner) }))
  return { members: members.sort((a, b) => (a.name < b.name ? -1 : 1)) }
}

describe('canonicalText', () => {
  it('is JSON with sorted names', () => {
    expect(canonicalText('chat', read('{"model":"m","b":[{"d":1,"c":"é\\n"}],"messages":[],"a":{}}'))).toBe(
      '{"a":{},"b":[{"c":"é\\n","d":1}],"messages":[],"model":"m"}',
    )
    expect(canonicalText('chat', {})).toBe('{}')
  })

  it('does not depend on the order of members', () => {
    fc.assert(
      fc.property(operation, body, fc.nat(), (kind, value, seed) => {
        expect(canonicalText(kind, shuffled(value, seed) as Body)).toBe(canonicalText(kind, value))
      }),
    )
  })

  it('does not depend on white space, nor on how a number is written', () => {
    const spaced = read('{ "messages" : [ ],\n "seed":1.0, "top_k":1e1, "model":"\\u006d" }')
    expect(canonicalText('chat', spaced)).toBe(canonicalText('chat', { messages: [], seed: 1, top_k: 10, model: 'm' }))
  })

  it.each(['user', 'metadata', 'stream', 'stream_options', 'store', 'service_tier'])('leaves out %s', (name) => {
    for (const value of ['u', true, { a: 1 }]) expect(chat({ [name]: value })).toBe(chat())
  })

  it('leaves them out at the top level alone', () => {
    const of = (value: Body) => chat({ messages: [{ role: 'user', content: 'hi', ...value }] })
    for (const more of [{ user: 'u' }, { metadata: {} }, { n: 1 }, { x: null }]) expect(of(more)).not.toBe(of({}))
  })

  it.each<[Operation, Body, Body?]>([
    ['chat', { n: 1 }],
    ['chat', { temperature: 1 }],
    ['chat', { top_p: 1 }],
    ['chat', { presence_penalty: 0, frequency_penalty: 0 }],
    ['chat', { logit_bias: {} }],
    ['chat', { logprobs: false }],
    ['chat', { stop: [] }],
    ['chat', { stop: null }],
    ['chat', { seed: null, anything: null }],
    ['chat', { tools: [], functions: [] }],
    ['chat', { tool_choice: 'none', function_call: 'none' }],
    ['chat', { tool_choice: 'auto' }, { tools: [{ type: 'function' }] }],
    ['chat', { function_call: 'auto' }, { functions: [{ name: 'f' }] }],
    ['chat', { parallel_tool_calls: true }, { tools: [{ type: 'function' }] }],
    ['chat', { response_format: { type: 'text' } }],
    ['chat', { modalities: ['text'] }],
    ['completions', { n: 1, best_of: 1, echo: false, suffix: '' }],
    ['completions', { suffix: null, logprobs: null, temperature: 1 }],
    ['embeddings', { encoding_format: 'float' }],
  ])('%s: drops the default %j', (kind, fields, given = {}) => {
    expect(canonicalText(kind, { model: 'm', ...given, ...fields })).toBe(canonicalText(kind, { model: 'm', ...given }))
  })

  it.each<[Operation, Body, Body?]>([
    ['chat', { n: 2 }],
    ['chat', { n: true }],
    ['chat', { n: '1' }],
    ['chat', { temperature: 0 }],
    ['chat', { top_p: 0.9 }],
    ['chat', { presence_penalty: 0.1 }],
    ['chat', { logit_bias: { 50256: -100 } }],
    ['chat', { logit_bias: [] }],
    ['chat', { logprobs: true }],
    ['chat', { stop: '' }],
    ['chat', { stop: [''] }],
    ['chat', { tools: {} }],
    ['chat', { tool_choice: 'auto' }],
    ['chat', { tool_choice: 'none' }, { tools: [{ type: 'function' }] }],
    ['chat', { tool_choice: 'required' }, { tools: [{ type: 'function' }] }],
    ['chat', { parallel_tool_calls: false }],
    ['chat', { response_format: { type: 'text', x: 1 } }],
    ['chat', { response_format: { type: 'json_object' } }],
    ['chat', { modalities: ['text', 'audio'] }],
    ['chat', { encoding_format: 'float' }],
    ['chat', { best_of: 1 }],
    ['chat', { echo: false }],
    ['chat', { reasoning_effort: 'medium' }],
    ['chat', { anything: false }],
    ['chat', { anything: '' }],
    ['chat', { anything: [] }],
    ['completions', { echo: true }],
    ['completions', { suffix: ' ' }],
    ['completions', { max_tokens: 16 }],
    ['completions', { logprobs: 0 }],
    ['completions', { tools: [] }],
    ['embeddings', { encoding_format: 'base64' }],
    ['embeddings', { dimensions: 3 }],
    ['embeddings', { n: 1 }],
  ])('%s: keeps %j', (kind, fields, given = {}) => {
    const without = canonicalText(kind, { model: 'm', ...given })
    expect(canonicalText(kind, { model: 'm', ...given, ...fields })).not.toBe(without)
  })

  it('keeps integers beyond a double apart, and from an object that looks like one', () => {
    const of = (seed: string) => canonicalText('chat', read(`{"seed":${seed}}`))
    expect(of('12345678901234567890')).toBe('{"seed":12345678901234567890}')
    const texts = ['12345678901234567890', '12345678901234567891', '{"rawJSON":"12345678901234567890"}', '1e400']
    expect(new Set(texts.map(of)).size).toBe(4)
  })

  it('writes what no UTF-8 can hold as escapes, so that no two texts become one as bytes', () => {
    const texts = ['\ud800', '\ud801', '\udfff', '\ufffd'].map((content) => chat({ content }))
    expect(new Set(texts.map((text) => new TextEncoder().encode(text).join())).size).toBe(4)
  })

  it('is one text for one request only', () => {
    const apart = (kind: Operation, value: Body) =>
      JSON.stringify(
        sorted(Object.fromEntries(Object.entries(value).filter(([name, inner]) => counts(kind, name, inner)))),
      )
    /** Of generated bodies: they hit upon no default but null, and empty lists of tools. */
    const counts = (kind: Operation, name: string, inner: unknown) =>
      inner !== null && !(kind === 'chat' && name === 'tools' && Array.isArray(inner) && inner.length === 0)
    fc.assert(
      fc.property(operation, body, body, (kind, one, other) => {
        const isSame = apart(kind, one) === apart(kind, other)
        expect(canonicalText(kind, one) === canonicalText(kind, other)).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })

  it('changes with any change of any value at any depth', () => {
    fc.assert(
      fc.property(operation, body, json.map(reread), fc.nat(), (kind, value, fresh, seed) => {
        const changed = replaceOne(value, fresh, seed) as Body
        const isSame = JSON.stringify(sorted(changed)) === JSON.stringify(sorted(value))
        const [before, after] = [canonicalText(kind, { in: value }), canonicalText(kind, { in: changed })]
        expect(before === after).toBe(isSame)
      }),
      { numRuns: 1000 },
    )
  })
})

/** A copy with one of its values replaced. */
function replaceOne(value: unknown, fresh: unknown, seed: number): unknown {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0 || seed % 5 === 0) return fresh
  const names = Object.keys(value)
  const name = names[seed % names.length] ?? ''
  const inner = replaceOne((value as Body)[name], fresh, Math.floor(seed / 5))
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === name ? inner : item))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, key === name ? inner : item]))
}

describe('canonicalScope', () => {
  const ask = (content: unknown, more: Body = {}, message: Body = {}) =>
    canonicalScope({
      model: 'm',
      messages: [
        { role: 'system', content: 's' },
        { role: 'user', content, ...message },
      ],
      ...more,
    })

  it('is the same whatever the question', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (one, other) => ask(one) === ask(other)))
    expect(ask([{ type: 'text', text: 'a' }])).toBe(ask('b'))
    const cached = (text: string) => [{ type: 'text', text, cache_control: { type: 'ephemeral' } }]
    expect(ask(cached('a'))).toBe(ask(cached('b')))
  })

  it('tells everything else apart', () => {
    const texts = [
      ask('q'),
      ask('q', { temperature: 0 }),
      ask('q', { tools: [{ type: 'function' }] }),
      ask('q', { model: 'n' }),
      ask('q', {}, { name: 'Ann' }),
      ask('q', {}, { text: 'a' }),
      ask([{ type: 'text', text: 'q', cache_control: null }]),
      ask([
        { type: 'text', text: 'q' },
        { type: 'image_url', image_url: { url: 'a' } },
      ]),
      ask([
        { type: 'text', text: 'q' },
        { type: 'image_url', image_url: { url: 'b' } },
      ]),
      ask([{ type: 'image_url', image_url: { url: 'b' } }]),
      ask(null),
      canonicalScope({ model: 'm', messages: [{ role: 'user', content: 'q' }] }),
      canonicalScope({
        model: 'm',
        messages: [
          { role: 'system', content: 't' },
          { role: 'user', content: 'q' },
        ],
      }),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('is nobody’s canonical text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constant('?')), (content) => {
        const messages = [
          { role: 'system', content: 's' },
          { role: 'user', content },
        ]
        expect(canonicalText('chat', { model: 'm', messages })).not.toBe(ask(content))
      }),
    )
    expect(() => JSON.parse(ask('q'))).toThrow()
  })
})
