/** What a stream's object does by itself, over a real object's database: it settles once, tells, waits for readers, forgets. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it, vi } from 'vitest'
import type { StreamAbout } from '../../src/core/streams/types.ts'
import { TIMERS_SCHEMA } from '../../src/objects/alarms.ts'
import { migrate } from '../../src/objects/sql.ts'
import { STREAM_SCHEMA } from '../../src/objects/stream-rows.ts'
import { StreamUpkeep } from '../../src/objects/stream-upkeep.ts'
import { WEBHOOK_DELIVERIES_SCHEMA } from '../../src/objects/webhook-deliveries.ts'
import { aboutOf, sealer } from '../support/streams.ts'

let count = 0
const ASLEEP = { isRunning: () => false, readers: () => 0 }

/** An upkeep in the database of an object that nobody else uses, at a time that the test sets. */
function withUpkeep(
  use: (upkeep: StreamUpkeep, settled: StreamAbout[], told: string[]) => Promise<void>,
): Promise<void> {
  const stub = env.TENANT.get(env.TENANT.idFromName(`stream-upkeep-${++count}`))
  return runInDurableObject(stub, async (_, { storage }) => {
    migrate(storage, [`${TIMERS_SCHEMA}; ${STREAM_SCHEMA}`, WEBHOOK_DELIVERIES_SCHEMA])
    const settled: StreamAbout[] = []
    const told: string[] = []
    const tools = {
      run: () => Promise.reject(new Error('not run here')),
      settle: async (about: StreamAbout) => void settled.push(about),
      sealer: async () => sealer,
      lastWords: () => '',
      deliver: async (_place: unknown, { body }: { body: string }) => {
        told.push(JSON.parse(body).type)
        return { status: 204 } as const
      },
    }
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    try {
      await use(new StreamUpkeep(storage, () => tools), settled, told)
    } finally {
      vi.useRealTimers()
      await storage.deleteAlarm()
    }
  })
}

it('what died with its process is accounted for once, and told', () =>
  withUpkeep(async (upkeep, settled, told) => {
    const about = aboutOf({ webhook: 'https://receiver.example/' })
    upkeep.begin(about)
    upkeep.die(about)
    expect(upkeep.rows.run()?.status).toBe('interrupted')
    expect(await upkeep.fire(ASLEEP)).toBe('nothing')
    expect([settled, told]).toEqual([[about], ['stream.interrupted']])
    await upkeep.fire(ASLEEP)
    expect(settled).toHaveLength(1)
  }))

it('is kept for an hour where nobody read it, for ten minutes where somebody did', () =>
  withUpkeep(async (upkeep) => {
    for (const [isRead, keptMs] of [
      [false, 3_600_000],
      [true, 600_000],
    ] as const) {
      upkeep.begin(aboutOf())
      upkeep.over(aboutOf(), 'finished', 'completed', isRead)
      vi.setSystemTime(Date.now() + keptMs - 1)
      expect(await upkeep.fire(ASLEEP)).toBe('nothing')
      vi.setSystemTime(Date.now() + 1)
      expect(await upkeep.fire(ASLEEP)).toBe('everything')
      upkeep.clear()
    }
  }))

it('is not taken from whoever reads it still, for an hour at most', () =>
  withUpkeep(async (upkeep) => {
    upkeep.begin(aboutOf({ keptMs: 1000 }))
    upkeep.over(aboutOf({ keptMs: 1000 }), 'finished', 'completed', true)
    vi.setSystemTime(Date.now() + 1000)
    expect(await upkeep.fire({ ...ASLEEP, readers: () => 1 })).toBe('nothing')
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(await upkeep.fire({ ...ASLEEP, readers: () => 1 })).toBe('everything')
  }))

it('what was told of its end stays when its events go', () =>
  withUpkeep(async (upkeep, _, told) => {
    const about = aboutOf({ webhook: 'https://receiver.example/', keptMs: 1000, isBackground: true })
    upkeep.begin(about)
    upkeep.over(about, 'finished', 'incomplete', true)
    await upkeep.fire(ASLEEP)
    expect(told).toEqual(['response.incomplete'])
    vi.setSystemTime(Date.now() + 1000)
    expect(await upkeep.fire(ASLEEP)).toBe('memory')
    expect(upkeep.rows.run()?.isForgotten).toBe(true)
    expect(upkeep.deliveries.deliveries()).toHaveLength(1)
    vi.setSystemTime(Date.now() + 8 * 86_400_000)
    expect(await upkeep.fire(ASLEEP)).toBe('everything')
  }))
