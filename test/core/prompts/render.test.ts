/** Rendering: exact to the byte, each value once and inside its own tag, whatever it says. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RENDERED_CHARS_MAX } from '../../../src/core/prompts/limits.ts'
import { rendered } from '../../../src/core/prompts/render.ts'
import type { FrameMessage, Template } from '../../../src/core/prompts/types.ts'
import { HOSTILE } from '../../fixtures/hostile-values.ts'

const TEMPLATE: Template = {
  messages: [
    { role: 'system', content: 'You help people in {{city}}.\nDays: {{days}}; {{ city }} again.' },
    { role: 'user', content: 'Hello{{note}}' },
    { role: 'assistant', content: 'Which of {{places}}?' },
  ],
  variables: {
    city: { type: 'string' },
    days: { type: 'integer', default: 3 },
    note: { type: 'string', required: false },
    places: { type: 'json' },
  },
}

describe('golden', () => {
  it('all of it', () => {
    expect(rendered(TEMPLATE, { city: 'Köln "Süd"', days: 5, note: '!', places: ['<Dom>', { a: null }] })).toEqual([
      {
        role: 'system',
        content:
          'You help people in <city>"Köln \\"Süd\\""</city>.\nDays: <days>5</days>; <city>"Köln \\"Süd\\""</city> again.',
      },
      { role: 'user', content: 'Hello<note>"!"</note>' },
      { role: 'assistant', content: 'Which of <places>["\\u003cDom\\u003e",{"a":null}]</places>?' },
    ])
  })

  it('defaults, and what need not be sent', () => {
    expect(rendered(TEMPLATE, { city: 'Rome', places: 1 })).toEqual([
      {
        role: 'system',
        content: 'You help people in <city>"Rome"</city>.\nDays: <days>3</days>; <city>"Rome"</city> again.',
      },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Which of <places>1</places>?' },
    ])
  })

  it('no variables at all', () =>
    expect(rendered({ messages: [{ role: 'developer', content: '{{ not {a} place }}' }] }, {})).toEqual([
      { role: 'developer', content: '{{ not {a} place }}' },
    ]))
})

describe('refuses, and names it', () => {
  it.each<[string | null, Record<string, unknown>, RegExp]>([
    ['city', { places: 1 }, /required by this template/],
    ['city', { city: 7, places: 1 }, /must be a string/],
    ['days', { city: 'x', days: 1.5, places: 1 }, /whole number/],
    ['town', { city: 'x', town: 'y', places: 1 }, /no variable of this template. It has city, days, note, places/],
    ['toString', { toString: 1, city: 'x', places: 1 }, /no variable/],
  ])('%s', (variable, values, message) => {
    const fault = rendered(TEMPLATE, values)
    expect(fault).toMatchObject({ variable, message: expect.stringMatching(message) })
  })

  it('what would be too long, before it is put together', () => {
    const content = '{{v}}'.repeat(1000)
    const many: Template = { messages: [{ role: 'user', content }], variables: { v: { type: 'string' } } }
    expect(rendered(many, { v: 'x'.repeat(RENDERED_CHARS_MAX / 1000) })).toMatchObject({ variable: null })
    expect(rendered(many, { v: 'x' })).toHaveLength(1)
  })
})

/** Two places with text around them; what a reader of the text takes out of it again. */
const PAIR: Template = {
  messages: [
    { role: 'system', content: 'A {{first}} B {{second}} C' },
    { role: 'user', content: 'Q' },
  ],
  variables: { first: { type: 'json' }, second: { type: 'json' } },
}
const READ = /^A <first>([^<>]*)<\/first> B <second>([^<>]*)<\/second> C$/

function readBack(first: unknown, second: unknown): unknown {
  const messages = rendered(PAIR, { first, second }) as readonly FrameMessage[]
  expect(messages.map(({ role }) => role)).toEqual(['system', 'user'])
  expect(messages[1]?.content).toBe('Q')
  const [, ...texts] = READ.exec(messages[0]?.content ?? '') ?? []
  return texts.map((text) => JSON.parse(text))
}

describe('hostile values', () => {
  it('are a hundred', () =>
    expect(new Set(HOSTILE.map((value) => JSON.stringify(value))).size).toBeGreaterThanOrEqual(100))

  it.each(HOSTILE.map((value, index) => [index, value]))('%i stays what it is', (_, value) => {
    expect(readBack(value, 'plain')).toEqual([value, 'plain'])
    expect(readBack('plain', value)).toEqual(['plain', value])
    expect(readBack(value, value)).toEqual([value, value])
  })

  it('any text, and any JSON', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.constantFrom('<', '>', '/', 'first', '{{', '}}', 'second', '"', '\\', '\n', '&', '\ud800', 'u003c'))
        .map((parts) => parts.join('')),
      fc.jsonValue(),
    )
    fc.assert(
      fc.property(value, value, (first, second) => {
        const plain = (one: unknown) => JSON.parse(JSON.stringify(one))
        expect(readBack(first, second)).toEqual([plain(first), plain(second)])
      }),
      { numRuns: 300 },
    )
  })
})
