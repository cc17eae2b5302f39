/** Kept responses, sealed on their way to their objects. */
import { env, runInDurableObject } from 'cloudflare:test'
import { expect, it } from 'vitest'
import { isKeepableId, putKept, readKept, responseWith } from '../../../src/edge/kept/record.ts'
import { ownedStub } from '../../../src/lib/object-places.ts'
import type { ResponseObject } from '../../../src/objects/response.ts'
import { entered } from '../../support/entered.ts'

const kept = {
  response: { id: 'resp_1', status: 'completed', output: [{ text: 'canary answer' }] },
  input: [{ id: 'msg_1', content: 'canary question', seed: 1 }],
  context: [{ id: 'msg_0', content: 'canary before' }],
}

it('are had again part by part, and nothing of them can be read where they lie', async () => {
  const { services, entry, place, settle } = await entered()
  const { caller } = entry
  expect(await readKept(services, caller, 'resp_1', ['response'])).toBeNull()
  await putKept(services, caller, 'resp_1', kept)
  expect(await readKept(services, caller, 'resp_1', ['input'])).toEqual({ input: kept.input })
  expect(await readKept(services, caller, 'resp_1', ['response', 'input', 'context'])).toEqual(kept)
  const rows = await runInDurableObject(ownedStub<ResponseObject>(env.RESPONSE, place, 'resp_1'), (_, { storage }) =>
    storage.sql.exec('SELECT * FROM chunks').toArray(),
  )
  expect(rows.map(({ part }) => part).sort()).toEqual(['context', 'input', 'response'])
  expect(JSON.stringify(rows)).not.toMatch(/canary|completed/)
  await settle()
})

it('open in no other’s place', async () => {
  const { services, entry, place, settle } = await entered()
  await putKept(services, entry.caller, 'resp_1', kept)
  const parts = await services.responses.get(place, 'resp_1', ['response', 'input', 'context'])
  if (parts === null) throw new Error('it is kept')
  await services.responses.put(place, 'resp_2', parts, 1_000_000)
  await expect(readKept(services, entry.caller, 'resp_2', ['response'])).rejects.toThrow()
  await services.responses.put(place, 'resp_1', { ...parts, input: parts.context }, 1_000_000)
  await expect(readKept(services, entry.caller, 'resp_1', ['input'])).rejects.toThrow()
  await settle()
})

it('have ids of visible ASCII, not too long', () => {
  for (const id of ['resp_1', 'x', '!'.repeat(128)]) expect(isKeepableId(id)).toBe(true)
  for (const id of ['', 'a b', 'ä', 'x'.repeat(129), 7, null, undefined]) expect(isKeepableId(id)).toBe(false)
})

it('are found by the items that a provider named, and by ours', async () => {
  const { services, entry, place, settle } = await entered()
  const { caller } = entry
  const unique = '0123456789abcdef0123456789abcdef'
  const output = [{ id: 'msg_up1' }, { id: `fc_${unique}_0` }, { id: 'not an id' }, {}]
  await putKept(services, caller, 'resp_up', { ...kept, response: { id: 'resp_up', output } })
  expect(await responseWith(services, caller, 'msg_up1')).toBe('resp_up')
  expect(await responseWith(services, caller, `fc_${unique}_0`)).toBe(`resp_${unique}`)
  for (const id of ['msg_up2', 'not an id', undefined]) expect(await responseWith(services, caller, id)).toBeNull()
  const sealed = await services.responses.get(place, 'item msg_up1', ['response'])
  expect(sealed?.response).not.toContain('resp_up')
  // An item is no response.
  expect(await readKept(services, caller, 'msg_up1', ['response'])).toBeNull()
  await settle()
})
