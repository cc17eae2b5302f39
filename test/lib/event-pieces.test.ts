/** Whole events of a stream, however it is cut. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { EventPieces } from '../../src/lib/event-pieces.ts'

const UTF8 = new TextEncoder()
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** What comes of a text in pieces of these lengths, the last one taken again and again. */
function cut(text: string, lengths: readonly number[]) {
  const pieces = new EventPieces()
  const bytes = UTF8.encode(text)
  const events: string[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[Math.min(turn, lengths.length - 1)] ?? 1
    events.push(...pieces.push(bytes.subarray(at, at + length)).map(textOf))
    at += length
  }
  return { events, rest: textOf(pieces.flush()), heldBytes: pieces.heldBytes }
}

it.each(['\n', '\r\n', '\r'])('hands out whole events at every cut, with lines that end in %j', (end) => {
  const parts = [`data: ä${end}${end}`, `event: x${end}data: {}${end}${end}`, `: so${end}${end}`]
  const all = parts.join('')
  for (let length = 1; length <= all.length + 2; length += 1) {
    const { events, rest } = cut(all, [length])
    expect(events.join('') + rest).toBe(all)
    // A line feed that belongs to a separator may come late, and then begins the next event.
    expect(events.map((event) => event.trim())).toEqual(parts.map((part) => part.trim()))
    expect(rest.trim()).toBe('')
  }
})

it('loses and doubles nothing, whatever comes', () => {
  const text = fc.array(fc.constantFrom('\n', '\r', 'data: x', 'ä', ':'), { maxLength: 40 }).map((all) => all.join(''))
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }), (all, lengths) => {
      const { events, rest, heldBytes } = cut(all, lengths)
      expect(events.join('') + rest).toBe(all)
      expect(heldBytes).toBe(0)
    }),
  )
})

it('tells what it holds', () => {
  const pieces = new EventPieces()
  expect(pieces.push(UTF8.encode('data: 1\n\ndata')).map(textOf)).toEqual(['data: 1\n\n'])
  expect(pieces.heldBytes).toBe(4)
  expect(textOf(pieces.flush())).toBe('data')
  expect(pieces.heldBytes).toBe(0)
})
