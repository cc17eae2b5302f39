/** Every way in and every way out of the path: what the caller gets, and the one row that is kept of it. */
import { expect, it } from 'vitest'
import { enter } from '../src/authenticate/enter.ts'
import { refusal } from '../src/core/errors.ts'
import { leave, refuse } from '../src/gateway.ts'
import { COST_MICRO_USD, entered, USED } from './support/entered.ts'
import { DONE, finish, providerError, role, text, usage, whole } from './support/wire.ts'
import { CONFIG, feed, isolate, silence, upstream } from './support/worker.ts'

/** A stream begun: its first piece is taken, and the rest is the test's to feed. */
async function begun() {
  const fed = feed()
  const at = await entered({ scripts: [fed.script] })
  const client = new AbortController()
  const pending = at.ask('priced', { stream: true }, client.signal)
  await at.clock.advance(300)
  fed.push(role() + text('Hel'))
  const answered = await pending
  if (answered.kind !== 'stream') throw new Error(answered.kind)
  expect(new TextDecoder().decode((await answered.live.next()) as Uint8Array)).toBe(role() + text('Hel'))
  return { ...at, fed, client, live: answered.live, answered }
}

it('lets a good key in, with the version of the deployment that serves the whole request', async () => {
  const { entry, place, keyId, services } = await entered({ config: { ...CONFIG, log: 'off' } })
  expect(entry.kind).toBe('entry')
  expect(entry.caller).toMatchObject({ tenantId: place.id, generation: place.generation, key: { id: keyId } })
  expect(entry.deployment.config.log).toBe('off')
  expect(entry.deployment).toBe(services.deployment.peek())
})

it('asks for the deployment only where none is kept', async () => {
  const { services, guard, key, entry } = await entered()
  const kept = { peek: () => entry.deployment, get: () => Promise.reject(new Error('asked')) }
  const again = await enter({ ...services, deployment: kept }, guard, { authorization: null, apiKey: key })
  expect(again.kind).toBe('entry')
})

it('lets nobody in while the configuration cannot be read', async () => {
  const { services, guard, key } = await isolate()
  const deployment = { peek: () => undefined, get: () => Promise.reject(new Error('down')) }
  expect(await enter({ ...services, deployment }, guard, { authorization: null, apiKey: key })).toMatchObject({
    kind: 'refused',
    refusal: { code: 'overloaded', status: 503, retryAfterMs: 1000 },
  })
})

it('lets no bad key in, and keeps no row of it', async () => {
  const at = await isolate()
  expect(await enter(at.services, at.guard, { authorization: 'Bearer slc_x', apiKey: null })).toMatchObject({
    kind: 'refused',
    refusal: { code: 'invalid_api_key', status: 401 },
  })
  expect(await at.rows()).toEqual([])
})

it('records a request that routing refuses', async () => {
  const at = await entered()
  expect(await at.ask('nothing')).toMatchObject({
    kind: 'refused',
    refusal: { code: 'model_not_found' },
    attempts: 0,
    target: null,
    askedAtMs: null,
  })
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'refused', status: 404, model: 'nothing', key: at.keyId })
  expect(rows[0]).toMatchObject({ attempts: 0, target: null, usage: null, costMicroUsd: null, firstTokenMs: null })
})

it('records as failed, not as refused, what has no usable target left', async () => {
  const at = await entered({ scripts: [upstream(providerError('no'), { status: 401 })] })
  expect(await at.ask('priced')).toMatchObject({ kind: 'refused', attempts: 1, refusal: { status: 502 } })
  expect(await at.ask('priced')).toMatchObject({ kind: 'refused', attempts: 0, refusal: { code: 'upstream_failed' } })
  expect(at.calls).toHaveLength(1)
  expect(await at.rows()).toMatchObject([
    { outcome: 'failed', status: 502, attempts: 1, target: 'up/m' },
    { outcome: 'failed', status: 502, attempts: 0, target: null },
  ])
})

it("records the caller's fault that a provider found", async () => {
  const body = providerError('bad tools', { param: 'tools' })
  const at = await entered({ scripts: [upstream(body, { status: 422 })] })
  expect(await at.ask('both')).toMatchObject({
    kind: 'refused',
    refusal: { code: 'upstream_rejected', status: 422, message: 'bad tools', param: 'tools' },
    attempts: 1,
  })
  expect(await at.rows()).toMatchObject([
    { outcome: 'refused', status: 422, attempts: 1, target: 'up/m', usage: null, costMicroUsd: null },
  ])
})

it('records a request that nobody could answer', async () => {
  const at = await entered({ scripts: [upstream('', { status: 500 })] })
  expect(await at.ask('priced')).toMatchObject({
    kind: 'refused',
    refusal: { code: 'upstream_failed', status: 502 },
    target: { id: 'up/m' },
  })
  expect(await at.rows()).toMatchObject([{ outcome: 'failed', status: 502, attempts: 1, usage: null }])
})

