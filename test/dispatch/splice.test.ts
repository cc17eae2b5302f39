/** Parts of a stream made one: every byte at which the first may end, and what is in the events of the second. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { continuedRequest } from '../../src/dispatch/continue-request.ts'
import { EventCutter } from '../../src/dispatch/event-cutter.ts'
import { Splice } from '../../src/dispatch/splice.ts'
import { ANSWER, read, streamOf, TOKENS } from '../support/continuing.ts'
import { requestOf } from '../support/path.ts'
import { DONE, delta, event, finish, role, text } from '../support/wire.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const bytesOf = (part: string): Uint8Array => encoder.encode(part)
const REQUEST = requestOf({ stream: true })

/** The stream of which one engine sends so many bytes, and another the rest; in pieces of so many bytes. */
function splicedAt(cutAt: number, tokens: readonly string[] = TOKENS, pieceBytes = Number.POSITIVE_INFINITY) {
  const splice = new Splice()
  const part = (bytes: Uint8Array): string => {
    const cutter = new EventCutter(true)
    let out = ''
    for (let at = 0; at < bytes.length; at += pieceBytes)
      out += decoder.decode(splice.push(cutter.push(bytes.subarray(at, at + pieceBytes)).bytes))
    return cutter.done ? out + decoder.decode(splice.end()) : out
  }
  const first = bytesOf(streamOf('first', { body: {} }, tokens))
  const said = part(first.subarray(0, cutAt))
  if (said.endsWith(DONE)) return said
  if (splice.isFinished) return said + decoder.decode(splice.ending(null))
  const so = splice.broken()
  const rest = continuedRequest(REQUEST, so, undefined)
  if (rest === null) throw new Error('no room')
  splice.begin(so.prefix)
  return said + part(bytesOf(streamOf('second', rest, tokens)))
}

describe('a stream that goes on elsewhere', () => {
  const PROLOGUE = bytesOf(streamOf('first', { body: {} }).split('\n\n', 1)[0] ?? '').length + 2
  const length = bytesOf(streamOf('first', { body: {} })).length

  it.each([
    ['as they come', Number.POSITIVE_INFINITY],
    ['in small pieces', 33],
  ])('says the same from every byte on, with events %s', (_, pieceBytes) => {
    const wrong: number[] = []
    for (let cutAt = 0; cutAt <= length; cutAt += 1) {
      const { text: joined, ids, finishes, isDone } = read(splicedAt(cutAt, TOKENS, pieceBytes))
      // Of what nothing has come yet, all is another's answer.
      const isNamed = ids.length === 1 && (ids[0] === 'first' || cutAt < PROLOGUE)
      if (joined !== ANSWER || finishes.join() !== 'stop' || !isDone || !isNamed) wrong.push(cutAt)
    }
    expect(wrong).toEqual([])
  })

  it('whatever the tokens, and wherever in them', () => {
    const token = fc.string({
      unit: fc.constantFrom('a', ' ', '\n', '"', '\\', '’', '日', '\ud83e', '\udda5', '\u00a0'),
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(
        fc.array(token, { minLength: 1, maxLength: 12 }),
        fc.nat(),
        fc.integer({ min: 1, max: 40 }),
        (...of) => {
          const [tokens, at, pieceBytes] = of
          const all = bytesOf(streamOf('first', { body: {} }, tokens)).length
          expect(read(splicedAt(at % all, tokens, pieceBytes)).text).toBe(tokens.join(''))
        },
      ),
    )
  })
})

/** Two parts, given as text; what comes of the second. */
function second(first: string, next: string) {
  const splice = new Splice()
  splice.push(bytesOf(first))
  const { prefix } = splice.broken()
  splice.begin(prefix)
  return { said: decoder.decode(splice.push(bytesOf(next))), prefix, splice }
}

const named = (id: string, content: string, more: object = {}): string =>
  event({ ...more, id, object: 'chat.completion.chunk', created: 7, choices: [{ index: 0, delta: { content } }] })

describe('the second part', () => {
  it('keeps its bytes but for the name and time of the whole', () => {
    const own =
      'data: {"id": "b", "created": 8, "x":1.0, "choices":[{"index":0,"delta":{"content":"\\u00e9 \\"id\\":\\"b\\""}}]}\n\n'
    const { said } = second(named('a', 'Well'), role() + own)
    expect(said).toBe(own.replace('"id": "b"', '"id": "a"').replace('"created": 8', '"created": 7'))
  })

  it('drops its prologue, comments of the upstream not', () => {
    const { said } = second(text('Well'), `: hi\n\n${role()}${delta({})}${text(', yes')}`)
    expect(said).toBe(`: hi\n\n${text(', yes')}`)
  })

  it('begins anew, whatever the first one was in the middle of', () => {
    expect(second(`${text('a')}data: {"choices":[{"delta":{"content":"lo`, text('b')).said).toBe(text('b'))
  })

  it('leaves out the white space that was said already, and no more of it', () => {
    const { said, prefix } = second(text('Well. \n\n'), text(' ') + text('\n\n\n  ') + text('\nNext') + finish() + DONE)
    expect(prefix).toBe('Well.')
    expect(read(text('Well. \n\n') + said).text).toBe('Well. \n\n\n  \nNext')
  })

  it('that says other white space says it', () => {
    expect(read(second(text('a\n'), text(' b')).said).text).toBe(' b')
    expect(read(second(text('a '), text(',') + text(' b')).said).text).toBe(', b')
  })

  it('has as its usage that of the whole', () => {
    const usage = { prompt_tokens: 12, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 9 } }
    const first = text('a') + text('b') + text('\n')
    const parts = text('\n') + text('c') + event({ id: 'b', choices: [], usage }) + DONE
    expect(read(second(first, parts).said).usage).toEqual([
      { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16, prompt_tokens_details: null },
    ])
  })

  it('is foreign where it thinks, and is not where it calls a tool', () => {
    const thinking = second(text('a'), delta({ reasoning: 'x' }) + text('b'))
    expect({ said: thinking.said, isForeign: thinking.splice.isForeign }).toEqual({ said: '', isForeign: true })
    const call = delta({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })
    const calling = second(text('a'), call)
    expect(calling.said).toBe(call)
    expect(calling.splice).toMatchObject({ isForeign: false, isPlain: false })
  })
})

