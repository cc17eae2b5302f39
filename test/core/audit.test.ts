/** Audit entries: what they leave out. */
import { expect, it } from 'vitest'
import { auditEntry, picked } from '../../src/core/audit.ts'
import { AUDIT_SIDE_CHARS_MAX } from '../../src/core/limits.ts'

const HEAD = { id: '1', at: '2026-11-20T00:00:00Z', actor: 'a', action: 'x.y', subject: 's' }

it('has only the sides that say something', () => {
  expect(auditEntry(HEAD)).toEqual(HEAD)
  expect(auditEntry(HEAD, { before: 1 })).toEqual({ ...HEAD, before: 1 })
  expect(auditEntry(HEAD, { after: null })).toEqual({ ...HEAD, after: null })
})

it('leaves out a side that is too long to keep', () => {
  const long = 'x'.repeat(AUDIT_SIDE_CHARS_MAX)
  const entry = auditEntry(HEAD, { before: long, after: 'short' })
  expect(entry.before).toEqual({ omitted: expect.stringContaining(`${AUDIT_SIDE_CHARS_MAX + 2}`) })
  expect(entry.after).toBe('short')
})

it('picks the members named, null where there is none', () => {
  expect(picked({ a: 1, b: 2 }, ['a', 'c'])).toEqual({ a: 1, c: null })
})
