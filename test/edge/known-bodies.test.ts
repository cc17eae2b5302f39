/** Decoded bodies by their text: the same object again, each operation by itself, within bounds. */
import { expect, it } from 'vitest'
import { KNOWN_BODY_CHARS_MAX } from '../../src/core/recall/limits.ts'
import { KnownBodies } from '../../src/edge/known-bodies.ts'

it('gives back the very object that was kept, and only for that text and operation', () => {
  const known = new KnownBodies()
  const body = { model: 'm' }
  known.keep('chat', '{"model":"m"}', body)
  expect(known.get('chat', '{"model":"m"}')).toBe(body)
  expect(known.get('chat', '{"model": "m"}')).toBeUndefined()
  expect(known.get('completions', '{"model":"m"}')).toBeUndefined()
})

it('keeps nothing long, and never more than its bound', () => {
  const known = new KnownBodies()
  const long = 'x'.repeat(KNOWN_BODY_CHARS_MAX + 1)
  known.keep('chat', long, {})
  expect(known.get('chat', long)).toBeUndefined()
  const texts = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(1000)}`)
  for (const text of texts) known.keep('chat', text, {})
  const kept = texts.filter((text) => known.get('chat', text) !== undefined)
  expect(kept.length).toBeGreaterThan(50)
  expect(kept.length).toBeLessThan(500)
})
