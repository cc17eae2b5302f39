/** Decoded bodies by their text: the same object again, each skin by itself, within bounds. */
import { expect, it } from 'vitest'
import { KNOWN_BODY_CHARS_MAX } from '../../src/core/recall/limits.ts'
import { KnownBodies } from '../../src/edge/known-bodies.ts'

it('gives back the very object that was kept, and only for that text, skin and tenant', () => {
  const known = new KnownBodies()
  const body = { model: 'm' }
  known.keep('chat', '{"model":"m"}', 'g1', { body })
  expect(known.get('chat', '{"model":"m"}', 'g1')?.body).toBe(body)
  expect(known.get('chat', '{"model": "m"}', 'g1')).toBeUndefined()
  expect(known.get('completions', '{"model":"m"}', 'g1')).toBeUndefined()
  expect(known.get('chat', '{"model":"m"}', 'g2')).toBeUndefined()
})

it('keeps nothing long, and never more than its bound', () => {
  const known = new KnownBodies()
  const long = 'x'.repeat(KNOWN_BODY_CHARS_MAX + 1)
  known.keep('chat', long, 'g1', { body: {} })
  expect(known.get('chat', long, 'g1')).toBeUndefined()
  const texts = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(1000)}`)
  for (const text of texts) known.keep('chat', text, 'g1', { body: {} })
  const kept = texts.filter((text) => known.get('chat', text, 'g1') !== undefined)
  expect(kept.length).toBeGreaterThan(50)
  expect(kept.length).toBeLessThan(500)
})
