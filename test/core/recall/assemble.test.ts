/** Recording replies: vendors' own streams in any chunking come to the same whole, and nothing incomplete is kept. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HELD_EVENT_BYTES_MAX } from '../../../src/core/limits.ts'
import { recordableWhole, StreamRecorder } from '../../../src/core/recall/assemble.ts'
import { RECORDED_REPLY_BYTES_MAX } from '../../../src/core/recall/limits.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/streams')
const streams = readdirSync(FOLDER).filter((name) => name.endsWith('.sse'))
const readStream = (name: string): Uint8Array => new Uint8Array(readFileSync(join(FOLDER, name)))
const encoder = new TextEncoder()
const DONE = 'data: [DONE]\n\n'
const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const chunk = (delta: object, more: object = {}, top: object = {}) =>
  event({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null, ...more }],
    ...top,
  })
const end = (reason: string, more: object = {}) => chunk({}, { finish_reason: reason, ...more })

/** What is recorded of bytes in chunks of these sizes, in turn. */
function record(bytes: Uint8Array, sizes: readonly number[] = [bytes.length], usage?: unknown): string | null {
  const recorder = new StreamRecorder()
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    // A buffer of its own, overwritten afterwards, as a reader may do with it.
    const part = bytes.slice(at, at + size)
    recorder.push(part)
    part.fill(120)
    at += size
  }
  const text = recorder.finish(usage)
  expect(recorder.heldBytes).toBe(0)
  return text
}

const recordText = (...events: string[]): string | null => record(encoder.encode(events.join('')))

interface Message {
  readonly content: string | null
  readonly reasoning_content?: string
  readonly tool_calls?: readonly { readonly id?: string; readonly function: { name: string; arguments: string } }[]
}
interface Whole {
  readonly choices: readonly {
    readonly message: Message
    readonly finish_reason: string
    readonly logprobs?: unknown
  }[]
  readonly usage?: unknown
}
const wholeOf = (text: string | null): Whole => JSON.parse(text ?? 'null') as Whole

/** What a vendor's stream says, put together by hand: each has one choice, and at most one tool call. */
function byHand(bytes: Uint8Array) {
  const said = { content: '', reasoning: '', id: '', name: '', arguments: '', finish: '', usage: null as unknown }
  for (const line of new TextDecoder().decode(bytes).split('\n')) {
    if (!line.startsWith('data: {')) continue
    const { choices, usage } = JSON.parse(line.slice('data: '.length)) as {
      choices: { delta?: Partial<Message>; finish_reason?: string }[]
      usage?: unknown
    }
    said.usage = usage ?? said.usage
    for (const { delta, finish_reason } of choices) {
      said.finish = finish_reason ?? said.finish
      said.content += delta?.content ?? ''
      said.reasoning += delta?.reasoning_content ?? ''
      for (const call of delta?.tool_calls ?? []) {
        said.id ||= call.id ?? ''
        said.name ||= call.function.name ?? ''
        said.arguments += call.function.arguments
      }
    }
  }
  return said
}

describe('vendors’ streams', () => {
  it.each(streams)('%s', (name) => {
    const bytes = readStream(name)
    const text = record(bytes)
    const said = byHand(bytes)
    if (said.finish === 'length') return expect(text).toBeNull()
    const { choices, usage } = wholeOf(text)
    const { message } = choices[0] ?? {}
    expect(choices).toHaveLength(1)
    expect(choices[0]?.finish_reason).toBe(said.finish)
    expect(message?.content ?? '').toBe(said.content)
    expect(message?.reasoning_content ?? '').toBe(said.reasoning)
    expect(usage ?? null).toEqual(said.usage)
    const call = { id: said.id, type: 'function', function: { name: said.name, arguments: said.arguments } }
    expect(message?.tool_calls).toEqual(said.name === '' ? undefined : [call])
    if (said.name !== '') expect(() => JSON.parse(said.arguments)).not.toThrow()
    expect(text).not.toMatch(/"(id|created|obfuscation|p)":[^,]*,"(object|model)"/)

    expect(record(bytes, [1])).toBe(text)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 9 }), (sizes) => {
        expect(record(bytes, sizes)).toBe(text)
      }),
      { numRuns: 50 },
    )
    const crlf = encoder.encode(new TextDecoder().decode(bytes).replaceAll('\n', '\r\n'))
    expect(record(crlf, [7])).toBe(text)
  })

  it('are thirteen', () => expect(streams).toHaveLength(13))
})

