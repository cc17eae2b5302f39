/** Cutting an event stream: byte for byte the same, less the usage event, however the upstream's chunks fall. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HELD_EVENT_BYTES_MAX } from '../../src/core/limits.ts'
import { EventCutter } from '../../src/dispatch/event-cutter.ts'

const encoder = new TextEncoder()
const bytes = (text: string): Uint8Array => encoder.encode(text)
const BASE = { id: 'c', object: 'chat.completion.chunk', model: 'm' }
const USAGE = { prompt_tokens: 11, completion_tokens: 7 }
const content = (text: string, more: object = {}) => ({
  ...BASE,
  choices: [{ index: 0, delta: { content: text }, finish_reason: null }],
  ...more,
})
const USAGE_EVENT = { ...BASE, choices: [], usage: USAGE }

/** One event of a generated stream: its bytes, and what they mean. */
interface Piece {
  readonly text: string
  readonly kind: 'role' | 'content' | 'usage' | 'comment' | 'other'
}

/** Characters whose UTF-8 bytes have been trouble: ’ € ™ hold bytes that windows-1252 gives other meanings. */
const words = fc.string({
  unit: fc.constantFrom('a', '"', '\\', '\n', '’', '€', '™', 'ż', '日', '🦥', '\u2028'),
  maxLength: 6,
})
const values = fc.oneof(
  fc.constant({
    kind: 'role' as const,
    value: { ...BASE, choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
  }),
  words.map((word) => ({ kind: 'content' as const, value: content(`a${word}`) })),
  words.map((word) => ({ kind: 'content' as const, value: content(`a${word}`, { usage: null }) })),
  fc.nat({ max: 99 }).map((tokens) => ({
    kind: 'content' as const,
    value: content('’', { usage: { ...USAGE, completion_tokens: tokens } }),
  })),
  fc.nat({ max: 99 }).map((tokens) => ({
    kind: 'usage' as const,
    value: { ...USAGE_EVENT, usage: { ...USAGE, completion_tokens: tokens } },
  })),
  fc.constant({ kind: 'other' as const, value: { ...BASE, choices: [], usage: null } }),
)
const piece: fc.Arbitrary<Piece> = fc
  .tuple(
    values,
    fc.constantFrom('\n', '\r\n', '\r'),
    fc.constantFrom('data: ', 'data:'),
    fc.boolean(),
    fc.subarray([': ping', 'id: 7', 'event: message', 'retry: 10', 'x-vendor: {"usage":{}}']),
    fc.subarray([': after', 'id: 8']),
  )
  .map(([{ kind, value }, end, field, pretty, before, after]) => {
    const lines = JSON.stringify(value, null, pretty ? 1 : undefined).split('\n')
    const all = [...before, ...lines.map((line) => field + line), ...after]
    return { kind, text: all.map((line) => line + end).join('') + end }
  })
const comment: fc.Arbitrary<Piece> = fc
  .constantFrom('\n', '\r\n', '\r', '\n\n\n', ': keep\n\n', ': keep\r\n\r\n', 'id: 1\n\n', ': data "usage":{}\r\r')
  .map((text) => ({ kind: 'comment', text }))
const done: fc.Arbitrary<Piece> = fc
  .constantFrom('data: [DONE]\n\n', 'data:[DONE]\r\n\r\n', 'data: [DONE]\r\r')
  .map((text) => ({ kind: 'other', text }))
const stream = fc
  .tuple(fc.array(fc.oneof({ weight: 5, arbitrary: piece }, { weight: 1, arbitrary: comment }), { maxLength: 8 }), done)
  .map(([pieces, last]) => [...pieces, last].map(apart))
/** A line feed that meets the carriage return before it would belong to that one's line end. */
const apart = (one: Piece, index: number, all: readonly Piece[]): Piece =>
  one.text.startsWith('\n') && all[index - 1]?.text.endsWith('\r') ? { ...one, text: `\r${one.text}` } : one
/** Sizes of chunks in turn: small ones meet every state. */
const chunking = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 })

/** Everything observable of a stream sent in chunks of these sizes. */
function run(text: string, sizes: readonly number[], dropUsage: boolean) {
  const cutter = new EventCutter(dropUsage)
  const all = bytes(text)
  const out: Uint8Array[] = []
  let error = false
  for (let from = 0, index = 0; from < all.length && !error; index += 1) {
    const size = sizes[index % sizes.length] ?? 1
    const cut = cutter.push(all.subarray(from, from + size))
    out.push(cut.bytes)
    error = cut.error
    from += size
  }
  const { events, usage, committed } = cutter
  return { text: Buffer.concat(out).toString('latin1'), error, events, usage, done: cutter.done, committed }
}

const joined = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('')
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

