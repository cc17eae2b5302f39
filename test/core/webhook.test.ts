/** Webhooks: what an event says, and when a delivery is tried again. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endEvent, standingAfter, type WebhookFailure } from '../../src/core/webhook.ts'
import { WEBHOOK_JITTER_SHARE, WEBHOOK_LIFE_MS, WEBHOOK_WAITS_MS } from '../../src/core/webhook-limits.ts'

const AT_MS = Date.UTC(2026, 10, 28, 7, 0, 0, 999)

describe('an event', () => {
  it('is OpenAI’s, and says which response ended how', () => {
    const { id, body } = endEvent('response', 'resp_1', 'completed', AT_MS)
    expect(id).toMatch(/^evt_[0-9a-f]{32}$/)
    const created_at = Date.UTC(2026, 10, 28, 7) / 1000
    const event = { id, object: 'event', type: 'response.completed', created_at, data: { id: 'resp_1' } }
    expect(JSON.parse(body)).toEqual(event)
  })

  it.each([
    ['response', 'completed', 'response.completed'],
    ['response', 'incomplete', 'response.incomplete'],
    ['response', 'failed', 'response.failed'],
    ['response', 'cancelled', 'response.cancelled'],
    ['response', 'interrupted', 'response.failed'],
    ['stream', 'completed', 'stream.completed'],
    ['stream', 'incomplete', 'stream.completed'],
    ['stream', 'failed', 'stream.failed'],
    ['stream', 'cancelled', 'stream.cancelled'],
    ['stream', 'interrupted', 'stream.interrupted'],
  ] as const)('of a %s that is %s is %s', (kind, ending, type) => {
    expect(JSON.parse(endEvent(kind, 'x', ending, AT_MS).body)).toMatchObject({ type })
  })

  it('has one id however often it is made, and another for another', () => {
    const ids = [
      endEvent('stream', 'a', 'completed', AT_MS),
      endEvent('stream', 'b', 'completed', AT_MS),
      endEvent('stream', 'a', 'failed', AT_MS),
      endEvent('response', 'a', 'completed', AT_MS),
    ].map(({ id }) => id)
    expect(new Set(ids).size).toBe(4)
    expect(endEvent('stream', 'a', 'completed', AT_MS + 5000).id).toBe(ids[0])
  })
})

describe('a delivery', () => {
  const delivery = { id: 'evt_1', enqueuedMs: AT_MS }
  const left = (outcome: Parameters<typeof standingAfter>[2], attempts = 1) =>
    standingAfter(delivery, attempts, outcome, AT_MS)

  it.each([200, 201, 204, 299])('is over with a %i', (status) => {
    expect(left({ status })).toEqual({ state: 'delivered' })
  })

  it.each<{ status: number } | { failure: WebhookFailure }>([
    { status: 410 },
    { failure: 'no_secret' },
    { failure: 'url_refused' },
  ])('is given up at %j', (outcome) => {
    expect(left(outcome)).toEqual({ state: 'failed' })
  })

  it.each<{ status: number } | { failure: WebhookFailure }>([
    ...[199, 300, 301, 302, 307, 308, 400, 401, 404, 409, 429, 500, 503].map((status) => ({ status })),
    { failure: 'timeout' },
    { failure: 'unreachable' },
    { failure: 'unsigned' },
    { failure: 'interrupted' },
  ])('is tried again after %j', (outcome) => {
    expect(left(outcome)).toMatchObject({ state: 'pending' })
  })

  it('is tried at growing intervals, the same ones for the same event, within a day in all', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => {
        let nowMs = AT_MS
        for (const [index, waitMs] of WEBHOOK_WAITS_MS.entries()) {
          const standing = standingAfter({ id, enqueuedMs: AT_MS }, index + 1, { status: 500 }, nowMs)
          expect(standingAfter({ id, enqueuedMs: AT_MS }, index + 1, { status: 503 }, nowMs)).toEqual(standing)
          if (standing.state !== 'pending') throw new Error('it is given up too early')
          expect(standing.dueMs - nowMs).toBeGreaterThanOrEqual(waitMs)
          expect(standing.dueMs - nowMs).toBeLessThanOrEqual(waitMs * (1 + WEBHOOK_JITTER_SHARE) + 1)
          nowMs = standing.dueMs
        }
        expect(nowMs - AT_MS).toBeLessThan(WEBHOOK_LIFE_MS)
        const last = WEBHOOK_WAITS_MS.length + 1
        expect(standingAfter({ id, enqueuedMs: AT_MS }, last, { status: 500 }, nowMs)).toEqual({ state: 'failed' })
      }),
    )
  })

  it('is not tried when its day is over, however few attempts there were', () => {
    const late = standingAfter(delivery, 1, { status: 500 }, AT_MS + WEBHOOK_LIFE_MS)
    expect(late).toEqual({ state: 'failed' })
  })
})
