/** A request that was read and is refused: told in its skin's own words, recorded, and its body given back. */
import { expect, it } from 'vitest'
import { refusal } from '../../src/core/errors.ts'
import { refusedReply } from '../../src/edge/refused.ts'
import { messagesRequestOf } from '../support/exchange.ts'
import { isolate } from '../support/worker.ts'

it('answers as Messages does, and is a row', async () => {
  const at = await isolate()
  const { exchange, released } = await messagesRequestOf(at)
  const reply = refusedReply(at, exchange, refusal('invalid_request', 'No.', { param: 'x-sluice-prompt' }))
  expect(reply.status).toBe(400)
  expect(reply.headers.get('request-id')).toBe(exchange.headers['x-request-id'])
  expect(reply.headers.get('x-sluice-model')).toBe('priced')
  expect(await reply.json()).toMatchObject({ type: 'error', error: { message: 'x-sluice-prompt: No.' } })
  expect(released()).toBe(1)
  expect(await at.rows()).toMatchObject([{ outcome: 'refused', status: 400, model: 'priced' }])
})