describe('any stream in any chunks', () => {
  it('passes byte for byte when the client wants usage, less the usage events when not', () => {
    fc.assert(
      fc.property(stream, chunking, (pieces, sizes) => {
        expect(run(joined(pieces), sizes, false)).toMatchObject({ text: latin1(joined(pieces)), error: false })
        const wanted = joined(pieces.filter(({ kind }) => kind !== 'usage'))
        expect(run(joined(pieces), sizes, true)).toMatchObject({ text: latin1(wanted), error: false })
      }),
      { numRuns: 400 },
    )
  })

  it('is understood the same as in one chunk', () => {
    fc.assert(
      fc.property(stream, chunking, fc.boolean(), (pieces, sizes, dropUsage) => {
        const whole = run(joined(pieces), [1_000_000], dropUsage)
        expect(run(joined(pieces), sizes, dropUsage)).toEqual(whole)
        expect(whole.done).toBe(true)
        expect(whole.events).toBe(
          pieces.slice(0, -1).filter(({ kind }) => kind !== 'usage' && kind !== 'comment').length,
        )
      }),
      { numRuns: 400 },
    )
  })

  it('ends before an error, whatever follows it', () => {
    const error = fc.constantFrom(
      'data: {"error":{"message":"secret"}}\n\n',
      'data: {"error":"secret"}\r\n\r\n',
      'event: error\ndata: {"message":"secret"}\n\n',
      'event:error\rdata: secret\r\r',
      'data: {"object":"error","message":"secret"}\n\n',
      'data: {\ndata: "error": {\ndata: "message": "secret"}}\n\n',
      'data: {"error" : { "message":"secret"}, "choices":[]}\n\n',
    )
    fc.assert(
      fc.property(stream, error, stream, chunking, fc.boolean(), (before, failed, after, sizes, dropUsage) => {
        const kept = before.filter(({ kind }) => !(dropUsage && kind === 'usage'))
        const cut = run(joined(before) + failed + joined(after), sizes, dropUsage)
        expect(cut).toMatchObject({ text: latin1(joined(kept)), error: true })
      }),
    )
  })
})

describe('a partial event', () => {
  /** Sends the first `at` bytes of an event, then the rest. */
  function inTwo(text: string, at: number, dropUsage = true) {
    const cutter = new EventCutter(dropUsage)
    cutter.push(bytes('data: {"choices":[{"delta":{"content":"a"}}]}\n\n'))
    const all = bytes(text)
    const first = cutter.push(all.subarray(0, at))
    const [inside, held] = [cutter.isInsideEvent, cutter.heldBytes]
    const second = cutter.push(all.subarray(at))
    return { first: first.bytes.length, inside, held, second: second.bytes.length, error: second.error, after: cutter }
  }

  it('with choices is released at once', () => {
    const text = `data: ${JSON.stringify(content('zażółć ’'))}\n\n`
    const opened = text.indexOf('"choices":[{') + '"choices":[{'.length
    for (let at = opened; at < bytes(text).length; at += 1)
      expect(inTwo(text, at)).toMatchObject({ first: at, inside: true, held: 0 })
    for (let at = 1; at < opened; at += 1) {
      const { first, inside, held, second, after } = inTwo(text, at)
      expect({ first, inside, held, second }).toEqual({ first: 0, inside: false, held: at, second: bytes(text).length })
      expect(after.isInsideEvent).toBe(false)
    }
  })

  it.each([
    `data: ${JSON.stringify(USAGE_EVENT)}\n\n`,
    `: ping\r\nid: 7\r\ndata: ${JSON.stringify({ usage: USAGE, choices: [] })}\r\n\r\n`,
    `data: { "choices" : [ ] , "usage" : { "prompt_tokens" : 1 } }\n\n`,
    'data: {"choices":[\ndata: ],"usage":\ndata: {"prompt_tokens":1}}\n\n',
  ])('that is the usage event never leaks a byte: %j', (text) => {
    for (let at = 1; at < text.length; at += 1)
      expect(inTwo(text, at)).toMatchObject({ first: 0, inside: false, second: 0, error: false })
    for (let at = 1; at < text.trimEnd().length; at += 1) expect(inTwo(text, at).held).toBe(at)
    expect(inTwo(text, 5, false).second).toBe(text.length)
  })

  it('that carries an error beside choices never shows the words of it', () => {
    const text = 'data: {"error":{"message":"secret"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]}\n\n'
    for (let at = 1; at < text.length; at += 1)
      expect(inTwo(text, at)).toMatchObject({ first: 0, second: 0, error: true })
    const late = 'data: {"choices":[{"delta":{"content":""}}],"error":{"message":"secret"}}\n\n'
    const { first, inside, second, error, after } = inTwo(late, late.indexOf(',"error"'))
    expect({ first, inside, second, error }).toEqual({
      first: late.indexOf(',"error"'),
      inside: true,
      second: 0,
      error: true,
    })
    expect(after.isInsideEvent).toBe(true)
    const held = inTwo(late, late.indexOf('secret'))
    expect(held).toMatchObject({ first: 0, error: true })
  })

  it('that grows an error after some of it was handed on is held from there', () => {
    const cutter = new EventCutter(true)
    expect(cutter.push(bytes('data: {"choices":[{"delta":{}}],')).bytes.length).toBe(32)
    expect(cutter.push(bytes('"error":{"message":"sec')).bytes.length).toBe(0)
    expect(cutter.push(bytes('ret"}')).bytes.length).toBe(0)
    expect(cutter).toMatchObject({ isInsideEvent: true, heldBytes: 28 })
    expect(cutter.push(bytes('}\n\n'))).toMatchObject({ bytes: new Uint8Array(0), error: true })
  })

  it('beyond the bound is handed on, whatever it will be', () => {
    const cutter = new EventCutter(true)
    const long = bytes(`data: {"pad":"${'p'.repeat(HELD_EVENT_BYTES_MAX)}`)
    expect(cutter.push(long.subarray(0, HELD_EVENT_BYTES_MAX)).bytes.length).toBe(0)
    expect(cutter.push(long.subarray(HELD_EVENT_BYTES_MAX)).bytes.length).toBe(long.length)
    cutter.committed = true
    expect(cutter.push(bytes('p'.repeat(2 * HELD_EVENT_BYTES_MAX))).bytes.length).toBe(2 * HELD_EVENT_BYTES_MAX)
    expect(cutter.push(bytes('"}\n')).bytes.length).toBe(3)
    expect(cutter.isInsideEvent).toBe(true)
    expect(cutter.push(bytes('\ndata: [DONE]\n\n')).bytes.length).toBe(15)
    expect(cutter).toMatchObject({ isInsideEvent: false, done: true, events: 1 })
  })
})

