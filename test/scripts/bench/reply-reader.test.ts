/** Replies end where they end, however the network cuts them. */
import { describe, expect, it } from 'vitest'
import { ReplyReader } from '../../../scripts/bench/reply-reader.ts'

const sized = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello'
const chunked = 'HTTP/1.1 429 Too Many\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'
const empty = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'

describe.each([
  [sized, 200],
  [chunked, 429],
  [empty, 200],
])('%j', (text, status) => {
  it('is complete at its last byte, cut anywhere', () => {
    for (let at = 1; at < text.length; at += 1) {
      const reader = new ReplyReader()
      expect(reader.push(Buffer.from(text.slice(0, at)))).toBe(false)
      expect(reader.push(Buffer.from(text.slice(at)))).toBe(true)
      expect(reader.status).toBe(status)
    }
  })

  it('is complete byte by byte, one reply after the other', () => {
    const reader = new ReplyReader()
    for (const reply of [text, sized, text]) {
      const complete = [...reply].map((letter) => reader.push(Buffer.from(letter)))
      expect(complete.indexOf(true)).toBe(reply.length - 1)
    }
  })
})

it('keeps the head, and knows when the body has begun', () => {
  const reader = new ReplyReader()
  const end = sized.indexOf('hello')
  reader.push(Buffer.from(sized.slice(0, end)))
  expect(reader.head).toBe('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nx-a: b')
  expect(reader.hasBody).toBe(false)
  reader.push(Buffer.from('he'))
  expect(reader.hasBody).toBe(true)
  reader.push(Buffer.from('llo'))
  reader.push(Buffer.from(chunked.slice(0, chunked.indexOf('5'))))
  expect(reader.hasBody).toBe(false)
})
