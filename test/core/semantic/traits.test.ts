/** The table of guards: questions that differ in a detail are told apart, and those that say the same are not. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEMANTIC_QUESTION_CHARS_MAX } from '../../../src/core/recall/limits.ts'
import { digestTraits, disagreements, traitsOf } from '../../../src/core/semantic/traits.ts'
import { GUARDS, type GuardKind } from '../../../src/core/semantic/types.ts'
import { sha256Hex } from '../../../src/lib/hash.ts'
import hardNegatives from '../../fixtures/semantic/hard-negatives.json' with { type: 'json' }
import paraphrases from '../../fixtures/semantic/paraphrases.json' with { type: 'json' }

const LANGUAGES = ['en', 'zh']
const differ = (a: string, b: string): readonly GuardKind[] => disagreements(traitsOf(a), traitsOf(b))
const mac = (token: string): string => sha256Hex(`key ${token}`).slice(0, 8)

describe('hard negatives', () => {
  it.each(hardNegatives)('$kind, $language: $a | $b', ({ a, b }) => {
    expect(differ(a, b)).not.toEqual([])
    expect(differ(b, a)).not.toEqual([])
  })

  it('are of every kind in both languages', () => {
    for (const kind of GUARDS.filter((one) => one !== 'language')) {
      for (const language of LANGUAGES) {
        expect(hardNegatives.filter((one) => one.kind === kind && one.language === language).length).toBeGreaterThan(1)
      }
    }
  })
})

describe.each(LANGUAGES)('true paraphrases, %s', (language) => {
  it('pass mostly', () => {
    const pairs = paraphrases.filter((pair) => pair.language === language)
    const stopped = pairs.filter(({ a, b }) => differ(a, b).length > 0)
    const share = 1 - stopped.length / pairs.length
    console.log(`${language}: ${(100 * share).toFixed(1)} % of ${pairs.length} paraphrases pass`)
    expect(share).toBeGreaterThanOrEqual(0.8)
  })
})

describe('digests', () => {
  it('agree and disagree as the traits do', () => {
    for (const { a, b } of [...hardNegatives, ...paraphrases]) {
      const [asked, stored] = [traitsOf(a), traitsOf(b)]
      expect(disagreements(digestTraits(asked, mac), digestTraits(stored, mac))).toEqual(disagreements(asked, stored))
    }
  })

  it('hold no word, and the kind is part of what is hashed', () => {
    const digest = digestTraits({ number: ['17'], code: ['17'], antonym: ['power~on'] }, mac)
    expect(digest.number).toEqual([mac('number 17')])
    expect(digest.code).toEqual([mac('code 17')])
    expect(digest.antonym).toEqual([`${mac('antonym power')}~${mac('antonym power~on')}`])
  })

  it('are sorted, each once', () => {
    const { number } = digestTraits(traitsOf('17, 18, 19 or 17?'), mac)
    expect(number).toEqual([...new Set(number)].sort())
    expect(number).toHaveLength(3)
  })
})

describe('one axis', () => {
  it('disagrees only where both name a side', () => {
    expect(disagreements({ antonym: ['cost~cheap'] }, {})).toEqual([])
    expect(disagreements({ antonym: ['cost~cheap'] }, { antonym: ['size~big'] })).toEqual([])
    expect(disagreements({ antonym: ['cost~cheap'] }, { antonym: ['cost~dear'] })).toEqual(['antonym'])
    expect(disagreements({ antonym: ['cost~cheap'] }, { antonym: ['cost~cheap', 'cost~dear'] })).toEqual(['antonym'])
  })

  it('of other kinds there is none: naming something is another question than not', () => {
    expect(disagreements({ number: ['17'] }, {})).toEqual(['number'])
    expect(disagreements({ negation: ['not'] }, { negation: ['never'] })).toEqual([])
  })
})

const fragment = fc.constantFrom(
  ...[
    'from',
    'to',
    'not',
    '17',
    'usd',
    '"',
    "'",
    '`',
    '从',
    '到',
    '不',
    '《',
    '三',
    '月',
    '/',
    '_',
    '--',
    '.',
    'March',
    'than',
  ],
)
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join(' ')),
  fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join('')),
)

it('never throws, never disagrees with itself, and gives tokens sorted, each once', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const traits = traitsOf(text)
      expect(disagreements(traits, traitsOf(text))).toEqual([])
      const digest = digestTraits(traits, mac)
      expect(disagreements(digest, digest)).toEqual([])
      for (const tokens of Object.values(traits)) {
        expect(tokens.length).toBeGreaterThan(0)
        expect(tokens).toEqual([...new Set(tokens)].sort())
      }
    }),
  )
})

it('gives one verdict in clear and hashed, whichever way round', () => {
  fc.assert(
    fc.property(anyText, anyText, (a, b) => {
      const [asked, stored] = [traitsOf(a), traitsOf(b)]
      const verdict = disagreements(asked, stored)
      expect(disagreements(stored, asked)).toEqual(verdict)
      expect(disagreements(digestTraits(asked, mac), digestTraits(stored, mac))).toEqual(verdict)
    }),
  )
})

/** Runs of what expressions could stumble over. */
const unkind = [
  'a',
  '"',
  "'",
  '`',
  '_',
  '-',
  '/',
  '.',
  ':',
  '(',
  '<',
  'a_',
  'a.',
  'a/',
  '1,',
  '1.',
  '1-',
  ' -',
  "a'",
  '从',
  '从到',
  '不',
  '一',
  '比a',
  'ab ',
  'from to ',
  '@',
  '\\',
  '中',
]
it.each(unkind)('is quick with nothing but %j', (piece) => {
  const text = piece.repeat(SEMANTIC_QUESTION_CHARS_MAX).slice(0, SEMANTIC_QUESTION_CHARS_MAX)
  const started = process.cpuUsage()
  traitsOf(text)
  const { user, system } = process.cpuUsage(started)
  // Quadratic time in 2,000 characters is far under this; backtracking without end is far over.
  expect((user + system) / 1000).toBeLessThan(400)
})