describe('what is seen', () => {
  const fed = (...texts: string[]) => {
    const cutter = new EventCutter(true)
    for (const text of texts) cutter.push(bytes(text))
    return cutter
  }
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`

  it('nothing is committed by a role, a comment, an empty delta or malformed JSON', () => {
    const prologue = [
      event({ choices: [{ delta: { role: 'assistant', content: '' } }] }),
      ': x\n\n',
      'data: {"oops\n\n',
    ]
    expect(fed(...prologue)).toMatchObject({ committed: false, events: 2, done: false, usage: null })
    expect(fed(...prologue, event(USAGE_EVENT)).committed).toBe(false)
    expect(fed(...prologue, event(content('a')))).toMatchObject({ committed: true, events: 3 })
  })

  it('`[DONE]` commits an answer without content, and is no event', () => {
    expect(fed('data: [DONE]\n\n')).toMatchObject({ committed: true, done: true, events: 0 })
    expect(fed(event(content('data: [DONE]')))).toMatchObject({ done: false, events: 1 })
    expect(fed(event(content('a')), event(content('[DONE]')))).toMatchObject({ done: false, events: 2 })
    expect(fed(event(content('a')), 'id: 1\ndata: [DONE]\n\n')).toMatchObject({ done: true, events: 1 })
  })

  it('the last usage wins, before and after the commit point', () => {
    const used = (tokens: number) => ({ usage: { ...USAGE, completion_tokens: tokens } })
    expect(fed(event(content('', used(1)))).usage?.outputTokens).toBe(1)
    const cutter = fed(event(content('a', used(1))), event(content('b')), event(content('c', used(2))))
    expect(cutter.usage?.outputTokens).toBe(2)
    cutter.push(bytes(event({ ...USAGE_EVENT, ...used(3) })))
    cutter.push(bytes(event(content('d', { usage: null }))))
    expect(cutter.usage?.outputTokens).toBe(3)
  })
})

it('a CR at the end of a chunk and the LF after it are one line end, though nothing comes between', () => {
  const cutter = new EventCutter(true)
  const send = (text: string): string => new TextDecoder().decode(cutter.push(bytes(text)).bytes)
  const used = JSON.stringify(USAGE_EVENT)
  const sent = ['data: {}\r\n\r', '', '\n', `data: ${used}\r\n\r`, '', `\ndata: ${used}\r\r`, 'data: [DONE]\n\n']
  expect(sent.map(send)).toEqual(['data: {}\r\n\r', '', '\n', '', '', '', 'data: [DONE]\n\n'])
})

describe('the end of the body', () => {
  it.each(['data: [DONE]', 'data:[DONE]\n', 'data: [DONE]\r\n', 'id: 1\ndata: [DONE]'])(
    '%j without its blank line is complete',
    (last) => {
      const cutter = new EventCutter(true)
      expect(cutter.push(bytes(last)).bytes.length).toBe(0)
      expect(new TextDecoder().decode(cutter.end())).toBe(last)
      expect(cutter).toMatchObject({ done: true, heldBytes: 0 })
    },
  )

  it.each(['data: [DON', 'data: {"choices":[]', ''])('%j is cut, and nothing of it goes on', (last) => {
    const cutter = new EventCutter(true)
    cutter.push(bytes(last))
    expect(cutter.end().length).toBe(0)
    expect(cutter.done).toBe(false)
  })

  it('what came after `[DONE]` goes on to the last byte', () => {
    const cutter = new EventCutter(true)
    cutter.push(bytes('data: [DONE]\n\n: the e'))
    expect(new TextDecoder().decode(cutter.end())).toBe(': the e')
  })
})
