/** Sessions over their life in workerd: random schedules of turns, loops, and how they end. */
import { env, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionObject } from '../../src/objects/session.ts'
import { askOf, endOf, namesIn, POLICY, rowOf } from '../support/session.ts'

let count = 0
let stub: DurableObjectStub<SessionObject>
beforeEach(() => {
  stub = env.SESSION.get(env.SESSION.idFromName(`life-${++count}`))
})

const inside = <R>(use: (object: SessionObject, sql: SqlStorage) => R | Promise<R>): Promise<R> =>
  runInDurableObject(stub, (object, state) => use(object, state.storage.sql))
const tables = () =>
  inside((_, sql) => sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf\\_%' ESCAPE '\\'").toArray())
/** A turn from its beginning to its end. */
const turn = (id: string, more: Parameters<typeof rowOf>[1] = {}, policy = POLICY) =>
  inside(async (object) => {
    const begun = await object.begin(askOf(id, { policy }))
    return begun.kind === 'begun' ? object.end({ ...endOf(id, begun), row: rowOf(id, more), policy }) : begun.kind
  })
const history = (id = 'look') =>
  inside(async (object) => {
    const begun = await object.begin(askOf(id))
    object.abandon(id, 'another session', 'cancelled', POLICY)
    return namesIn(begun)
  })

it('turns never interleave: 1,000 random schedules', async () => {
  const step = fc.record({
    who: fc.integer({ min: 0, max: 4 }),
    what: fc.constantFrom('begin', 'begin', 'end', 'end', 'abandon', 'renew', 'message'),
    waits: fc.boolean(),
  })
  await inside(async (object, sql) => {
    let run = 0
    object.create(null, null, POLICY)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
        run += 1
        const seen = new Map<string, number>()
        const running = new Map<string, Awaited<ReturnType<SessionObject['begin']>>>()
        const beginning: Promise<unknown>[] = []
        for (const [at, { who, what, waits }] of steps.entries()) {
          const id = `${run}.${who}`
          const begun = running.get(id)
          if (what === 'begin' && !seen.has(id)) {
            beginning.push(
              object.begin(askOf(id, { waitMs: waits ? 60_000 : 0, tokensMax: 0 })).then((answer) => {
                if (answer.kind !== 'begun') return
                running.set(id, answer)
                seen.set(id, answer.version)
              }),
            )
          } else if (what === 'end' && begun !== undefined) object.end(endOf(id, begun))
          else if (what === 'abandon' && begun?.kind === 'begun') object.abandon(id, begun.birth, 'broken', POLICY)
          else if (what === 'renew') object.renew(id)
          else if (what === 'message') object.append('message', rowOf(`${run}.m${at}`), POLICY)
          // What was told is heard in any order with what comes.
          if (at % 3 === 0) await Promise.resolve()
        }
        for (let who = 0; who < 5; who += 1) object.abandon(`${run}.${who}`, 'another', 'broken', POLICY)
        await Promise.all(beginning)
        for (const id of running.keys()) object.abandon(id, 'another', 'broken', POLICY)
        const turns = sql
          .exec<{ seq: number; name: string }>(
            "SELECT seq, name FROM log WHERE kind = 'turn' ORDER BY seq DESC LIMIT 8",
          )
          .toArray()
        // Every turn that was kept had seen the one before it, and nothing came between them.
        for (const [index, { name }] of turns.entries())
          if (seen.has(name)) expect(seen.get(name)).toBe(turns[index + 1]?.seq ?? 0)
      }),
      { numRuns: 1000 },
    )
  })
}, 60_000)

describe('a loop', () => {
  const policy = { ...POLICY, loopRepeats: 3 }

  it('ends, is told of, and can go on', async () => {
    for (const id of ['a', 'b', 'c']) expect(await turn(id, { print: 'same' }, policy)).toBe('kept')
    expect(await turn('d', { print: 'same' }, policy)).toBe('looping')
    for (const id of ['e', 'f', 'g']) expect(await turn(id, { print: 'same' }, policy)).toBe('kept')
    expect(await turn('h', {}, policy)).toBe('looping')
    const kinds = await inside((_, sql) => sql.exec("SELECT count(*) AS loops FROM log WHERE kind = 'loop'").one())
    expect(kinds).toEqual({ loops: 2 })
  })

  it('is none where something else came between, or where nobody minds', async () => {
    for (const [id, print] of ['x', 'x', 'y', 'x', 'x', null, 'x', 'x'].entries())
      expect(await turn(`t${id}`, { print }, policy)).toBe('kept')
    for (let id = 0; id < 10; id += 1) expect(await turn(`u${id}`, { print: 'z' })).toBe('kept')
  })
})

describe('the end', () => {
  it('comes when nobody has used it for its time', async () => {
    await turn('a')
    await inside((_, sql) => void sql.exec('UPDATE timers SET at_ms = 1'))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await history()).toEqual(['a'])
    await turn('b', {}, { ...POLICY, ttlMs: 0 })
    await inside((_, sql) => void sql.exec('UPDATE timers SET at_ms = 1'))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await tables()).toEqual([])
  })

  it('of a tenant is for good', async () => {
    await turn('a')
    const waiting = inside(async (object) => {
      const begun = await object.begin(askOf('b'))
      const next = object.begin(askOf('c', { waitMs: 10_000 }))
      await object.erase()
      return [await next, object.end(endOf('b', begun)), await object.begin(askOf('d'))]
    })
    expect(await waiting).toEqual([{ kind: 'gone' }, 'stale', { kind: 'gone' }])
    await inside((object) => {
      expect(object.create(null, null, POLICY)).toBe(false)
      object.abandon('b', '', 'broken', POLICY)
    })
    expect(await tables()).toEqual([])
  })
})
