/** Traces as the public ones are written, and what is no trace. */
import { describe, expect, it } from 'vitest'
import { parseTrace } from '../../../scripts/sim/trace.ts'

const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens'

describe('a trace', () => {
  it('of 2023 has seven decimals and no zone', () => {
    const text = `${HEADER}\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n`
    expect(parseTrace(text)).toEqual([
      { atMs: 0, promptTokens: 374, outputTokens: 44 },
      { atMs: 4315, promptTokens: 396, outputTokens: 109 },
    ])
  })

  it('of 2024 has a zone, and CRLF may end its lines', () => {
    const text = `${HEADER}\r\n2024-05-10 00:00:00.009930+00:00,2162,5\r\n2024-05-10 00:00:01+00:00,2399,6\r\n`
    expect(parseTrace(text).map(({ atMs }) => atMs)).toEqual([0, 991])
  })

  it('is put into the order of time', () => {
    const text = `${HEADER}\n2023-11-16 18:15:47,2,2\n2023-11-16 18:15:46,1,1`
    expect(parseTrace(text)).toEqual([
      { atMs: 0, promptTokens: 1, outputTokens: 1 },
      { atMs: 1000, promptTokens: 2, outputTokens: 2 },
    ])
  })
})

describe('what is no trace', () => {
  it.each([
    ['no header', '2023-11-16 18:15:46,1,1', /begins with the line TIMESTAMP/],
    ['another header', 'time,in,out\n1,2,3', /begins with the line TIMESTAMP/],
    ['no requests', HEADER, /empty/],
    ['no time', `${HEADER}\nyesterday,1,1`, /line 2/],
    ['a negative count', `${HEADER}\n2023-11-16 18:15:46,1,1\n2023-11-16 18:15:46,-1,1`, /line 3/],
    ['a missing count', `${HEADER}\n2023-11-16 18:15:46,1`, /line 2/],
    ['a word for a count', `${HEADER}\n2023-11-16 18:15:46,1,many`, /line 2/],
  ])('%s', (_, text, message) => {
    expect(() => parseTrace(text)).toThrow(message)
  })
})
