/** Events on their way, in workerd: every attempt is counted before it is made, logged, and in its time forgotten. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import type { WebhookDelivery, WebhookOutcome } from '../../src/core/webhook.ts'
import { WEBHOOK_DELIVERIES_MAX, WEBHOOK_LOG_MS, WEBHOOK_WAITS_MS } from '../../src/core/webhook-limits.ts'
import { TIMERS_SCHEMA, Timers } from '../../src/objects/alarms.ts'
import { migrate } from '../../src/objects/sql.ts'
import { WEBHOOK_DELIVERIES_SCHEMA, WebhookDeliveries } from '../../src/objects/webhook-deliveries.ts'
import { type ManualClock, manualClock } from '../support/manual-clock.ts'

const EVENT: WebhookDelivery = {
  id: 'evt_1',
  url: 'https://hooks.example.com:8443/canary-path',
  body: '{"id":"evt_1"}',
}
const TIMER = 'webhook'

interface World {
  readonly deliveries: WebhookDeliveries
  /** The same object after an eviction. */
  readonly evicted: () => WebhookDeliveries
  readonly clock: ManualClock
  readonly timers: Timers
  /** Moves on to when the object's alarm is to come, and has it come; false when none is set. */
  readonly alarm: (deliver: (delivery: WebhookDelivery) => Promise<WebhookOutcome>) => Promise<boolean>
}

