/** Signing by Standard Webhooks: the standard's own example, and what OpenAI's SDK makes of it. */
import OpenAI from 'openai'
import { expect, it } from 'vitest'
import { webhookHeaders, webhookSecret } from '../../src/lib/standard-webhooks.ts'

const bytes = (seed: number): Uint8Array => new Uint8Array(33).fill(seed)
const BODY = JSON.stringify({ id: 'evt_1', object: 'event', type: 'response.completed', data: { id: 'resp_é' } })
const client = new OpenAI({ apiKey: 'none' })

it('signs the example of the standard’s reference libraries as they do', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek'
  expect(await webhookHeaders([secret], id, 1_614_265_330_999, '{"test": 2432232314}')).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  })
})

it('is what OpenAI’s SDK verifies, by either secret of a rotation', async () => {
  const [before, now, other] = [webhookSecret(bytes(1)), webhookSecret(bytes(2)), webhookSecret(bytes(3))]
  const headers = await webhookHeaders([now, before], 'evt_1', Date.now(), BODY)
  expect(headers['webhook-signature'].split(' ')).toHaveLength(2)
  for (const secret of [now, before]) {
    expect(await client.webhooks.unwrap(BODY, headers, secret)).toEqual(JSON.parse(BODY))
  }
  await expect(client.webhooks.unwrap(BODY, headers, other)).rejects.toThrow('signature')
  await expect(client.webhooks.unwrap(`${BODY} `, headers, now)).rejects.toThrow('signature')
  const moved = { ...headers, 'webhook-id': 'evt_2' }
  await expect(client.webhooks.unwrap(BODY, moved, now)).rejects.toThrow('signature')
  const old = await webhookHeaders([now], 'evt_1', Date.now() - 301_000, BODY)
  await expect(client.webhooks.unwrap(BODY, old, now)).rejects.toThrow('too old')
})

it('has secrets without padding, which people copy whole', () => {
  expect(webhookSecret(bytes(1))).toMatch(/^whsec_[A-Za-z0-9+/]{44}$/)
})

it.each(['', 'whsec_', 'canary', 'whsec_not base64!', 'AAAA'])('refuses %j without quoting it', async (secret) => {
  const failed = await webhookHeaders([secret], 'evt_1', 0, BODY).catch((error: Error) => error.message)
  expect(failed).toBe('it is not a webhook secret')
})
