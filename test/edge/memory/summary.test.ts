/** What is summed up, and what a model is given for it. */
import { expect, it } from 'vitest'
import type { OpenedRow } from '../../../src/core/session/history.ts'
import { traitsOf } from '../../../src/core/session/window.ts'
import { rowsToSum, summed } from '../../../src/edge/memory/summary.ts'

const rowOf = (seq: number, ...items: Record<string, unknown>[]): OpenedRow => ({
  seq,
  items,
  traits: items.map((item) => traitsOf(item, 10)),
  bytes: 0,
  chars: 0,
  messages: [],
})
const said = (text: string) => ({ type: 'message', role: 'user', content: [{ type: 'input_text', text }] })
const seqs = (rows: readonly OpenedRow[]) => rows.map(({ seq }) => seq)

it('is nothing while all goes with a turn, and then the oldest, half at a time', () => {
  const rows = Array.from({ length: 10 }, (_, index) => rowOf(index + 1, said('x')))
  expect(rowsToSum({ rows }, 100)).toEqual([])
  expect(seqs(rowsToSum({ rows }, 90))).toEqual([1, 2, 3, 4, 5, 6])
  expect(seqs(rowsToSum({ rows: rows.slice(0, 1) }, 1))).toEqual([])
})

it('leaves calls with their outputs', () => {
  const rows = [
    rowOf(1, said('a')),
    rowOf(2, said('b'), { type: 'function_call', call_id: 'c' }),
    rowOf(3, { type: 'function_call_output', call_id: 'c' }),
  ]
  expect(seqs(rowsToSum({ rows }, 30))).toEqual([1])
})

it('tells a model who said what, and takes what it says', async () => {
  const asked: unknown[] = []
  const ask = (answer: string | null) => async (model: string, messages: readonly object[]) => {
    asked.push(model, messages)
    return answer
  }
  const rows = [
    rowOf(1, said('hi'), { type: 'reasoning', summary: [] }),
    rowOf(2, { type: 'function_call', name: 'f', arguments: '{"a":1}' }),
    rowOf(3, { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'x' }] }),
  ]
  expect(await summed(ask('  They met. '), 'small', 'Before.', rows)).toBe('They met.')
  expect(asked).toMatchObject([
    'small',
    [
      { role: 'system' },
      { content: '---\nSummary so far: Before.\nuser: hi\nfunction_call f: {"a":1}\nuser: [input_image]\n---' },
    ],
  ])
  expect(await summed(ask(' '), 'small', null, rows)).toBeNull()
  expect(await summed(ask(null), 'small', null, rows)).toBeNull()
})
