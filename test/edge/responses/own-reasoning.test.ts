/** What reasoning items carry comes back as it went; what is no mark of ours is told from it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OWN_REASONING } from '../../../src/core/responses/bound.ts'
import { isCarriedDetail, isOwnMark, markOf, readMark, signatureOf } from '../../../src/edge/responses/own-reasoning.ts'

const encoded = (value: unknown): string => OWN_REASONING + btoa(JSON.stringify(value)).replaceAll('=', '')

describe('markOf, readMark', () => {
  it('come back as they went, in letters that any client keeps', () => {
    const text = fc.string({ unit: 'grapheme' })
    const details = fc.array(
      fc.oneof(
        fc.record({
          type: fc.constant('reasoning.text'),
          format: fc.constant('anthropic'),
          text,
          signature: text,
        }),
        fc.record({ type: fc.constant('reasoning.encrypted'), format: fc.constant('anthropic'), data: text }),
      ),
    )
    fc.assert(
      fc.property(details, fc.dictionary(text, text, { noNullPrototype: true }), (kept, signatures) => {
        const mark = markOf({ details: kept, signatures })
        expect(mark).toMatch(/^sluice:[A-Za-z0-9_-]+$/)
        expect(isOwnMark(mark)).toBe(true)
        const sent = JSON.stringify({ details: kept, signatures })
        expect(JSON.stringify(readMark(mark))).toBe(sent)
      }),
    )
  })

  it.each<[string, string]>([
    ['cut off', markOf({ details: [], signatures: { a: 'sig' } }).slice(0, -3)],
    ['not base64', `${OWN_REASONING}?`],
    ['nothing', OWN_REASONING],
    ['not an object', encoded('x')],
    ['of another format', encoded({ details: [{ type: 'reasoning.text', format: 'other', text: '', signature: '' }] })],
    ['without a signature', encoded({ details: [{ type: 'reasoning.text', format: 'anthropic', text: '' }] })],
    ['of an unknown type', encoded({ details: [{ type: 'reasoning.summary', format: 'anthropic' }] })],
    ['with signatures that are none', encoded({ signatures: { a: 1 } })],
  ])('are not read where they are %s', (_, mark) => expect(readMark(mark)).toBeNull())

  it('have nothing where there is nothing to carry', () =>
    expect(readMark(markOf({ details: [], signatures: {} }))).toEqual({ details: [], signatures: {} }))
})

describe('isOwnMark', () => {
  it.each([null, undefined, '', 'gAAAAA', 3])('is not %j', (value) => expect(isOwnMark(value)).toBe(false))
})

describe('isCarriedDetail', () => {
  it.each<[unknown, boolean]>([
    [{ type: 'reasoning.encrypted', format: 'anthropic', data: 'x' }, true],
    [{ type: 'reasoning.encrypted', format: 'openai-responses', data: 'x' }, false],
    [{ type: 'reasoning.encrypted', format: 'anthropic' }, false],
    ['x', false],
  ])('%j: %s', (detail, is) => expect(isCarriedDetail(detail)).toBe(is))
})

describe('signatureOf', () => {
  it.each<[Record<string, unknown>, string | null]>([
    [{ extra_content: { google: { thought_signature: 'x' } } }, 'x'],
    [{ extra_content: { google: { thought_signature: '' } } }, null],
    [{ extra_content: { google: null } }, null],
    [{ extra_content: null }, null],
    [{}, null],
  ])('%j: %s', (call, signature) => expect(signatureOf(call)).toBe(signature))
})
