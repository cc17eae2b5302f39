/** One attempt at telling a receiver: what goes out, and what comes of everything that can come back. */
import OpenAI from 'openai'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { webhookSecretName } from '../../src/core/sealed.ts'
import { endEvent, type TenantWebhook } from '../../src/core/webhook.ts'
import { WEBHOOK_ATTEMPT_MS } from '../../src/core/webhook-limits.ts'
import { webhookSender } from '../../src/jobs/webhook.ts'
import { toBase64 } from '../../src/lib/hash.ts'
import { webhookSecret } from '../../src/lib/standard-webhooks.ts'
import { USER_AGENT } from '../../src/lib/version.ts'
import { createVault } from '../../src/vault/vault.ts'
import { manualClock, turn } from '../support/manual-clock.ts'

const PLACE = { id: 'acme', generation: 'g1' }
const URL_OF = 'https://hooks.example.com/in?of=acme'
const [BEFORE, NOW] = [1, 2].map((seed) => webhookSecret(new Uint8Array(33).fill(seed))) as [string, string]
const EVENT = endEvent('response', 'resp_1', 'completed', Date.now())
const masterKey = toBase64(new Uint8Array(32).fill(1))

/** A sender whose tenant has two secrets, and a network in the test's hand. */
async function world() {
  const clock = manualClock(Date.now())
  const vault = createVault({ masterKey, clock })
  const sealed = (version: number, value: string) => vault.seal(PLACE.id, webhookSecretName(version), version, value)
  const webhook: TenantWebhook = {
    url: null,
    secret: await sealed(2, NOW),
    previous: { secret: await sealed(1, BEFORE), until: '2099-01-01T00:00:00Z' },
  }
  const state = {
    webhook: async (): Promise<TenantWebhook | null> => webhook,
    answer: async (_signal: AbortSignal): Promise<Response> => new Response('fine', { status: 202 }),
    webhooksPrivate: false,
    isBound: true,
  }
  const sent: { url: string; init: RequestInit }[] = []
  const network = {
    fetch(url: string, init: RequestInit) {
      sent.push({ url, init })
      return state.answer(init.signal as AbortSignal)
    },
  }
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => network.fetch(`global ${url}`, init))
  const deliver = (url = URL_OF) =>
    webhookSender({
      clock,
      vault,
      tenants: { webhook: () => state.webhook() },
      binding: (name) => (name === 'WEBHOOKS' && state.isBound ? network : undefined),
      webhooksPrivate: state.webhooksPrivate,
    })(PLACE, { ...EVENT, url })
  return { clock, state, sent, deliver, webhook }
}

let at: Awaited<ReturnType<typeof world>>
beforeEach(async () => {
  at = await world()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

it('sends what OpenAI’s SDK unwraps with either secret, and nothing else', async () => {
  expect(await at.deliver()).toEqual({ status: 202 })
  const [{ url, init } = { url: '', init: {} }] = at.sent
  expect(url).toBe(URL_OF)
  expect(init).toMatchObject({ method: 'POST', redirect: 'manual', body: EVENT.body })
  const headers = init.headers as Record<string, string>
  expect(headers).toEqual({
    'content-type': 'application/json',
    'user-agent': USER_AGENT,
    'webhook-id': EVENT.id,
    'webhook-timestamp': String(Math.floor(at.clock.now() / 1000)),
    'webhook-signature': expect.stringMatching(/^v1,\S{44} v1,\S{44}$/),
  })
  const { webhooks } = new OpenAI({ apiKey: 'none' })
  for (const secret of [NOW, BEFORE]) {
    const event = await webhooks.unwrap(EVENT.body, headers, secret)
    expect(event).toMatchObject({ type: 'response.completed', data: { id: 'resp_1' } })
  }
  expect(JSON.stringify(at.sent)).not.toContain(NOW.slice(6))
})

it('signs with one secret where there is one, with a time of its own at each attempt and the same id', async () => {
  at.state.webhook = async () => ({ ...at.webhook, previous: null })
  await at.deliver()
  await at.clock.advance(5000)
  await at.deliver()
  const [first, second] = at.sent.map(({ init }) => init.headers as Record<string, string>)
  expect(first?.['webhook-signature']).toMatch(/^v1,\S{44}$/)
  expect(second?.['webhook-id']).toBe(first?.['webhook-id'])
  expect(Number(second?.['webhook-timestamp']) - Number(first?.['webhook-timestamp'])).toBe(5)
})

it('goes over the runtime’s own network where there is no other', async () => {
  at.state.isBound = false
  expect(await at.deliver()).toEqual({ status: 202 })
  expect(at.sent.map(({ url }) => url)).toEqual([`global ${URL_OF}`])
})

it('reads nothing of what comes back', async () => {
  const cancelled = vi.fn()
  const endless = new ReadableStream({ pull: () => new Promise(() => {}), cancel: cancelled })
  at.state.answer = async () => new Response(endless, { status: 200 })
  expect(await at.deliver()).toEqual({ status: 200 })
  expect(cancelled).toHaveBeenCalledOnce()
})

it('tells a redirect as what it is', async () => {
  at.state.answer = async () => new Response(null, { status: 307, headers: { location: 'http://127.0.0.1/' } })
  expect(await at.deliver()).toEqual({ status: 307 })
  expect(at.sent).toHaveLength(1)
})

it('gives up waiting at the deadline, and says so to whoever still tries', async () => {
  let signal: AbortSignal | undefined
  at.state.answer = (given) => {
    signal = given
    return new Promise(() => {})
  }
  const outcome = at.deliver()
  await vi.waitFor(() => expect(at.clock.timers).toBe(1))
  await at.clock.advance(WEBHOOK_ATTEMPT_MS - 1)
  expect(signal?.aborted).toBe(false)
  await at.clock.advance(1)
  expect(await outcome).toEqual({ failure: 'timeout' })
  expect(signal?.aborted).toBe(true)
})

it.each([
  ['unreachable', 'the network fails', () => (at.state.answer = () => Promise.reject(new Error('no route')))],
  ['no_secret', 'the tenant has no webhook any more', () => (at.state.webhook = async () => null)],
  ['unsigned', 'the tenant’s object is out of reach', () => (at.state.webhook = () => Promise.reject(new Error('x')))],
  [
    'unsigned',
    'a secret does not open',
    () => (at.state.webhook = async () => ({ ...at.webhook, secret: { ...at.webhook.secret, iv: 'AAAA' } })),
  ],
] as const)('%s: %s', async (failure, _, arrange) => {
  arrange()
  expect(await at.deliver()).toEqual({ failure })
  await turn()
  expect(at.clock.timers).toBe(0)
})

it('refuses a URL that is none by now, unless it is for development', async () => {
  expect(await at.deliver('http://127.0.0.1:9000/')).toEqual({ failure: 'url_refused' })
  expect(at.sent).toEqual([])
  at.state.webhooksPrivate = true
  expect(await at.deliver('http://127.0.0.1:9000/')).toEqual({ status: 202 })
})
