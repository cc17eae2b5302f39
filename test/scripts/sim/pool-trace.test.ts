/** Reading traces of prompts. */
import { describe, expect, it } from 'vitest'
import { parsePromptTrace } from '../../../scripts/sim/pool-trace.ts'

const line = (timestamp: number, other = ''): string =>
  `{"timestamp": ${timestamp}, "input_length": 600, "output_length": 5, "hash_ids": [0, 7]${other}}`

describe('a trace', () => {
  it('is read in order of arrival, from its first one on', () => {
    const trace = parsePromptTrace(`${line(3000)}\n${line(1000, ', "tenant": "acme", "priority": "batch"')}\n`)
    expect(trace).toEqual([
      { atMs: 0, promptTokens: 600, outputTokens: 5, blocks: [0, 7], tenant: 'acme', priority: 'batch' },
      { atMs: 2000, promptTokens: 600, outputTokens: 5, blocks: [0, 7], tenant: 'one', priority: 'interactive' },
    ])
  })

  it.each(['', 'timestamp,input', '{"timestamp": 1}', line(1).replace('600', '"x"'), line(1).replace('7', 'null')])(
    'that is none is refused with its line: %s',
    (text) => {
      expect(() => parsePromptTrace(`${line(1)}\n${text === '' ? '-' : text}`)).toThrow(/line 2 of the trace/)
    },
  )
})
