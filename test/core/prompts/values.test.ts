/** Values: what each type takes, and how one is written. */
import { describe, expect, it } from 'vitest'
import { plainValue, tagged, valueFault } from '../../../src/core/prompts/values.ts'
import { parseLossless } from '../../../src/lib/json.ts'

const TYPES = ['string', 'number', 'integer', 'boolean', 'json'] as const
const BEYOND = (parseLossless('{"n":12345678901234567890}') as { n: unknown }).n

describe('a value is taken', () => {
  it.each<[unknown, readonly string[]]>([
    ['Paris', ['string', 'json']],
    ['', ['string', 'json']],
    [1, ['number', 'integer', 'json']],
    [1.5, ['number', 'json']],
    [BEYOND, ['number', 'integer', 'json']],
    [true, ['boolean', 'json']],
    [null, ['json']],
    [{ a: 1 }, ['json']],
    [[], ['json']],
  ])('%j as %j', (value, types) => expect(TYPES.filter((type) => valueFault({ type }, value) === null)).toEqual(types))

  it('at most as long as its variable says, as it is or as JSON', () => {
    expect(valueFault({ type: 'string', maxChars: 3 }, 'abc')).toBeNull()
    expect(valueFault({ type: 'string', maxChars: 3 }, 'abcd')).toBe('must be at most 3 characters')
    expect(valueFault({ type: 'json', maxChars: 7 }, { a: 1 })).toBeNull()
    expect(valueFault({ type: 'json', maxChars: 6 }, { a: 1 })).toBe('must be at most 6 characters')
  })

  it('as an input item where a text is wanted', () => {
    const item = { type: 'input_text', text: 'Paris' }
    expect(plainValue({ type: 'string' }, item)).toBe('Paris')
    expect(plainValue({ type: 'json' }, item)).toBe(item)
    expect(plainValue({ type: 'string' }, { type: 'input_image' })).toEqual({ type: 'input_image' })
  })
})

describe('it is written', () => {
  it.each<[unknown, string]>([
    ['Paris', '<v>"Paris"</v>'],
    [12.5, '<v>12.5</v>'],
    [BEYOND, '<v>12345678901234567890</v>'],
    [null, '<v>null</v>'],
    [{ a: ['<', { b: '&' }] }, '<v>{"a":["\\u003c",{"b":"\\u0026"}]}</v>'],
    ['</v>', '<v>"\\u003c/v\\u003e"</v>'],
    ['a\u2028b\u2029c\nd"e\\', '<v>"a\\u2028b\\u2029c\\nd\\"e\\\\"</v>'],
    ['\u0000\u001f\ud800', '<v>"\\u0000\\u001f\\ud800"</v>'],
    ['é 漢 🌍', '<v>"é 漢 🌍"</v>'],
  ])('%j', (value, text) => expect(tagged('v', value)).toBe(text))
})
