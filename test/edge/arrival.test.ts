/** The way in: who comes in, how others are told, and the one row of whoever is refused or leaves. */
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { arrive, isJson, presentedBy, seenThrough } from '../../src/edge/arrival.ts'
import { openaiErrors } from '../../src/edge/skin-errors.ts'
import { isolate } from '../support/worker.ts'

const requestOf = (key: string) =>
  new Request('https://sluice.test/', { headers: { 'x-api-key': key, 'x-request-id': 'mine' } })

it('lets a good key in, and keeps one row of however that ends', async () => {
  const at = await isolate()
  const arrived = await arrive(at, requestOf(at.key), openaiErrors)
  if (arrived instanceof Response) throw new Error(String(arrived.status))
  expect(arrived.entry.caller.tenantId).toBe(at.place.id)
  expect(arrived.headers).toEqual({ 'x-request-id': arrived.identity.requestId, 'x-client-request-id': 'mine' })
  expect(arrived.identity.startedAtMs).toBe(at.clock.now())
  const refused = arrived.refused(refusal('not_found', 'No.'), 'alias')
  expect([refused.status, refused.headers.get('x-sluice-model')]).toEqual([404, 'alias'])
  expect(await refused.json()).toMatchObject({ error: { code: 'not_found' } })
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 404, model: 'alias' }])
})

it('keeps a row of whoever leaves', async () => {
  const at = await isolate()
  const arrived = await arrive(at, requestOf(at.key), openaiErrors)
  if (arrived instanceof Response) throw new Error(String(arrived.status))
  arrived.left()
  expect(await at.rows()).toMatchObject([{ outcome: 'cancelled', status: 499, model: null, attempts: 0 }])
})

it('tells a bad key so, and keeps no row of it', async () => {
  const at = await isolate()
  const arrived = await arrive(at, requestOf(`${at.key}x`), openaiErrors)
  expect(arrived instanceof Response && arrived.status).toBe(401)
  expect(await at.rows()).toEqual([])
})

it('sees a request through, and leaves what fails to the app', async () => {
  const kept: Promise<unknown>[] = []
  const services = { background: (work: Promise<unknown>) => void kept.push(work) }
  const context = { req: { raw: requestOf('x') } } as unknown as Parameters<ReturnType<typeof seenThrough>>[0]
  const failing = seenThrough(services, () => Promise.reject(new Error('ours')))
  await expect(failing(context)).rejects.toThrow('ours')
  expect(await Promise.all(kept)).toEqual([undefined])
})

it('knows where a key is, and what is JSON', () => {
  expect(presentedBy(requestOf('k'))).toEqual({ authorization: null, apiKey: 'k' })
  expect(['application/json', 'Application/JSON ; a=b', 'application/jsonx', null].map(isJson)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
