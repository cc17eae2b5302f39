/** A request in its frame, in every form: what is put where, and that the rest stays as it was. */
import { describe, expect, it } from 'vitest'
import type { InferenceRequest } from '../../src/core/inference.ts'
import type { Frame } from '../../src/core/prompts/types.ts'
import type { Exchange } from '../../src/edge/exchange.ts'
import { takesFrame, withFrame } from '../../src/edge/framed.ts'
import { SKINS } from '../../src/edge/skins.ts'

const FRAME: Frame = {
  system: 'Profile é',
  messages: [
    { role: 'system', content: 'S' },
    { role: 'developer', content: 'D' },
    { role: 'user', content: 'Q?' },
    { role: 'assistant', content: 'A.' },
  ],
}
const BEFORE = [
  { role: 'system', content: 'Profile é' },
  { role: 'system', content: 'S' },
  { role: 'system', content: 'D' },
  { role: 'user', content: 'Q?' },
  { role: 'assistant', content: 'A.' },
]
const ADDED = JSON.stringify([{ role: 'system', content: FRAME.system }, ...FRAME.messages])

/** What a skin reads of a body, framed. */
function framed(path: string, sent: Record<string, unknown>, frame = FRAME): InferenceRequest {
  const skin = SKINS[path]
  const read = skin?.read(sent as InferenceRequest['body'])
  if (skin === undefined || read === undefined || 'param' in read) throw new Error('not read')
  const native = read.native && { ...read.native, headers: { 'anthropic-beta': 'x' } }
  const before = JSON.stringify(sent)
  const request = { body: read.body, ...(native && { native }), bodyBytes: 100, bodyChars: 90, alias: 'm' }
  const exchange = { skin, request, text: before } as unknown as Exchange
  const after = withFrame(exchange, frame)
  expect(JSON.stringify(sent)).toBe(before)
  expect(exchange.request.body).toBe(read.body)
  expect(after.text).toBeNull()
  expect(after.request).toMatchObject({ alias: 'm' })
  return after.request
}

const asked = { role: 'user', content: 'Hello' }

describe('chat', () => {
  it('has the profile first, then the template, then its own', () => {
    const request = framed('/v1/chat/completions', { model: 'm', messages: [asked], odd: 1 })
    expect(request.body).toEqual({ model: 'm', messages: [...BEFORE, asked], odd: 1 })
    expect(request.native).toBeUndefined()
  })

  it('is longer by what was added, in bytes and in characters', () => {
    const { bodyBytes, bodyChars } = framed('/v1/chat/completions', { model: 'm', messages: [asked] })
    expect(bodyBytes - 100).toBe(new TextEncoder().encode(ADDED).length)
    expect(bodyChars - 90).toBe(ADDED.length)
    expect(bodyBytes - bodyChars).toBe(11)
  })
})

describe('Messages', () => {
  const sent = { model: 'm', max_tokens: 9, messages: [asked] }
  const SYSTEM = ['Profile é', 'S', 'D'].map((text) => ({ type: 'text', text }))
  const turns = [...BEFORE.slice(3), asked]

  it.each<[string, unknown, unknown[]]>([
    ['no system', undefined, []],
    ['an empty one', '', []],
    ['a text', 'Own', [{ type: 'text', text: 'Own' }]],
    [
      'blocks',
      [{ type: 'text', text: 'Own', cache_control: { type: 'ephemeral' } }],
      [{ type: 'text', text: 'Own', cache_control: { type: 'ephemeral' } }],
    ],
  ])('that have %s', (_, system, own) => {
    const request = framed('/v1/messages', system === undefined ? sent : { ...sent, system })
    expect(request.native?.body).toEqual({ ...sent, system: [...SYSTEM, ...own], messages: turns })
    expect(request.native?.headers).toEqual({ 'anthropic-beta': 'x' })
    expect(items(request).slice(0, 5)).toEqual(BEFORE)
    expect(items(request).at(-1)).toEqual(asked)
  })

  it('keep their own system where the frame has none', () => {
    const { native } = framed('/v1/messages', { ...sent, system: 'Own' }, { system: null, messages: [asked as never] })
    expect(native?.body).toEqual({ ...sent, system: 'Own', messages: [asked, asked] })
  })

  it('that only Anthropic takes are framed in the one form that they have', () => {
    const request = framed('/v1/messages', { ...sent, tools: [{ type: 'web_search_20250305', name: 'web_search' }] })
    expect(request.native?.unsayable).toBeDefined()
    expect(request.native?.body).toMatchObject({ system: SYSTEM, messages: turns })
    expect(request.body).toBe(request.native?.body)
  })

  it('are counted with their frame', () => {
    const request = framed('/v1/messages/count_tokens', { model: 'm', messages: [asked] })
    expect(request.native?.body).toEqual({ model: 'm', system: SYSTEM, messages: turns })
    expect(request.body).toBe(request.native?.body)
  })
})

describe('Responses', () => {
  const ITEMS = [{ role: 'system', content: 'Profile é' }, ...FRAME.messages].map((message) => ({
    type: 'message',
    ...message,
  }))

  it.each<[string, unknown, unknown[]]>([
    ['a text', 'Hello', [asked]],
    ['items', [{ type: 'message', ...asked }], [{ type: 'message', ...asked }]],
    ['nothing but the prompt', undefined, []],
  ])('of %s', (_, input, own) => {
    const sent = { model: 'm', instructions: 'Own', prompt: { id: 'x' }, ...(input === undefined ? {} : { input }) }
    const request = framed('/v1/responses', sent)
    expect(request.native?.body).toEqual({ model: 'm', instructions: 'Own', input: [...ITEMS, ...own] })
    const instructions = { role: 'system', content: 'Own' }
    expect(request.body.messages).toEqual([...BEFORE, instructions, ...own.map(() => asked)])
  })
})

it('is for requests that have messages', () => {
  expect(Object.entries(SKINS).flatMap(([path, skin]) => (takesFrame(skin) ? [path] : []))).toEqual([
    ...['/v1/chat/completions', '/v1/messages', '/v1/messages/count_tokens', '/v1/responses'],
  ])
})

const items = (request: InferenceRequest): unknown[] => request.body.messages as unknown[]
