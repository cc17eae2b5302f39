/** Which requests ask for reasoning as a summary. */
import { describe, expect, it } from 'vitest'
import { asksForSummary, isSummaryWish } from '../../../src/edge/responses/reasoning-summary.ts'

describe('asksForSummary', () => {
  it.each<[unknown, boolean]>([
    [{ summary: 'auto' }, true],
    [{ effort: 'low', summary: 'concise' }, true],
    [{ summary: 'detailed', generate_summary: null }, true],
    [{ summary: null, generate_summary: 'auto' }, true],
    [{ summary: null }, false],
    [{ summary: 'none' }, false],
    [{ summary: ['auto'] }, false],
    [{ effort: 'auto' }, false],
    [{}, false],
    [['auto'], false],
    [null, false],
    [undefined, false],
  ])('%j: %s', (reasoning, asks) => expect(asksForSummary({ reasoning })).toBe(asks))
})

describe('isSummaryWish', () => {
  it.each<[string, unknown, boolean]>([
    ['summary', 'auto', true],
    ['generate_summary', 'detailed', true],
    ['summary', 'long', false],
    ['mode', 'auto', false],
  ])('%s, %j: %s', (name, value, is) => expect(isSummaryWish(name, value)).toBe(is))
})
