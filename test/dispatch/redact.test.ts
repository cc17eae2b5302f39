/** What of a provider's message is shown. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RELAYED_MESSAGE_CHARS_MAX } from '../../src/core/limits.ts'
import { redact } from '../../src/dispatch/redact.ts'

it.each([
  ["Invalid value for 'temperature': must be at most 2.", "Invalid value for 'temperature': must be at most 2."],
  ['See https://provider.example/errors?key=abc for more.', 'See [redacted] for more.'],
  ['at http://10.0.0.2:8000/v1, try later', 'at [redacted] try later'],
  ['Write to jane.doe+x@mail.example.com now', 'Write to [redacted] now'],
  ['key sk-aaaaBBBB1111222233334444 is wrong', 'key [redacted] is wrong'],
  ['request 123e4567-e89b-12d3-a456-426614174000 failed', 'request [redacted] failed'],
  ['twenty-three characters: aaaaaaaaaaaaaaaaaaaaaaa', 'twenty-three characters: aaaaaaaaaaaaaaaaaaaaaaa'],
  ['twenty-four characters: aaaaaaaaaaaaaaaaaaaaaaaa', 'twenty-four characters: [redacted]'],
  ['token eyJhbGci.eyJzdWIi.c2lnbmF0 given', 'token [redacted] given'],
  ['two http://a.example and http://b.example', 'two [redacted] and [redacted]'],
  ['', ''],
])('%j becomes %j', (message, expected) => {
  expect(redact(message, [])).toBe(expected)
})

it('blanks every occurrence of every secret, however short', () => {
  expect(redact('a pa$$ and pa$$ and x.y', ['pa$$', 'x.y'])).toBe('a [redacted] and [redacted] and [redacted]')
  expect(redact('untouched', [''])).toBe('untouched')
  const secret = fc.stringMatching(/^[!-~]{8,40}$/).filter((text) => !'[redacted]'.includes(text))
  fc.assert(
    fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
      expect(redact(`${before} ${value} ${after}`, [value])).not.toContain(value)
    }),
  )
})

it('cuts what is longer than is relayed', () => {
  const words = 'word '.repeat(RELAYED_MESSAGE_CHARS_MAX)
  expect(redact(words.slice(0, RELAYED_MESSAGE_CHARS_MAX), [])).toBe(words.slice(0, RELAYED_MESSAGE_CHARS_MAX))
  const cut = redact(words.slice(0, RELAYED_MESSAGE_CHARS_MAX + 1), [])
  expect(cut).toBe(`${words.slice(0, RELAYED_MESSAGE_CHARS_MAX - 1)}…`)
  expect(cut.length).toBe(RELAYED_MESSAGE_CHARS_MAX)
})

it('blanks before it cuts, so that no half of a secret is left at the end', () => {
  const message = `${'word '.repeat(199)}abcd-efgh`
  expect(redact(message.padEnd(2000, ' word'), ['abcd-efgh'])).not.toContain('abcd')
})
