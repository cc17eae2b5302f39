/** Replies by their key: from memory, from the store, or not at all; and what a hit says of itself. */
import { expect, it } from 'vitest'
import { fetched, hitOf } from '../../src/recall/search.ts'
import { recalling, replyOf, sealedReply } from '../support/recalling.ts'

it('asks the store once, then has it in memory', async () => {
  const { services, store, asked, searchOf } = recalling()
  store.values.set('k1', await sealedReply('k1', replyOf('hello')))
  expect((await fetched(services, searchOf(), 'k1'))?.reply).toEqual(replyOf('hello'))
  expect((await fetched(services, searchOf(), 'k1'))?.reply).toEqual(replyOf('hello'))
  expect(asked).toEqual(['lookUp k1'])
})

it('finds nothing where there is nothing, and where the store is out of reach', async () => {
  const { services, store, searchOf } = recalling()
  expect(await fetched(services, searchOf(), 'k1')).toBeNull()
  store.lookUp = () => Promise.reject(new Error('out of reach'))
  expect(await fetched(services, searchOf(), 'k1')).toBeNull()
})

it('counts a hit, and says how old it is', async () => {
  const { services, store, searchOf, told, settle, clock } = recalling()
  store.values.set('k1', await sealedReply('k1', replyOf('hello')))
  const known = await fetched(services, searchOf(), 'k1')
  if (known === null) throw new Error('not found')
  await clock.advance(2900)
  expect(hitOf(services, searchOf().place, 'k1', 'semantic', known, 0.9)).toMatchObject({
    as: 'semantic',
    ageS: 2,
    similarity: 0.9,
  })
  await settle()
  expect(told).toEqual([{ kind: 'hits', key: 'k1', as: 'semantic', count: 1 }])
})