describe('StreamRecorder', () => {
  it('takes usage from elsewhere only where the stream had none', () => {
    const events = [chunk({ content: 'a' }), end('stop')]
    const given = { prompt_tokens: 9 }
    expect(wholeOf(record(encoder.encode(events.join('') + DONE), [99], given)).usage).toEqual(given)
    const own = event({ choices: [], usage: { prompt_tokens: 1 } })
    expect(wholeOf(record(encoder.encode(events.join('') + own + DONE), [99], given)).usage).toEqual({
      prompt_tokens: 1,
    })
    expect(wholeOf(recordText(...events, DONE)).usage).toBeUndefined()
  })

  const said = chunk({ content: 'a' })
  it.each<[string, string[]]>([
    ['cut before its end', [said]],
    ['without [DONE]', [said, end('stop')]],
    ['with half of [DONE]', [said, end('stop'), 'data: [DO']],
    ['ended by length', [said, end('length'), DONE]],
    ['filtered', [said, end('content_filter'), DONE]],
    ['without a finish reason', [said, DONE]],
    ['without a choice', [DONE]],
    ['with one choice unfinished', [said, chunk({ content: 'b' }, { index: 1 }), end('stop'), DONE]],
    ['with an error', [said, event({ error: { message: 'no' } }), end('stop'), DONE]],
    ['with an error event', [said, 'event: error\ndata: {"message":"no"}\n\n', end('stop'), DONE]],
    ['with an error beside choices', [chunk({}, {}, { error: { message: 'no' } }), end('stop'), DONE]],
    ['with what is no JSON', [said, 'data: {"choices":[\n\n', end('stop'), DONE]],
    ['with what is no object', [said, 'data: 1\n\n', end('stop'), DONE]],
    ['with what has no choices', [said, event({ choices: {} }), end('stop'), DONE]],
    ['of two kinds of content', [said, chunk({ content: [{ type: 'text' }] }), end('stop'), DONE]],
    [
      'of another protocol',
      [event({ choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }] }), DONE],
    ],
  ])('keeps no stream %s', (_, events) => {
    const bytes = encoder.encode(events.join(''))
    expect(record(bytes)).toBeNull()
    expect(record(bytes, [1])).toBeNull()
  })

  it('knows [DONE] without its blank line, and ignores what follows it', () => {
    const begin = [said, end('stop')]
    expect(recordText(...begin, 'data: [DONE]')).not.toBeNull()
    expect(recordText(...begin, 'data:[DONE]\n')).not.toBeNull()
    expect(recordText(...begin, DONE, event({ error: {} }), said)).toBe(recordText(...begin, DONE))
  })

  it('reads events of several data lines, and of any line ends', () => {
    const expected = recordText(said, end('stop'), DONE)
    const pretty = (text: string, lineEnd: string) =>
      text
        .replace(/^data: (\{.*)$/gm, (_, data: string) =>
          JSON.stringify(JSON.parse(data), null, 1).replace(/^/gm, 'data: '),
        )
        .replaceAll('\n', lineEnd)
    for (const lineEnd of ['\n', '\r\n', '\r'])
      for (const sizes of [[1], [2, 5], [999]])
        expect(record(encoder.encode(pretty(said + end('stop') + DONE, lineEnd)), sizes)).toBe(expected)
  })

  it('lets a reply go that is too long, and tells what it holds meanwhile', () => {
    const recorder = new StreamRecorder()
    const piece = encoder.encode(chunk({ content: 'é'.repeat(1000) }))
    recorder.push(encoder.encode(chunk({ content: 'a' })))
    let held = recorder.heldBytes
    expect(held).toBeGreaterThan(0)
    for (let chars = 0; chars < RECORDED_REPLY_BYTES_MAX - 1000; chars += 1000) {
      recorder.push(piece)
      expect(recorder.heldBytes).toBeGreaterThanOrEqual(held + 2000)
      held = recorder.heldBytes
    }
    recorder.push(piece)
    recorder.push(piece)
    expect(recorder.heldBytes).toBe(0)
    recorder.push(encoder.encode(end('stop') + DONE))
    expect(recorder.finish()).toBeNull()
  })

  it('counts the bytes of what it keeps, not its characters', () => {
    const text = (chars: number) => Array.from({ length: chars / 1000 }, () => chunk({ content: '日'.repeat(1000) }))
    expect(recordText(...text(86_000), end('stop'), DONE)).not.toBeNull()
    expect(recordText(...text(88_000), end('stop'), DONE)).toBeNull()
  })

  it('lets a reply go whose lists grow without end', () => {
    const recorder = new StreamRecorder()
    const many = encoder.encode(chunk({}, { token_ids: new Array(20_000).fill(1) }))
    for (let turn = 0; turn < 14; turn++) recorder.push(many)
    expect(recorder.heldBytes).toBe(0)
  })

  it('gives up on an event without end, in whatever pieces', () => {
    const long = encoder.encode(chunk({ content: 'x'.repeat(HELD_EVENT_BYTES_MAX) }) + end('stop') + DONE)
    expect(record(long)).toBeNull()
    expect(record(long, [1000])).toBeNull()
    const recorder = new StreamRecorder()
    recorder.push(long.subarray(0, 1000))
    expect(recorder.heldBytes).toBeGreaterThanOrEqual(1000)
    recorder.giveUp()
    expect(recorder.heldBytes).toBe(0)
    expect(recorder.finish()).toBeNull()
  })
})

