/** IndexObject over its life: what it stores when, what its alarm does, and audit entries on their way. */
import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../src/core/control.ts'
import { GROUP_IDLE_MS, NEAREST_MAX, ROUTE_IDLE_MS } from '../../src/core/recall/limits.ts'
import type { Observation } from '../../src/core/semantic/types.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { directoryStub } from '../../src/lib/object-places.ts'
import { IndexObject, type Lesson } from '../../src/objects/vectors.ts'
import { createDirectoryAdmin } from '../../src/stores/embedded/directory.ts'
import { drifted, judged, ROUTE, trusted } from '../contracts/semantic-routes.ts'
import { at, memberOf } from '../contracts/vector-index.ts'

const SPACE = { ...ROUTE, scope: 's1' }

const directory = createDirectoryAdmin(env.DIRECTORY, { clock: systemClock, random: () => 0 })

let count = 0
let stub: DurableObjectStub<IndexObject>
beforeEach(() => {
  count += 1
  stub = env.INDEX.get(env.INDEX.idFromName(`index-${count}`))
})

/** Runs inside of the object. */
const within = <R>(work: (object: IndexObject, state: DurableObjectState) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, work)
const tables = (): Promise<string[]> =>
  within((_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'")
      .toArray()
      .map(({ name }) => name),
  )
const rows = (table: string): Promise<number> =>
  within((_, { storage }) => storage.sql.exec<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`).one().n)
const sql = (text: string): Promise<void> => within((_, { storage }) => void storage.sql.exec(text))
const lesson = (observations: Observation[], joined: string | null = null): string =>
  JSON.stringify({ tenantId: `t${count}`, route: ROUTE, maxErrorRate: 0.02, observations, joined } satisfies Lesson)
const ids = async (): Promise<string[]> => {
  const { neighbours } = await within((object) => object.nearest(SPACE, at(0), 10))
  return (JSON.parse(neighbours) as { member: { id: string } }[]).map(({ member }) => member.id)
}
/** Has the alarm find everything due. */
const alarm = async (): Promise<void> => {
  await sql('UPDATE timers SET at_ms = 1')
  await runDurableObjectAlarm(stub)
}

describe('what it stores', () => {
  it('is nothing as long as it was told nothing', async () => {
    await within(async (object) => {
      expect(object.nearest(SPACE, at(0), 10)).toEqual({ neighbours: '[]', state: null, groups: '{}' })
      expect(object.look(ROUTE, ['g'])).toEqual({ state: null, groups: '{}' })
      expect([object.views(), object.purge({})]).toEqual([[], 0])
      object.dropGroup(SPACE, 'g')
      await object.erase()
    })
    expect(await tables()).toEqual([])
  })

  it('is nothing after everything was erased, and all of it when it is told again', async () => {
    await within(async (object) => {
      object.add(SPACE, memberOf('a'), at(0))
      await object.learn(lesson([judged('a')], 'a'))
      await object.erase()
    })
    expect(await tables()).toEqual([])
    expect(await within((_, { storage }) => storage.getAlarm())).toBeNull()
    await within((object) => object.add(SPACE, memberOf('b'), at(0)))
    await evictDurableObject(stub)
    expect(await ids()).toEqual(['b'])
  })

  it('is all of a change or nothing of it', async () => {
    await within((object) => {
      object.add(SPACE, memberOf('a'), at(0))
      const broken = { ...memberOf('b'), expiresAtMs: null as unknown as number }
      expect(() => object.add(SPACE, broken, at(0))).toThrow()
      expect(() => object.add(SPACE, memberOf('c'), at(0).slice(1))).toThrow('another length')
      expect(() => object.nearest(SPACE, at(0).slice(1), 10)).toThrow('another length')
    })
    expect(await ids()).toEqual(['a'])
    await evictDurableObject(stub)
    expect(await ids()).toEqual(['a'])
  })

  it('answers with so many at most', async () => {
    const found = await within((object) => {
      for (let index = 0; index < NEAREST_MAX + 20; index++) object.add(SPACE, memberOf(`m${index}`), at(index / 100))
      return object.nearest(SPACE, at(0), 1_000_000).neighbours
    })
    expect(JSON.parse(found)).toHaveLength(NEAREST_MAX)
  })
})

describe('the alarm', () => {
  it('removes what has expired, and comes again for the rest', async () => {
    const nowMs = Date.now()
    await within((object) => {
      object.add(SPACE, memberOf('old', { expiresAtMs: nowMs - 1 }), at(0))
      object.add({ ...SPACE, scope: 's2' }, memberOf('old', { expiresAtMs: nowMs - 1 }), at(0))
      object.add(SPACE, memberOf('new', { expiresAtMs: nowMs + 86_400_000 }), at(0))
    })
    expect(await rows('vectors')).toBe(3)
    await alarm()
    expect([await rows('vectors'), await rows('spaces')]).toEqual([1, 1])
    expect(await within((_, { storage }) => storage.getAlarm())).toBe(nowMs + 86_400_000)
    expect(await ids()).toEqual(['new'])
  })

  it('is not woken for every vector that expires: once an hour at most', async () => {
    const nowMs = Date.now()
    await within((object) => object.add(SPACE, memberOf('a', { expiresAtMs: nowMs + 1000 }), at(0)))
    expect(await within((_, { storage }) => storage.getAlarm())).toBeGreaterThanOrEqual(nowMs + 3_600_000)
  })

  it('forgets routes and groups without news, and then itself', async () => {
    await within(async (object) => {
      object.add(SPACE, memberOf('a', { expiresAtMs: Date.now() - 1 }), at(0))
      await object.learn(lesson([judged('a')], 'a'))
      await object.learn(lesson([judged('b')], 'b'))
    })
    await sql(`UPDATE answer_groups SET at_ms = ${Date.now() - GROUP_IDLE_MS} WHERE name = 'b'`)
    await alarm()
    expect([await rows('vectors'), await rows('answer_groups'), await rows('routes')]).toEqual([0, 0, 1])
    expect(await within((_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now() + ROUTE_IDLE_MS / 2)
    await sql(`UPDATE routes SET at_ms = ${Date.now() - ROUTE_IDLE_MS}`)
    await alarm()
    expect(await tables()).toEqual([])
    expect(await within((_, { storage }) => storage.getAlarm())).toBeNull()
  })
})

describe('audit entries', () => {
  /** Another instance over the same rows, whose Directory is in the test's hand. */
  const withDirectory = (
    appendAudit: (entries: AuditEntry[]) => Promise<void>,
    work: (object: IndexObject) => Promise<void>,
  ): Promise<void> =>
    within((_, state) => {
      const namespace = { idFromName: () => 'id', get: () => ({ appendAudit }) } as unknown as Env['DIRECTORY']
      return work(new IndexObject(state, { ...env, DIRECTORY: namespace }))
    })
  const arrived = async () => {
    const { data } = await directory.audit(undefined, 10_000)
    return data.filter(({ subject }) => subject.startsWith(`tenants/t${count}/`))
  }
  const outOfReach = () => Promise.reject(new Error('out of reach'))

  it('wait for the alarm while the Directory is out of reach, and arrive once', async () => {
    await withDirectory(outOfReach, async (object) => {
      await object.learn(lesson(trusted()))
      await object.learn(lesson(drifted()))
    })
    expect([await rows('outbox'), await arrived()]).toEqual([1, []])
    await evictDurableObject(stub)
    await alarm()
    expect(await rows('outbox')).toBe(0)
    expect(await arrived()).toMatchObject([{ action: 'cache.threshold', subject: `tenants/t${count}/cache/support` }])
    await alarm()
    expect(await arrived()).toHaveLength(1)
  })

  it('arrive once though the answer to their delivery was lost', async () => {
    const lost = async (entries: AuditEntry[]) => {
      await directoryStub(env.DIRECTORY).appendAudit(entries)
      throw new Error('the answer is lost')
    }
    await withDirectory(lost, async (object) => {
      await object.learn(lesson(trusted()))
      await object.learn(lesson(drifted()))
    })
    expect([await rows('outbox'), await arrived()]).toMatchObject([1, [{}]])
    await evictDurableObject(stub)
    await alarm()
    expect([await rows('outbox'), (await arrived()).length]).toEqual([0, 1])
  })

  it('outlive an erase until they have arrived, and nothing else does', async () => {
    await withDirectory(outOfReach, async (object) => {
      object.add(SPACE, memberOf('a'), at(0))
      await object.learn(lesson(trusted()))
      await object.learn(lesson(drifted()))
      await object.erase()
      expect(object.views()).toEqual([])
    })
    const left = ['vectors', 'routes', 'answer_groups', 'outbox']
    expect(await Promise.all(left.map(rows))).toEqual([0, 0, 0, 1])
    await evictDurableObject(stub)
    await alarm()
    expect([await tables(), (await arrived()).length]).toEqual([[], 1])
  })
})
