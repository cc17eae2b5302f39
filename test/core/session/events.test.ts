/** What who listens to a session is told. */
import { expect, it } from 'vitest'
import { EVENT_TYPES, eventText } from '../../../src/core/session/events.ts'

const row = { seq: 7, kind: 'turn', name: 'turn-1', atMs: Date.UTC(2026, 0, 1) } as const

it('is one JSON object, with the items as they were', () => {
  const items = JSON.stringify([{ id: 'msg_1', content: '}"],' }])
  expect(JSON.parse(eventText(row, items))).toEqual({
    type: 'conversation.turn.completed',
    sequence_number: 7,
    id: 'turn-1',
    at: '2026-01-01T00:00:00.000Z',
    items: [{ id: 'msg_1', content: '}"],' }],
  })
})

it('has no items where the row has none', () => {
  expect(JSON.parse(eventText({ ...row, kind: 'broken' }, null))).not.toHaveProperty('items')
})

it('has a type of its own for each kind of row', () => {
  expect(new Set(Object.values(EVENT_TYPES)).size).toBe(Object.keys(EVENT_TYPES).length)
})