describe('recordableWhole', () => {
  const chat = (more: object = {}, reason: unknown = 'stop') => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'a', id: 'inner' }, finish_reason: reason }],
    ...more,
  })

  it('is the reply without id and created', () => {
    const { id, created, ...kept } = chat()
    expect(recordableWhole('chat', JSON.stringify(chat(), null, 2))).toBe(JSON.stringify(kept))
    expect(recordableWhole('chat', encoder.encode(JSON.stringify(chat())))).toBe(JSON.stringify(kept))
    expect(
      recordableWhole('completions', JSON.stringify({ id, choices: [{ text: 'a', finish_reason: 'stop' }] })),
    ).toBe('{"choices":[{"text":"a","finish_reason":"stop"}]}')
    expect(created).toBe(1)
  })

  it('keeps embeddings, and every number, as they came', () => {
    const text = '{"object":"list","data":[{"index":0,"embedding":[0.10,-1e-3]}],"model":"m"}'
    expect(recordableWhole('embeddings', `${text}\n`)).toBe(text)
    const seeded = JSON.stringify(chat()).replace('"m"', '"m","seed":12345678901234567890')
    expect(recordableWhole('chat', seeded)).toContain('"seed":12345678901234567890')
  })

  it.each<[string, 'chat' | 'completions' | 'embeddings', unknown]>([
    ['ended by length', 'chat', chat({}, 'length')],
    ['filtered', 'chat', chat({}, 'content_filter')],
    ['unfinished', 'chat', chat({}, null)],
    ['without choices', 'chat', chat({ choices: [] })],
    ['half finished', 'chat', chat({ choices: [...chat().choices, {}] })],
    ['with an error', 'chat', chat({ error: { message: 'no' } })],
    ['of embeddings without data', 'embeddings', { data: [] }],
    ['of another kind', 'embeddings', chat()],
    ['that is no object', 'chat', []],
    ['that is too long', 'chat', chat({ x: 'x'.repeat(RECORDED_REPLY_BYTES_MAX) })],
    ['that is too long in bytes', 'chat', chat({ x: '日'.repeat(90_000) })],
  ])('keeps no reply %s', (_, operation, value) => {
    expect(recordableWhole(operation, JSON.stringify(value))).toBeNull()
  })

  it('keeps calls of tools, and nothing that is no JSON', () => {
    for (const reason of ['tool_calls', 'function_call']) {
      expect(recordableWhole('chat', JSON.stringify(chat({}, reason)))).not.toBeNull()
    }
    expect(recordableWhole('chat', '{"choices":')).toBeNull()
  })
})
