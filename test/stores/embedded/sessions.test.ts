/** The embedded `SessionStore` in workerd: one object a session, by tenant and generation, evictions included. */
import { env, evictDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { ownedStub } from '../../../src/lib/object-places.ts'
import { createSessions } from '../../../src/stores/embedded/sessions.ts'
import { askOf, endOf, namesIn, POLICY, rowOf } from '../../support/session.ts'

const sessions = createSessions(env.SESSION, { clock: systemClock, random: () => 0 })
const placeOf = (id = `t-${crypto.randomUUID()}`) => ({ id, generation: 'a'.repeat(32) })

async function turn(place: ReturnType<typeof placeOf>, id: string, session = 's') {
  const begun = await sessions.begin(place, session, askOf(id))
  return sessions.end(place, session, endOf(id, begun))
}

it('keeps each tenant’s and generation’s sessions apart', async () => {
  const place = placeOf()
  expect(await turn(place, 'mine')).toBe('kept')
  for (const other of [placeOf(), { ...place, generation: 'b'.repeat(32) }])
    expect(await sessions.begin(other, 's', askOf('look', { create: false }))).toEqual({ kind: 'unknown' })
  expect(await sessions.head(place, 'other')).toBeNull()
})

it('keeps a history across evictions', async () => {
  const place = placeOf()
  for (const id of ['a', 'b']) {
    await turn(place, id)
    await evictDurableObject(ownedStub(env.SESSION, place, 's'))
  }
  expect(namesIn(await sessions.begin(place, 's', askOf('c')))).toEqual(['a', 'b'])
  expect(await sessions.renew(place, 's', 'c')).toBe(true)
  expect(await sessions.renew(place, 's', 'd')).toBe(false)
  await sessions.abandon(place, 's', { id: 'c', birth: '' }, 'cancelled', POLICY)
  expect(await sessions.head(place, 's')).toMatchObject({ items: 2, lastTurn: { status: 'cancelled' } })
})

it('lets a turn wait longer than any other call', async () => {
  const place = placeOf()
  const begun = await sessions.begin(place, 's', askOf('a'))
  const waiting = sessions.begin(place, 's', askOf('b', { waitMs: 5000 }))
  await sessions.end(place, 's', endOf('a', begun))
  expect(namesIn(await waiting)).toEqual(['a'])
})

it('makes, changes, lists and deletes', async () => {
  const place = placeOf()
  expect(await sessions.create(place, 's', 'm', rowOf('first'), POLICY)).toBe(true)
  expect(await sessions.setMetadata(place, 's', 'n', POLICY)).toMatchObject({ metadata: 'n' })
  expect(await sessions.append(place, 's', 'items', rowOf('second'), POLICY)).toEqual({ kind: 'kept', seq: 2 })
  expect(await sessions.page(place, 's', { after: null, limit: 5, order: 'asc' })).toMatchObject({
    rows: [{ name: 'first' }, { name: 'second' }],
    isCut: false,
  })
  const found = await sessions.rowOf(place, 's', 'item_first')
  expect(found?.row?.name).toBe('first')
  const from = { seq: 1, epoch: found?.epoch ?? 0 }
  expect(await sessions.removeItem(place, 's', from, null, rowOf('gone'), POLICY)).toMatchObject({ kind: 'kept' })
  await sessions.summarise(place, 's', 2, { uptoSeq: 2, name: 'summary:2', sealed: 's' })
  expect(await sessions.begin(place, 's', askOf('t'))).toMatchObject({ rows: [], summary: { uptoSeq: 2 } })
  expect([await sessions.delete(place, 's'), await sessions.delete(place, 's')]).toEqual([true, false])
  await sessions.erase(place, 's')
  expect(await sessions.begin(place, 's', askOf('u'))).toEqual({ kind: 'gone' })
})

it('tells who listens, as lines and over a socket', async () => {
  const place = placeOf()
  await sessions.create(place, 's', null, rowOf('first'), POLICY)
  const lines = await sessions.listen(place, 's', 0)
  if (lines === null || lines === 'full') throw new Error('no lines')
  const reader = lines.getReader()
  const { value } = await reader.read()
  expect(JSON.parse(new TextDecoder().decode(value))).toMatchObject({ seq: 1, name: 'first', sealed: 'sealed first' })
  await reader.cancel()
  expect(await sessions.hold(place, 's', 'ticket', 1, ['missed'])).toBe('held')
  const { status, webSocket } = await sessions.connect(place, 's', 'ticket')
  expect(status).toBe(101)
  const heard = new Promise((resolve) => webSocket?.addEventListener('message', ({ data }) => resolve(data)))
  webSocket?.accept()
  expect(await heard).toBe('missed')
  webSocket?.close()
})
