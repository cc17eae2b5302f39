/** A request that was read, refused all the same. */
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import type { Exchange } from '../../src/edge/exchange.ts'
import { refusedReply } from '../../src/edge/refused.ts'
import { SKINS } from '../../src/edge/skins.ts'
import { entered, nobody, requestOf } from '../support/entered.ts'

it('is told why in the words of its skin, recorded, and its body released', async () => {
  const at = await entered()
  const skin = SKINS['/v1/messages']
  if (skin === undefined) throw new Error('there is such a skin')
  let released = 0
  const exchange: Exchange = {
    skin,
    entry: at.entry,
    request: requestOf('priced', at.clock.now()),
    client: { signal: nobody },
    headers: { 'x-request-id': 'r' },
    release: () => void released++,
    text: '{}',
  }
  const reply = refusedReply(at, exchange, refusal('invalid_request', 'Not so.', { param: 'x' }))
  expect(reply.status).toBe(400)
  expect(await reply.json()).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  expect(reply.headers.get('x-sluice-attempts')).toBe('0')
  expect(released).toBe(1)
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 400, model: 'priced' }])
})
