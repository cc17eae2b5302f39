/** A canonical stream in a skin's events: the same text whatever way its bytes are cut. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import type { StreamEncoder } from '../../src/edge/skin.ts'
import { Translation, translatedWhole } from '../../src/edge/translated.ts'

/** Writes down what it is given. */
class Noting implements StreamEncoder {
  chunk = (value: Readonly<Record<string, unknown>>): string => `<${String(value.n)}>`
  end = (): string => '<end>'
  fail = (refused: { code: string }, waitMs: number | null): string => `<${refused.code} ${waitMs}>`
}

const UTF8 = new TextEncoder()
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const events = [
  ': keep-alive\n\n',
  'data: {"n":"1 Grüße"}\n\n',
  'data: {"n":\ndata: 2}\n\n',
  'id: 7\r\nevent: message\r\ndata: {"n":"3 日本 🦥"}\r\n\r\n',
  'data: not json\n\n',
  'data: {"n":4}\n\n',
  'data: [DONE]\n\n',
].join('')
const expected = '<1 Grüße><2><3 日本 🦥><4><end>'

it('reads whole events and no others, however they are cut', () => {
  const bytes = UTF8.encode(events)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 60 }), (cuts) => {
      const translation = new Translation(new Noting())
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const out = at.slice(1).map((end, index) => text(translation.push(bytes.subarray(at[index], end))))
      expect(out.join('') + text(translation.end())).toBe(expected)
    }),
  )
})

it('takes a last event without its blank line', () => {
  const translation = new Translation(new Noting())
  expect(text(translation.push(UTF8.encode('data: {"n":1}\n\ndata: {"n":2}')))).toBe('<1>')
  expect(text(translation.end())).toBe('<2><end>')
})

it('says nothing of half an event when it breaks, but how', () => {
  const translation = new Translation(new Noting())
  translation.push(UTF8.encode('data: {"n":1}\n\ndata: {"n":'))
  expect(text(translation.fail(refusal('upstream_failed', 'It broke.'), 1500))).toBe('<upstream_failed 1500>')
})

it('reads a stream that is there already', () => {
  const stream = 'data: {"n":1}\n\ndata: {"n":2}\n\ndata: [DONE]\n\n'
  expect(translatedWhole(new Noting(), stream)).toBe('<1><2><end>')
})
