/** Bounds that hold, estimates that learn from what providers say, and what a request has really used. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  actualUnits,
  learn,
  promptTokensMax,
  promptTokensOf,
  promptWeight,
  START,
  type TextSize,
  unitsOf,
} from '../../../src/core/ledger/estimates.ts'
import type { Needs } from '../../../src/core/ledger/types.ts'
import type { Usage } from '../../../src/core/usage.ts'

const sizeOf = (text: string): TextSize => ({ bytes: new TextEncoder().encode(text).length, chars: text.length })
const usage = (changes: Partial<Usage> = {}): Usage => ({
  inputTokens: 100,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 50,
  reasoningTokens: 0,
  source: 'provider',
  ...changes,
})

describe('a prompt by its size', () => {
  it('of English has 4 bytes to a token, of Chinese 1.6', () => {
    expect(promptTokensOf(promptWeight(sizeOf('word'.repeat(100))), START)).toBe(100)
    // 320 characters of 3 bytes.
    expect(promptTokensOf(promptWeight(sizeOf('数'.repeat(320))), START)).toBe(600)
    expect(promptWeight({ bytes: 0, chars: 0 })).toBe(0)
  })

  it('of both weighs what its parts weigh', () => {
    const [english, chinese] = ['a plain sentence. ', '一个普通的句子。']
    const parts = promptWeight(sizeOf(english)) + promptWeight(sizeOf(chinese))
    expect(promptWeight(sizeOf(english + chinese))).toBeCloseTo(parts, 9)
  })

  it('is at most half its ASCII bytes, and all of the others, in tokens', () => {
    const character = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a', 'é', 'ж', '数', '🙂', '\u0000'))
    fc.assert(
      fc.property(fc.array(character, { maxLength: 50 }), (parts) => {
        const text = parts.join('').toWellFormed()
        const ascii = [...text].filter((one) => (one.codePointAt(0) ?? 0) < 128).length
        const size = sizeOf(text)
        const max = promptTokensMax(size)
        expect(max).toBeGreaterThanOrEqual(Math.ceil(ascii / 2) + (size.bytes - ascii) - (ascii % 2))
        expect(max * 2).toBeGreaterThanOrEqual(ascii + 2 * (size.bytes - ascii))
        expect(max).toBeLessThanOrEqual(size.bytes)
        expect(max).toBeGreaterThanOrEqual(promptTokensOf(promptWeight(size), START))
      }),
      { numRuns: 1000 },
    )
  })

  it('bounds plain English at twice its estimate', () => {
    expect(promptTokensMax(sizeOf('word'.repeat(100)))).toBe(200)
    expect(promptTokensMax({ bytes: 3, chars: 3 })).toBe(2)
  })
})

describe('units before', () => {
  const needs: Needs = {
    promptWeight: 401,
    promptTokensMax: 300,
    outputTokensMax: 1000,
    worstMicroUsd: 777,
    price: null,
  }

  it.each([
    ['requests', true, needs, 1],
    ['concurrency', false, needs, 1],
    ['usd', true, needs, 777],
    ['tokens', true, needs, 1300],
    ['tokens', true, { ...needs, outputTokensMax: null }, Number.POSITIVE_INFINITY],
    ['tokens', false, needs, 101 + 334],
    ['tokens', false, { ...needs, outputTokensMax: null }, 101 + 334],
    ['tokens', false, { ...needs, outputTokensMax: 20 }, 121],
    ['tokens', false, { ...needs, outputTokensMax: 0 }, 101],
  ] as const)('of %s (hard: %s) %#', (of, hard, needs, units) => {
    expect(unitsOf({ of, hard }, needs, { outputTokens: 256.2, bytesPerToken: 4 })).toBe(units)
  })
})

describe('units after', () => {
  const used = usage({
    inputTokens: 1,
    cachedInputTokens: 20,
    cacheWriteTokens: 300,
    outputTokens: 4000,
    reasoningTokens: 9,
  })

  it.each([
    ['requests', used, 5, 1],
    ['concurrency', null, null, 1],
    ['tokens', used, 5, 4321],
    ['tokens', null, 5, 0],
    ['usd', used, 5, 5],
    ['usd', used, null, 0],
  ] as const)('of %s %#', (of, usage, cost, units) => {
    expect(actualUnits({ of }, usage, cost)).toBe(units)
  })
})

describe('learning', () => {
  it('moves towards what a provider reports, and gets there', () => {
    let learned = START
    const first = learn(learned, { promptWeight: 300, usage: usage() })
    expect(first.outputTokens).toBeGreaterThan(50)
    expect(first.outputTokens).toBeLessThan(START.outputTokens)
    expect(first.bytesPerToken).toBeGreaterThan(3)
    expect(first.bytesPerToken).toBeLessThan(START.bytesPerToken)
    for (let turn = 0; turn < 400; turn += 1) learned = learn(learned, { promptWeight: 300, usage: usage() })
    expect(learned.outputTokens).toBeCloseTo(50, 3)
    expect(learned.bytesPerToken).toBeCloseTo(3, 3)
  })

  it('counts every bucket of the prompt', () => {
    const parts = usage({ inputTokens: 10, cachedInputTokens: 30, cacheWriteTokens: 60 })
    expect(learn(START, { promptWeight: 300, usage: parts })).toEqual(
      learn(START, { promptWeight: 300, usage: usage() }),
    )
  })

  it.each([
    ['an estimate', usage({ source: 'estimated' })],
    ['a reaped one', usage({ source: 'reaped' })],
    ['nothing', null],
  ])('learns nothing from %s', (_name, usage) => {
    expect(learn(START, { promptWeight: 300, usage })).toEqual(START)
  })

  it.each([
    ['no prompt tokens', 300, usage({ inputTokens: 0 })],
    ['an unknown prompt', 0, usage()],
  ])('learns the output alone where there is %s', (_name, promptWeight, usage) => {
    const learned = learn(START, { promptWeight, usage })
    expect(learned.bytesPerToken).toBe(START.bytesPerToken)
    expect(learned.outputTokens).toBeLessThan(START.outputTokens)
  })

  it('stays sane whatever is reported', () => {
    const report = fc.record({
      promptWeight: fc.double({ min: 0, max: 1e7, noNaN: true }),
      usage: fc.record({ inputTokens: fc.nat(1e7), outputTokens: fc.nat(1e6) }).map((changes) => usage(changes)),
    })
    fc.assert(
      fc.property(fc.array(report, { minLength: 1, maxLength: 60 }), (reports) => {
        const learned = reports.reduce(learn, START)
        expect(learned.bytesPerToken).toBeGreaterThanOrEqual(1)
        expect(learned.bytesPerToken).toBeLessThanOrEqual(8)
        const outputs = reports.map(({ usage }) => usage.outputTokens)
        expect(learned.outputTokens).toBeLessThanOrEqual(Math.max(START.outputTokens, ...outputs))
        expect(learned.outputTokens).toBeGreaterThanOrEqual(Math.min(START.outputTokens, ...outputs))
      }),
      { numRuns: 1000 },
    )
  })
})
