/** What passes by: every byte, and the usage that is said at the end, where it is. */
import { describe, expect, it } from 'vitest'
import { RELAYED_TAIL_BYTES } from '../../src/core/limits.ts'
import { RelayCutter } from '../../src/dispatch/relay-cutter.ts'

const UTF8 = new TextEncoder()
const USAGE = { input_tokens: 50, output_tokens: 7, input_tokens_details: { cached_tokens: 20 } }
const READ = { inputTokens: 30, cachedInputTokens: 20, outputTokens: 7, source: 'provider' }

/** Sends a text by in pieces of so many bytes. */
function passed(type: string, text: string, pieceBytes = 1000): RelayCutter {
  const cutter = new RelayCutter(type)
  const bytes = UTF8.encode(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    expect(cutter.push(piece)).toEqual({ bytes: piece, error: false })
  }
  expect(cutter.done).toBe(false)
  expect(cutter.end()).toHaveLength(0)
  expect(cutter.done).toBe(true)
  return cutter
}

const LARGE = 'x'.repeat(3 * RELAYED_TAIL_BYTES)

describe('usage', () => {
  it.each([
    ['of JSON', 'application/json', JSON.stringify({ usage: USAGE, results: [] })],
    ['by chat’s names', 'application/json; charset=utf-8', '{"usage":{"prompt_tokens":30,"completion_tokens":7}}'],
    ['at the end of large JSON', 'application/json', JSON.stringify({ data: [{ b64_json: LARGE }], usage: USAGE })],
    [
      'in the last event',
      'text/event-stream',
      `data: {"type":"a"}\n\ndata: ${JSON.stringify({ text: 'ä', usage: USAGE })}\n\n`,
    ],
    [
      'before the end mark',
      'text/event-stream',
      `data: ${JSON.stringify({ b64_json: LARGE, usage: USAGE })}\n\ndata: [DONE]\n\n`,
    ],
  ])('%s is read', (_what, type, text) => {
    for (const pieceBytes of [1, 1000, 1_000_000]) {
      if (pieceBytes === 1 && text.length > 1000) continue
      expect(passed(type, text, pieceBytes).usage).toMatchObject({ outputTokens: 7, source: 'provider' })
    }
  })

  it('is told in disjoint buckets, and as the provider wrote it', () => {
    const cutter = passed('application/json', JSON.stringify({ usage: USAGE }))
    expect(cutter.usage).toMatchObject(READ)
    expect(cutter.reportedUsage).toEqual(USAGE)
  })

  it.each([
    ['of another kind', 'application/json', '{"usage":{"type":"duration","seconds":9}}'],
    ['of a document that came back', 'application/json', JSON.stringify({ results: [{ document: { usage: USAGE } }] })],
    [
      'of one in large JSON',
      'application/json',
      JSON.stringify({ text: LARGE, results: [{ document: { usage: USAGE } }] }),
    ],
    ['before much else', 'application/json', JSON.stringify({ usage: USAGE, text: LARGE })],
    ['in what is no JSON', 'audio/mpeg', JSON.stringify({ usage: USAGE })],
    ['in broken JSON', 'application/json', '{"usage":{"input_tokens":1}'],
    ['of nothing', 'application/json', ''],
  ])('%s is none', (_what, type, text) => {
    expect(passed(type, text).usage).toBeNull()
  })
})