let count = 0
function withDeliveries(use: (world: World) => Promise<void>): Promise<void> {
  const stub = env.STREAM.get(env.STREAM.idFromName(`deliveries-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [TIMERS_SCHEMA, WEBHOOK_DELIVERIES_SCHEMA])
    // Far enough ahead that the runtime's own alarm stays out of it.
    const clock = manualClock(Date.now() + 365 * 86_400_000)
    const timers = new Timers(storage)
    const made = (): WebhookDeliveries =>
      new WebhookDeliveries({ storage, now: clock.now, arm: (atMs) => timers.arm(TIMER, atMs) })
    const deliveries = made()
    const alarm: World['alarm'] = async (deliver) => {
      const atMs = await storage.getAlarm()
      if (atMs === null) return false
      await clock.advance(Math.max(0, atMs - clock.now()))
      await timers.fire(clock.now(), { [TIMER]: () => deliveries.work(deliver) })
      return true
    }
    await use({ deliveries, evicted: made, clock, timers, alarm })
    await storage.deleteAlarm()
  })
}

/** A receiver that answers with one status after the other, then with the last for ever. */
function receiver(...statuses: number[]) {
  const seen: WebhookDelivery[] = []
  const deliver = async (delivery: WebhookDelivery): Promise<WebhookOutcome> => {
    seen.push(delivery)
    return { status: statuses[Math.min(seen.length, statuses.length) - 1] ?? 200 }
  }
  return { seen, deliver }
}

it('is accepted once by a receiver that fails twice, under one id', () =>
  withDeliveries(async ({ deliveries, clock, alarm }) => {
    const { seen, deliver } = receiver(500, 302, 200)
    const beganMs = clock.now()
    expect(deliveries.enqueue(EVENT, beganMs)).toBe(true)
    expect(deliveries.isPending()).toBe(true)
    for (const calls of [1, 2, 3]) {
      await alarm(deliver)
      expect(seen).toHaveLength(calls)
    }
    expect(deliveries.isPending()).toBe(false)
    const waitedMs = clock.now() - beganMs
    expect(waitedMs).toBeGreaterThanOrEqual(35_000)
    expect(waitedMs).toBeLessThanOrEqual(42_002)
    expect(seen).toEqual([EVENT, EVENT, EVENT])
    expect(deliveries.deliveries()).toEqual([
      {
        id: 'evt_1',
        host: 'hooks.example.com:8443',
        state: 'delivered',
        nextAt: null,
        attempts: [500, 302, 200].map((status) => ({ at: expect.any(String), status, failure: null, ms: 0 })),
      },
    ])
    // The next alarm only forgets.
    expect(await alarm(deliver)).toBe(true)
    expect(seen).toHaveLength(3)
    expect(deliveries.deliveries()).toEqual([])
    expect(await alarm(deliver)).toBe(false)
  }))

it('is given up after the last wait, and its log kept a week', () =>
  withDeliveries(async ({ deliveries, clock, alarm }) => {
    const { seen, deliver } = receiver(503)
    deliveries.enqueue(EVENT, clock.now())
    while (deliveries.isPending()) await alarm(deliver)
    expect(seen).toHaveLength(WEBHOOK_WAITS_MS.length + 1)
    const endedMs = clock.now()
    const [report] = deliveries.deliveries()
    expect(report).toMatchObject({ state: 'failed', nextAt: null })
    expect(deliveries.nextMs()).toBe(endedMs + WEBHOOK_LOG_MS)
    await alarm(deliver)
    expect(clock.now()).toBe(endedMs + WEBHOOK_LOG_MS)
    expect(deliveries.deliveries()).toEqual([])
  }))

it('stops at once where the receiver is gone for good', () =>
  withDeliveries(async ({ deliveries, clock, alarm }) => {
    const { seen, deliver } = receiver(410)
    deliveries.enqueue(EVENT, clock.now())
    await alarm(deliver)
    expect(deliveries.isPending()).toBe(false)
    expect(seen).toHaveLength(1)
  }))

it('begins when it is told to, and says when it comes again and what went wrong', () =>
  withDeliveries(async ({ deliveries, clock, alarm }) => {
    const atMs = clock.now() + 60_000
    deliveries.enqueue(EVENT, atMs)
    expect(deliveries.deliveries()).toMatchObject([
      { state: 'pending', nextAt: new Date(atMs).toISOString(), attempts: [] },
    ])
    await alarm(async () => {
      await clock.advance(1234)
      return { failure: 'timeout' }
    })
    const [report] = deliveries.deliveries()
    expect(report?.attempts).toEqual([{ at: new Date(atMs).toISOString(), status: null, failure: 'timeout', ms: 1234 }])
    expect(Date.parse(report?.nextAt ?? '')).toBe(deliveries.nextMs())
  }))

it('that dies with its process has counted, and is not repeated at once', () =>
  withDeliveries(async ({ deliveries, evicted, clock, alarm }) => {
    deliveries.enqueue(EVENT, clock.now())
    void deliveries.work(() => new Promise(() => {}))
    const after = evicted()
    const [report] = after.deliveries()
    expect(report?.attempts).toEqual([{ at: expect.any(String), status: null, failure: 'interrupted', ms: 0 }])
    expect(Date.parse(report?.nextAt ?? '')).toBeGreaterThanOrEqual(clock.now() + 5000)
    const { seen, deliver } = receiver(200)
    // The first look comes with the timer's own second try, and finds nothing due.
    while (after.isPending()) await alarm(deliver)
    expect(seen).toHaveLength(1)
    expect(after.deliveries()).toMatchObject([
      { state: 'delivered', attempts: [{ failure: 'interrupted' }, { status: 200 }] },
    ])
  }))

it('of a known id is on its way already, and there is room for so many', () =>
  withDeliveries(async ({ deliveries, clock, alarm }) => {
    const { seen, deliver } = receiver(200)
    for (let index = 0; index < WEBHOOK_DELIVERIES_MAX; index += 1)
      expect(deliveries.enqueue({ ...EVENT, id: `evt_${index}` }, clock.now())).toBe(true)
    expect(deliveries.enqueue({ ...EVENT, id: 'evt_0' }, clock.now())).toBe(true)
    expect(deliveries.enqueue({ ...EVENT, id: 'evt_more' }, clock.now())).toBe(false)
    await alarm(deliver)
    expect(new Set(seen.map(({ id }) => id)).size).toBe(WEBHOOK_DELIVERIES_MAX)
    expect(seen).toHaveLength(WEBHOOK_DELIVERIES_MAX)
    // After its end, too.
    expect(deliveries.enqueue({ ...EVENT, id: 'evt_0' }, clock.now())).toBe(true)
    await alarm(deliver)
    expect(seen).toHaveLength(WEBHOOK_DELIVERIES_MAX)
  }))

it('shows nobody the path it is sent to', () =>
  withDeliveries(async ({ deliveries, clock }) => {
    deliveries.enqueue(EVENT, clock.now())
    expect(JSON.stringify(deliveries.deliveries())).not.toContain('canary')
  }))