describe('what was said', () => {
  const tokens = (...parts: string[]) => {
    const splice = new Splice()
    splice.push(bytesOf(parts.join('')))
    return { ...splice.broken(), tokens: splice.tokens }
  }

  it('is counted by events, by what they tell of their tokens, and never too low', () => {
    expect(tokens(role(), text('a'), text('b'), delta({ content: '' }))).toMatchObject({ tokens: 2, tokensMax: 2 })
    expect(tokens(text('abcdefghijklm'))).toMatchObject({ tokens: 1, tokensMax: 4 })
    const logprobs = { content: [{ token: 'a' }, { token: 'b' }] }
    expect(tokens(event({ choices: [{ delta: { content: 'ab' }, logprobs }] })).tokens).toBe(2)
    expect(tokens(event({ choices: [{ delta: { content: 'ab' }, token_ids: [1, 2, 3] }] })).tokens).toBe(3)
  })

  it('passes unread once it is not plain text any more', () => {
    const splice = new Splice()
    const odd = delta({ refusal: 'No' })
    expect(decoder.decode(splice.push(bytesOf(`${text('a')}${odd}data: {"x`)))).toBe(`${text('a')}${odd}data: {"x`)
    expect(splice).toMatchObject({ isPlain: false, isPassing: true, textChars: 0 })
    expect(decoder.decode(splice.push(bytesOf('":1')))).toBe('":1')
  })

  it('ends in the words of its own chunks', () => {
    const splice = new Splice()
    splice.push(bytesOf(named('a', 'x', { model: 'm' })))
    const usage = { prompt_tokens: 1, completion_tokens: 2 }
    const whole = read(decoder.decode(splice.ending(usage)))
    expect(whole).toMatchObject({ ids: ['a'], created: [7], finishes: ['length'], usage: [usage], isDone: true })
  })
})
