/** What a session has kept: within its bounds, with its time, and told to who listens. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { READ_CHARS_MAX, SESSION_ITEMS_MAX } from '../../src/core/session/limits.ts'
import { TIMERS_SCHEMA } from '../../src/objects/alarms.ts'
import { SessionLog } from '../../src/objects/session-log.ts'
import { SESSION_SCHEMA } from '../../src/objects/session-records.ts'
import { migrate } from '../../src/objects/sql.ts'
import { askOf, POLICY, rowOf } from '../support/session.ts'

let count = 0
const within = <R>(use: (log: SessionLog, told: string[]) => R | Promise<R>): Promise<R> => {
  const stub = env.SESSION.get(env.SESSION.idFromName(`log-${++count}`))
  return runInDurableObject(stub, (_, { storage }) => {
    migrate(storage, [`${TIMERS_SCHEMA}; ${SESSION_SCHEMA}`])
    const told: string[] = []
    return use(new SessionLog(storage, 1000, (text) => void told.push(text())), told)
  })
}

it('tells of every row, in order', () =>
  within((log, told) => {
    const end = { turnId: 't', version: 0, birth: '', target: null, policy: { ...POLICY, loopRepeats: 1 } }
    log.append('message', rowOf('m'), POLICY)
    log.keepTurn({ ...end, row: rowOf('t', { print: 'p' }) })
    log.mark('u:broken', 'broken', POLICY)
    log.removeItem(1, 1, null, rowOf('x', { clear: '[{"id":"gone"}]' }), POLICY)
    expect(told.map((text) => JSON.parse(text))).toMatchObject([
      { sequence_number: 1, type: 'conversation.message', items: [{ id: 'item_m' }] },
      { sequence_number: 2, type: 'conversation.turn.completed', items: [{ id: 'item_t' }] },
      { sequence_number: 3, type: 'conversation.loop' },
      { sequence_number: 4, type: 'conversation.turn.broken' },
      { sequence_number: 5, type: 'conversation.item.deleted', items: [{ id: 'gone' }] },
    ])
    expect(log.version).toBe(2)
  }))

it('holds the number of its items', () =>
  within((log) => {
    const ids = (name: string, items: number) => Array.from({ length: items }, (_, index) => `${name}.${index}`)
    log.append('items', rowOf('a', { ids: ids('a', SESSION_ITEMS_MAX / 2) }), POLICY)
    log.append('items', rowOf('b', { ids: ids('b', SESSION_ITEMS_MAX / 2) }), POLICY)
    expect(log.head().items).toBe(SESSION_ITEMS_MAX)
    log.append('items', rowOf('c'), POLICY)
    expect(log.head().items).toBe(SESSION_ITEMS_MAX / 2 + 1)
    expect(log.history(askOf('t'))).toMatchObject({ fromSeq: 2, rows: [{ name: 'b' }, { name: 'c' }] })
  }))

it('hands out no more at once than a call carries', () =>
  within(async (log) => {
    const sealed = 'x'.repeat(READ_CHARS_MAX / 4)
    const names = [...'abcdef']
    for (const name of names) log.append('items', rowOf(name, { sealed }), POLICY)
    expect(log.after(0)).toHaveLength(4)
    expect(log.page({ after: null, limit: 20, order: 'asc' })).toMatchObject({ rows: { length: 4 }, isCut: true })
    const begun = log.history(askOf('t'))
    expect(begun).toMatchObject({ rows: [{ name: 'c' }, {}, {}, { name: 'f' }], hasOlder: true, isWhole: true })
    if (begun.kind !== 'begun') throw new Error(begun.kind)
    const known = { birth: begun.birth, epoch: begun.epoch, seq: 3 }
    expect(log.history(askOf('t', { known }))).toMatchObject({ rows: { length: 3 }, hasOlder: false, isWhole: false })
  }))

it('is over when its time is, and nobody uses it', () =>
  within(async (log) => {
    log.append('items', rowOf('a'), { ...POLICY, ttlMs: 0 })
    expect(await log.isOver(() => true)).toBe(false)
    expect(await log.isOver(() => false)).toBe(false)
    log.setMetadata('m', POLICY)
    expect(await log.isOver(() => false)).toBe(false)
  }))
