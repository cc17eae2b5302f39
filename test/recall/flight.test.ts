/** Where identical requests may meet, and under which name. */
import { describe, expect, it } from 'vitest'
import { flightOf } from '../../src/recall/flight.ts'
import { callerOf, requestOf } from '../support/path.ts'
import { MARK, recalling, replyOf, sealedReply } from '../support/recalling.ts'

const CALLER = callerOf()
const named = async (world: ReturnType<typeof recalling>, more: Parameters<typeof requestOf>[0] = {}) =>
  flightOf(world.services, CALLER, requestOf(more), world.searchOf().model)

describe('a model whose streams are shared', () => {
  it('the same request has the same name, another has another', async () => {
    const world = recalling({ exact: true, coalesce: 'live' })
    const name = await named(world)
    expect(name).toEqual(expect.any(String))
    expect(await named(world)).toBe(name)
    const other = { ...requestOf().body, messages: [{ role: 'user', content: 'another' }] }
    expect(await named(world, { body: other })).not.toBe(name)
  })

  it('none where it may not be recalled, or its caller wants an answer of its own', async () => {
    const world = recalling({ exact: true, coalesce: 'live' })
    const modes = [{ cacheMode: 'off' }, { cacheMode: 'refresh' }, { cacheMode: 'no-store' }] as const
    const bounds = [{ timeoutMs: 5 }, { firstTokenMs: 5 }, { maxWaitMs: 0 }]
    for (const more of [...modes, ...bounds]) expect(await named(world, more)).toBeNull()
    expect(await named(world, { body: { ...requestOf().body, temperature: 1 } })).toBeNull()
  })

  it('none where the store has its answer, which is in memory from then on', async () => {
    const world = recalling({ exact: true, coalesce: 'live' })
    world.store.mark = MARK
    world.store.mayHold = true
    world.store.lookUp = async (asked) => ({
      mark: MARK,
      found: await sealedReply(asked, replyOf('hello')),
      turn: null,
    })
    expect(await named(world)).toBeNull()
    world.store.lookUp = () => Promise.reject(new Error('not asked again'))
    expect(await named(world)).toBeNull()
  })

  it('a store that cannot tell does not keep them from meeting', async () => {
    const world = recalling({ exact: true, coalesce: 'live' })
    world.store.mark = null
    world.store.mayHold = true
    world.store.lookUp = () => Promise.reject(new Error('out of reach'))
    expect(await named(world)).toEqual(expect.any(String))
  })
})

it.each(['off', 'wait'] as const)('none under %s', async (coalesce) =>
  expect(await named(recalling({ exact: true, coalesce }))).toBeNull(),
)
