/** One alarm for several timers: order, what comes again, what is forgotten. */

import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { TIMER_RETRY_MS } from '../../src/core/limits.ts'
import { TIMERS_SCHEMA, Timers } from '../../src/objects/alarms.ts'
import { migrate } from '../../src/objects/sql.ts'

const FAR = Date.now() + 3_600_000

let count = 0
function withTimers(use: (timers: Timers, alarm: () => Promise<number | null>) => Promise<void>): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`timers-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [TIMERS_SCHEMA])
    await use(new Timers(storage), () => storage.getAlarm())
    await storage.deleteAlarm()
  })
}

it('sets the alarm for the earliest timer, and none when none is left', () =>
  withTimers(async (timers, alarm) => {
    timers.arm('late', FAR + 2000)
    timers.arm('early', FAR)
    expect(await alarm()).toBe(FAR)
    timers.arm('early', FAR + 5000)
    expect(await alarm()).toBe(FAR)
    timers.arm('late', FAR - 1000)
    expect(await alarm()).toBe(FAR - 1000)
    timers.disarm('late')
    expect(await alarm()).toBe(FAR)
    timers.disarm('early')
    timers.disarm('early')
    expect(await alarm()).toBeNull()
  }))

it('runs what is due, earliest first, and arms again what asks for it', () =>
  withTimers(async (timers, alarm) => {
    const ran: string[] = []
    const runs = (name: string, nextMs: number | null) => () => {
      ran.push(name)
      return nextMs
    }
    timers.arm('b', FAR + 1)
    timers.arm('a', FAR)
    timers.arm('later', FAR + 100)
    await timers.fire(FAR + 1, {
      a: runs('a', FAR + 50),
      b: runs('b', null),
      later: runs('later', null),
    })
    expect(ran).toEqual(['a', 'b'])
    expect(await alarm()).toBe(FAR + 50)
  }))

it('comes again after a failure, and keeps what was armed while it ran', () =>
  withTimers(async (timers, alarm) => {
    timers.arm('fails', FAR)
    await timers.fire(FAR, { fails: () => Promise.reject(new Error('out of reach')) })
    expect(await alarm()).toBe(FAR + TIMER_RETRY_MS)
    await timers.fire(FAR + TIMER_RETRY_MS, {
      fails: () => {
        timers.arm('fails', FAR + TIMER_RETRY_MS + 5)
        return null
      },
    })
    expect(await alarm()).toBe(FAR + TIMER_RETRY_MS + 5)
  }))

it('has the alarm set before a timer runs, in case the process dies in it', () =>
  withTimers(async (timers, alarm) => {
    timers.arm('long', FAR)
    let during: number | null = null
    await timers.fire(FAR, {
      long: async () => {
        during = await alarm()
        return null
      },
    })
    expect(during).toBe(FAR + TIMER_RETRY_MS)
    expect(await alarm()).toBeNull()
  }))

it('forgets a timer that this build has no action for', () =>
  withTimers(async (timers, alarm) => {
    timers.arm('of-old', FAR)
    await timers.fire(FAR, {})
    expect(await alarm()).toBeNull()
  }))
