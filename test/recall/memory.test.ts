/** Replies in an isolate's memory: served while nothing was purged, opened once, and never when damaged. */
import { expect, it } from 'vitest'
import { fromMemory, opened, remember } from '../../src/recall/memory.ts'
import { keyring, MARK, recalling, replyOf, sealedReply } from '../support/recalling.ts'

it('serves what it remembers until it expires', async () => {
  const { services, place, clock } = recalling()
  const kept = remember(services, 'k1', replyOf('hello'), clock.now() + 60_000, MARK)
  expect(fromMemory(services, place, 'k1')).toBe(kept)
  await clock.advance(60_000)
  expect(fromMemory(services, place, 'k1')).toBeNull()
  expect(services.memory.get('k1')).toBeUndefined()
})

it('serves nothing while it is not known whether it was purged, and forgets what was', () => {
  const { services, place, store, clock } = recalling()
  remember(services, 'k1', replyOf('hello'), clock.now() + 60_000, MARK)
  store.mark = null
  expect(fromMemory(services, place, 'k1')).toBeNull()
  store.mark = MARK
  expect(fromMemory(services, place, 'k1')).not.toBeNull()
  store.mark = 'mark-2'
  expect(fromMemory(services, place, 'k1')).toBeNull()
  store.mark = MARK
  expect(fromMemory(services, place, 'k1')).toBeNull()
})

it('opens what a store has found, and remembers it', async () => {
  const { services, place } = recalling()
  const found = await sealedReply('k1', replyOf('hello'))
  const known = await opened(services, place, keyring, { found, mark: MARK, turn: null })
  expect(known?.reply).toEqual(replyOf('hello'))
  expect(fromMemory(services, place, 'k1')).toBe(known)
  expect(await opened(services, place, keyring, { found: null, mark: MARK, turn: null })).toBeNull()
})

it('has a value dropped that does not open, or is no reply inside', async () => {
  for (const sealed of ['damaged', await keyring.seal('another', '{}'), await keyring.seal('k1', 'not JSON')]) {
    const { services, place, told, settle } = recalling()
    const found = { ...(await sealedReply('k1', replyOf('hello'))), sealed }
    expect(await opened(services, place, keyring, { found, mark: MARK, turn: null })).toBeNull()
    await settle()
    expect(told).toEqual([{ kind: 'corrupt', key: 'k1' }])
  }
})
