/** How a stream ends that did not come to its own end: one error event, in the words of its skin. */
import { describe, expect, it } from 'vitest'
import { lastWords } from '../../src/edge/last-words.ts'

const about = (path: string) => ({ id: 'strm_1', path, startedAtMs: 5000 })
const NOTHING = { first: '', last: '' }

describe.each(['cancelled', 'failed', 'interrupted'] as const)('%s', (status) => {
  it('is an error of chat, and no end', () => {
    const words = lastWords(status, about('/v1/chat/completions'), NOTHING)
    expect(words).toMatch(
      /^data: \{"error":\{"message":"[^"]+","type":"[a-z_]+","param":null,"code":"[a-z_]+","status":\d+/,
    )
    expect(words).not.toContain('[DONE]')
  })

  it('is an error event of Messages', () =>
    expect(lastWords(status, about('/v1/messages'), NOTHING)).toMatch(/^event: error\ndata: \{"type":"error"/))

  it('is a run of Responses that failed: the one that was told of, numbered after what was told', () => {
    const first = 'data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_7"}}\n\n'
    const last = 'data: {"type":"response.output_text.delta","sequence_number":41}\n\n'
    const words = lastWords(status, about('/v1/responses'), { first, last })
    expect(words).toMatch(/^event: response\.failed\n/)
    expect(JSON.parse(words.split('data: ')[1] ?? '')).toMatchObject({
      sequence_number: 42,
      response: { id: 'resp_7' },
    })
  })
})
