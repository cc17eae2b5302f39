/** Framing of server-sent events: where events end, whatever the line ends, and what one says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concat, endOfEvent, readEvent, searchable } from '../../src/lib/sse.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const lineEnd = fc.constantFrom('\n', '\r\n', '\r')

describe('searchable', () => {
  it('makes one character of every byte, ASCII as it is', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (some) => {
        const text = searchable(some)
        expect(text.length).toBe(some.length)
        some.forEach((byte, index) => {
          if (byte < 0x80) expect(text.charCodeAt(index)).toBe(byte)
          else expect(text.charCodeAt(index)).toBeGreaterThanOrEqual(0x80)
        })
      }),
    )
  })
})

describe('endOfEvent', () => {
  it.each([
    ['', 0, -1],
    ['data: a', 0, -1],
    ['data: a\n', 0, -1],
    ['data: a\n\n', 0, 9],
    ['data: a\r\n\r\n', 0, 11],
    ['data: a\r\r', 0, 9],
    ['data: a\r\n', 0, -1],
    ['data: a\n\r\nrest', 0, 10],
    ['data: a\r\n\nrest', 0, 10],
    ['data: a\r\r\nrest', 0, 10],
    ['data: a\n\rrest', 0, 9],
    ['a\n\nb\n\n', 0, 3],
    ['a\n\nb\n\n', 3, 6],
    ['a\r\n\r\nb\r\n\r\n', 5, 10],
    ['a\n\nb\n', 3, -1],
    ['a\r\rb\r', 3, -1],
    // What an earlier chunk left of a separator is found from three characters back.
    ['a\r\n\r\nb', 1, 5],
    ['\n\n', 0, 2],
  ])('%j from %i ends at %i', (text, from, expected) => {
    expect(endOfEvent(text, from)).toBe(expected)
  })

  it('finds every event of a stream with any line ends, once', () => {
    const event = fc.tuple(fc.stringMatching(/^[a-z:]{1,8}$/), lineEnd, lineEnd).map(([line, first, second]) => {
      // A CR and an LF that meet are one line end.
      return line + (first === '\r' && second === '\n' ? '\r\r' : first + second)
    })
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 6 }), (events) => {
        const text = events.join('')
        const ends: number[] = []
        for (let at = endOfEvent(text, 0); at !== -1; at = endOfEvent(text, at)) ends.push(at)
        let sum = 0
        expect(ends).toEqual(
          events.map((one) => {
            sum += one.length
            return sum
          }),
        )
      }),
    )
  })
})

describe('readEvent', () => {
  it.each([
    ['data: a\n\n', { event: null, data: 'a' }],
    ['data:a\n\n', { event: null, data: 'a' }],
    ['data:  a \n\n', { event: null, data: ' a ' }],
    ['data\n\n', { event: null, data: '' }],
    ['data: a\ndata: b\r\ndata:c\rdata\n\n', { event: null, data: 'a\nb\nc\n' }],
    [': comment\n\n', { event: null, data: null }],
    ['event: error\ndata: {}\n\n', { event: 'error', data: '{}' }],
    ['event:a\nevent: b\ndata: {}\n\n', { event: 'b', data: '{}' }],
    ['database: a\nevents: b\n\n', { event: null, data: null }],
    ['data: a\ndatabase: b\n\n', { event: null, data: 'a' }],
    ['event: a\nevents: b\n\n', { event: 'a', data: null }],
    ['id: 1\nretry: 10\ndata: a\nfoo\n\n', { event: null, data: 'a' }],
    ['data: żółć 🦥\n\n', { event: null, data: 'żółć 🦥' }],
    ['', { event: null, data: null }],
  ])('%j', (text, expected) => {
    expect(readEvent(bytes(text))).toEqual(expected)
  })
})

it('concat joins two arrays, either of which may be empty', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
      expect([...concat(first, second)]).toEqual([...first, ...second])
    }),
  )
})
