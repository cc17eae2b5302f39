/** What an isolate knows of a history, with what is new: the same as if it were sent all of it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  Histories,
  type History,
  historyAfter,
  NO_HISTORY,
  type OpenedRow,
  windowOf,
} from '../../../src/core/session/history.ts'
import { HISTORIES_BYTES_MAX, HISTORY_BYTES_PER_CHAR, HISTORY_CHARS_MAX } from '../../../src/core/session/limits.ts'
import type { HistoryNews } from '../../../src/core/session/types.ts'
import { traitsOf } from '../../../src/core/session/window.ts'

const rowOf = (seq: number, count = 2, tokens = 10, sealedChars = 100): OpenedRow => {
  const items = Array.from({ length: count }, (_, index) => ({
    id: `${seq}.${index}`,
    type: 'message',
    role: index % 2 === 0 ? 'user' : 'assistant',
  }))
  const traits = items.map((item) => traitsOf(item, { tokens, bytes: 50 }))
  return { seq, items, traits, bytes: 100, chars: 100, mediaChars: 0, sealedChars, messages: [] }
}
const newsOf = (more: Partial<HistoryNews>): HistoryNews => ({
  birth: 'b',
  epoch: 1,
  isWhole: false,
  rows: [],
  seq: 0,
  fromSeq: 1,
  hasOlder: false,
  summary: null,
  ...more,
})
const within = (tokensMax: number, bytesMax = Number.POSITIVE_INFINITY) => ({ tokensMax, bytesMax })
const seqs = ({ rows }: Pick<History, 'rows'>) => rows.map(({ seq }) => seq)

it('adds what is new, and begins anew where all is sent', () => {
  const first = historyAfter(null, newsOf({ isWhole: true, seq: 2 }), [rowOf(1), rowOf(2)], null, 1000)
  expect(first).toMatchObject({ birth: 'b', epoch: 1, seq: 2, hasOlder: false })
  const second = historyAfter(first, newsOf({ seq: 5 }), [rowOf(5)], null, 1000)
  expect(seqs(second)).toEqual([1, 2, 5])
  const third = historyAfter(
    second,
    newsOf({ isWhole: true, epoch: 2, seq: 6, hasOlder: true }),
    [rowOf(6)],
    null,
    1000,
  )
  expect(seqs(third)).toEqual([6])
  expect(third).toMatchObject({ epoch: 2, hasOlder: true })
})

it('leaves out what is gone, what is summed up, and what no longer goes with a turn', () => {
  const known = historyAfter(
    null,
    newsOf({ isWhole: true }),
    [1, 2, 3, 4].map((seq) => rowOf(seq)),
    null,
    1000,
  )
  expect(seqs(historyAfter(known, newsOf({ fromSeq: 2 }), [], null, 1000))).toEqual([2, 3, 4])
  const summary = { uptoSeq: 3, text: 'so far' }
  expect(seqs(historyAfter(known, newsOf({}), [], summary, 1000))).toEqual([4])
  const short = historyAfter(known, newsOf({}), [rowOf(5)], null, 25)
  expect(seqs(short)).toEqual([3, 4, 5])
  expect(short.hasOlder).toBe(true)
})

it('leaves out what a session would no longer send for its size, and knows that it did', () => {
  const large = (seq: number) => rowOf(seq, 2, 10, HISTORY_CHARS_MAX / 3)
  const known = historyAfter(null, newsOf({ isWhole: true, seq: 3 }), [1, 2, 3].map(large), null, 1000)
  expect(known.hasOlder).toBe(false)
  const next = historyAfter(known, newsOf({ seq: 4 }), [large(4)], null, 1000)
  expect(seqs(next)).toEqual([2, 3, 4])
  expect(next.hasOlder).toBe(true)
  const huge = rowOf(5, 2, 10, 3 * HISTORY_CHARS_MAX)
  expect(seqs(historyAfter(next, newsOf({ seq: 5 }), [huge], null, 1000))).toEqual([5])
})

it('makes the window of whole rows, and the items of one', () => {
  const history = { ...NO_HISTORY, rows: [rowOf(1), rowOf(2, 4), rowOf(3)] }
  const window = windowOf(history, within(45), [])
  expect(window.partly.map(({ id }) => id)).toEqual(['2.2', '2.3'])
  expect(seqs(window)).toEqual([3])
  expect(windowOf(history, within(1000), [])).toEqual({ partly: [], rows: history.rows })
  expect(windowOf(NO_HISTORY, within(10), [])).toEqual({ partly: [], rows: [] })
})

it('comes to the same in steps as at once', () => {
  const rows = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 10, max: 300 }),
      fc.integer({ min: 0, max: 20 }),
      (counts, tokensMax, split) => {
        const all = counts.map((count, index) => rowOf(index + 1, count))
        const [before, after] = [all.slice(0, split), all.slice(split)]
        const known = historyAfter(null, newsOf({ isWhole: true }), before, null, tokensMax)
        const stepped = historyAfter(known, newsOf({}), after, null, tokensMax)
        const whole = historyAfter(null, newsOf({ isWhole: true }), all, null, tokensMax)
        const idsOf = (history: History) => {
          const { partly, rows: full } = windowOf(history, within(tokensMax), [])
          return [...partly, ...full.flatMap(({ items }) => items)].map(({ id }) => id)
        }
        expect(idsOf(stepped)).toEqual(idsOf(whole))
      },
    ),
  )
})

it('is kept by owner and session, for as many tokens, within its bytes', () => {
  const histories = new Histories()
  const history = { ...NO_HISTORY, tokensMax: 100 }
  histories.set('acme.1', 's', history)
  expect(histories.get('acme.1', 's', 100)).toBe(history)
  expect(histories.get('acme.1', 's', 101)).toBeNull()
  expect(histories.get('acme.2', 's', 100)).toBeNull()
  histories.delete('acme.1', 's')
  expect(histories.get('acme.1', 's', 100)).toBeNull()
  const huge = { ...rowOf(1), chars: HISTORIES_BYTES_MAX / HISTORY_BYTES_PER_CHAR }
  histories.set('acme.1', 'huge', { ...history, rows: [huge] })
  expect(histories.get('acme.1', 'huge', 1)).toBeNull()
  // As much as a turn has, of pictures: known, so that it is not sent every time.
  const chars = (HISTORY_CHARS_MAX * 3) / 4
  histories.set('acme.1', 'pictures', { ...history, rows: [{ ...rowOf(1), chars, mediaChars: chars }] })
  expect(histories.get('acme.1', 'pictures', 1)).not.toBeNull()
})
