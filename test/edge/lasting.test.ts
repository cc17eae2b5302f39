/** What outlives a request: nothing, of most. */
import { describe, expect, it } from 'vitest'
import type { Exchange } from '../../src/edge/exchange.ts'
import { lastingOf } from '../../src/edge/lasting.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { requestOf } from '../support/path.ts'

type Json = Readonly<Record<string, unknown>>

function lasting(path: string, body: Json, headers: Record<string, string> = {}) {
  const skin = SKINS[path]
  if (skin === undefined) throw new Error('there is no such skin')
  const native = { form: 'responses', body, headers: {}, dropped: [] } as const
  const request = requestOf({ alias: 'm', body, ...(path === '/v1/responses' ? { native } : {}) })
  const entry = { caller: { tenant: {} } } as unknown as Exchange['entry']
  return lastingOf({ skin, entry, request }, new Headers(headers))
}
const responses = (body: Json, headers = {}) => lasting('/v1/responses', { model: 'm', input: 'x', ...body }, headers)

describe('a response', () => {
  it('is kept unless its caller says otherwise', () => {
    expect(responses({})).toMatchObject({ store: true, background: false, previousResponseId: undefined })
    expect(responses({ store: null })).toMatchObject({ store: true })
    expect(responses({ store: false })).toBeNull()
  })

  it.each<[Json, Json]>([
    [{ background: true }, { background: true }],
    [{ previous_response_id: 'resp_1' }, { previousResponseId: 'resp_1' }],
    [{ conversation: 'conv_1' }, { conversation: 'conv_1' }],
    [{ conversation: { id: 'conv_1' } }, { conversation: 'conv_1' }],
    [{ prompt: { id: 'p' } }, { template: { id: 'p' } }],
  ])('that is not kept may last all the same: %j', (body, expected) =>
    expect(responses({ store: false, ...body })).toMatchObject({ store: false, ...expected }),
  )

  it('goes on from one thing', () =>
    expect(responses({ previous_response_id: 'resp_1', conversation: 'conv_1' })).toMatchObject({
      code: 'invalid_request',
      param: 'previous_response_id',
    }))

  it('may have headers besides', () =>
    expect(responses({ store: false }, { 'idempotency-key': 'k' })).toMatchObject({
      store: false,
      idempotencyKey: 'k',
    }))
})

describe('any other request', () => {
  it('lasts only where its headers say so', () => {
    expect(lasting('/v1/chat/completions', { model: 'm', store: true })).toBeNull()
    expect(lasting('/v1/messages', { model: 'm' }, { 'x-sluice-session': 's' })).toMatchObject({
      session: 's',
      store: false,
    })
    expect(lasting('/v1/messages', { model: 'm' }, { 'idempotency-key': 'x'.repeat(256) })).toMatchObject({
      code: 'invalid_request',
    })
  })
})
