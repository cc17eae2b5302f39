/** Provider check: what is asked, with which secrets, and what is told of the answer. */
import { expect, it } from 'vitest'
import { checkProvider } from '../../src/admin/provider-check.ts'
import { providerSchema } from '../../src/core/config.ts'
import { PROVIDER_CHECK_MS } from '../../src/core/limits.ts'
import { OPERATOR, type SealedRecord } from '../../src/core/sealed.ts'
import { type Clock, systemClock } from '../../src/lib/clock.ts'
import { openaiProtocol } from '../../src/providers/openai-protocol.ts'
import type { Services } from '../../src/services.ts'
import { createVault } from '../../src/vault/vault.ts'

const vault = createVault({ masterKey: Buffer.alloc(32, 7).toString('base64'), clock: systemClock })
const CANARY = 'sk-canary-0123456789'

interface Call {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Replicas behind bindings, since a test reaches no network: binding name → its reply. */
async function check(
  replies: Record<string, (init: RequestInit) => Response | Promise<Response>>,
  provider: Record<string, unknown> = {},
  clock: Clock = systemClock,
) {
  const calls: Call[] = []
  const replicas = Object.keys(replies).map((binding) => ({
    id: binding.toLowerCase(),
    url: `http://${binding}/v1`,
    binding,
  }))
  const config = providerSchema.parse({ protocol: 'openai', pool: { replicas, ...provider } })
  const records = new Map<string, SealedRecord>()
  for (const name of ['main', 'second']) records.set(name, await vault.seal(OPERATOR, name, 1, `${CANARY}-${name}`))
  const services = {
    clock,
    vault,
    providers: new Map([['openai', openaiProtocol]]),
    binding: (name: string) => {
      const reply = replies[name]
      if (reply === undefined || name === 'ABSENT') return undefined
      return {
        fetch: async (url: string, init: RequestInit) => {
          calls.push({ url, headers: init.headers as Record<string, string> })
          return reply(init)
        },
      }
    },
  } as unknown as Services
  const verdict = await checkProvider(services, config, records)
  expect(JSON.stringify(verdict)).not.toContain('canary')
  return { verdict, calls }
}

const models = (...ids: string[]) => Response.json({ object: 'list', data: ids.map((id) => ({ id })) })

it('asks every replica that is on, with the opened secrets, and gathers the models', async () => {
  const { verdict, calls } = await check(
    { A: () => models('x', 'y'), B: () => models('y', 'z') },
    { credential: 'main', headers: { 'x-plain': 'p', 'x-secret': { credential: 'second' } } },
  )
  expect(verdict).toEqual({ ok: true, latencyMs: expect.any(Number), models: ['x', 'y', 'z'] })
  expect(calls.map(({ url }) => url).sort()).toEqual(['http://A/v1/models', 'http://B/v1/models'])
  expect(calls[0]?.headers).toMatchObject({
    authorization: `Bearer ${CANARY}-main`,
    'x-plain': 'p',
    'x-secret': `${CANARY}-second`,
  })
})

it.each([
  ['it does not accept the credential', () => Response.json({ error: { message: `bad ${CANARY}` } }, { status: 401 })],
  ['it redirects', () => new Response(null, { status: 307, headers: { location: 'http://elsewhere/' } })],
  ['is the version path', () => new Response('canary', { status: 404 })],
  ['answered 500', () => new Response('canary', { status: 500 })],
  ['not with a list of models', () => new Response('<html>canary')],
  ['not with a list of models', () => Response.json({ data: 'canary' })],
  ['not with a list of models', () => new Response(null)],
  ['could not be reached', () => Promise.reject(new TypeError(`Invalid header value ${CANARY}`))],
])('says %s', async (told, reply) => {
  const { verdict } = await check({ A: reply }, { credential: 'main' })
  expect(verdict).toMatchObject({ ok: false, error: expect.stringContaining(told) })
})

it('names the replicas that fail beside one that is fine', async () => {
  const { verdict } = await check({
    A: () => models('x'),
    B: () => new Response(null, { status: 503 }),
    ABSENT: () => models(),
  })
  expect(verdict).toMatchObject({
    ok: false,
    error: 'replica "b" answered 503; replica "absent" needs the missing binding ABSENT',
  })
})

it('says what is missing before it asks anyone', async () => {
  const missing = await check({ A: () => models() }, { credential: 'ghost' })
  expect(missing).toMatchObject({ calls: [], verdict: { ok: false, error: 'there is no credential "ghost"' } })
  const replicas = [{ id: 'a', url: 'http://a/v1', state: 'disabled' }]
  const off = await check({ A: () => models() }, { replicas })
  expect(off).toMatchObject({ calls: [], verdict: { ok: false, error: 'every replica is disabled' } })
  const dialled = await check({}, { workers: true })
  expect(dialled).toMatchObject({
    calls: [],
    verdict: { ok: false, error: expect.stringContaining('workers dial in') },
  })
})

it('gives up at its deadline', async () => {
  const timers: { ms: number; callback: () => void }[] = []
  const clock: Clock = {
    now: () => 0,
    after: (ms, callback) => {
      timers.push({ ms, callback })
      return () => {}
    },
  }
  const silent = ({ signal }: RequestInit) =>
    new Promise<Response>((_, reject) => {
      signal?.addEventListener('abort', () => reject(new Error('aborted')))
      timers[0]?.callback()
    })
  const { verdict } = await check({ A: silent }, {}, clock)
  expect(timers[0]?.ms).toBe(PROVIDER_CHECK_MS)
  expect(verdict).toMatchObject({ ok: false, error: 'replica "a" did not answer within 10 s' })
})

it('does not read an endless list', async () => {
  const { verdict } = await check({
    A: () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(0x20)) }),
      ),
  })
  expect(verdict).toMatchObject({ ok: false, error: expect.stringContaining('not with a list') })
})