it('records a client who left before there was an answer, with a status that was never sent', async () => {
  const at = await entered({ scripts: [silence] })
  const client = new AbortController()
  const pending = at.ask('priced', {}, client.signal)
  await at.clock.advance(700)
  client.abort()
  expect(await pending).toMatchObject({ kind: 'cancelled', attempts: 1, target: { id: 'up/m' } })
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'cancelled', status: 499, attempts: 1, target: 'up/m', totalMs: 700 })
  // Whoever was asked has the prompt, and bills it.
  expect(rows[0]).toMatchObject({ usage: { inputTokens: 20, outputTokens: 0, source: 'estimated' }, costMicroUsd: 40 })
  expect(rows[0]).toMatchObject({ firstTokenMs: null })
})

it('records a whole answer with its usage and cost', async () => {
  const at = await entered({ scripts: [upstream(whole('hello'))] })
  const answered = await at.ask('priced')
  expect(answered).toMatchObject({ kind: 'whole', usage: USED, costMicroUsd: COST_MICRO_USD, attempts: 1 })
  expect(answered.kind === 'whole' && (await new Response(answered.body).text())).toBe(whole('hello'))
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'finished', status: 200, model: 'priced', target: 'up/m', attempts: 1 })
  expect(rows[0]).toMatchObject({ usage: USED, costMicroUsd: COST_MICRO_USD, cache: 'bypass', firstTokenMs: null })
})

it('knows no cost where the target has no price', async () => {
  const at = await entered({ scripts: [upstream(whole('hello'))] })
  expect(await at.ask('plain')).toMatchObject({ kind: 'whole', costMicroUsd: null })
  expect(await at.rows()).toMatchObject([{ usage: USED, costMicroUsd: null, target: 'spare/s' }])
})

it('records a stream when it has ended, and not before', async () => {
  const at = await begun()
  expect(at.answered).toMatchObject({ attempts: 1, target: { id: 'up/m' } })
  await at.clock.advance(200)
  expect(await at.services.tenantAdmin(at.place).requests(undefined, 10)).toMatchObject({ data: [] })
  at.fed.push(finish() + usage() + DONE)
  at.fed.close()
  while ((await at.live.next()) instanceof Uint8Array);
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'finished', status: 200, usage: USED, costMicroUsd: COST_MICRO_USD })
  expect(rows[0]).toMatchObject({ firstTokenMs: 300, totalMs: 500, attempts: 1, target: 'up/m', model: 'priced' })
})

it('records a stream whose client left, with what was used; 200 had been sent', async () => {
  const at = await begun()
  at.client.abort()
  expect(await at.live.next()).toMatchObject({ kind: 'cancelled' })
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'cancelled', status: 200, firstTokenMs: 300 })
  expect(rows[0]?.usage).toMatchObject({ source: 'estimated', inputTokens: 20 })
  expect(rows[0]?.costMicroUsd).toBeGreaterThan(0)
})

it('records a stream that broke', async () => {
  const at = await begun()
  at.fed.cut()
  expect(await at.live.next()).toMatchObject({ kind: 'broken', code: 'upstream_failed' })
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ outcome: 'broken', status: 200, firstTokenMs: 300, target: 'up/m' })
  expect(at.lines).toContainEqual(
    expect.objectContaining({ event: 'request', outcome: 'broken', code: 'upstream_failed' }),
  )
})

it('records a refusal before there was a request', async () => {
  const at = await entered()
  const known = { requestId: crypto.randomUUID(), startedAtMs: at.clock.now() - 40 }
  refuse(at.services, at.entry, { ...known, alias: null }, refusal('request_too_large', 'Less.'))
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ requestId: known.requestId, model: null, outcome: 'refused', status: 413 })
  expect(rows[0]).toMatchObject({ attempts: 0, target: null, usage: null, costMicroUsd: null, totalMs: 40 })
})

it('records a client who left before there was a request', async () => {
  const at = await entered()
  leave(at.services, at.entry, { requestId: crypto.randomUUID(), startedAtMs: at.clock.now() - 40, alias: null })
  const rows = await at.rows()
  expect(rows).toHaveLength(1)
  expect(rows[0]).toMatchObject({ model: null, outcome: 'cancelled', status: 499, attempts: 0, totalMs: 40 })
})

it('writes lines as the config says, with the code of what went wrong', async () => {
  const codes = async (log: 'off' | 'errors' | 'all') => {
    const at = await entered({ config: { ...CONFIG, log }, scripts: [upstream(whole('hello'))] })
    await at.ask('priced')
    await at.ask('nothing')
    await at.settle()
    return at.lines.filter(({ event }) => event === 'request').map(({ code, outcome }) => [outcome, code])
  }
  expect(await codes('off')).toEqual([])
  expect(await codes('errors')).toEqual([['refused', 'model_not_found']])
  expect(await codes('all')).toEqual([
    ['finished', null],
    ['refused', 'model_not_found'],
  ])
})
