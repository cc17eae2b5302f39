/** The composition root: what one isolate is made of, which variable keeps it from working, and what it knows of itself. */
import { env } from 'cloudflare:test'
import { afterEach, expect, it, vi } from 'vitest'
import { providers } from '../src/providers/registry.ts'
import { createServices, type Services } from '../src/services.ts'

const variables = env as unknown as Record<string, unknown>

function made(more: Record<string, unknown> = {}, background: Services['background'] = () => {}): Services {
  const services = createServices({ ...variables, ...more } as unknown as Env, background)
  if ('fault' in services) throw new Error(services.fault.message)
  return services
}

/** A Directory of which a test says what it answers. */
const directoryOf = (snapshot: (known: number) => Promise<unknown>) => ({
  idFromName: () => 'id',
  get: () => ({ snapshot }),
})

const snapshotOf = (revision: number) => ({
  revision,
  configVersion: 1,
  config: {
    providers: { up: { protocol: 'openai', baseUrl: 'https://up.test/v1', streamUsage: true } },
    models: { [`m${revision}`]: { targets: [{ provider: 'up', model: 'm', weight: 1 }] } },
  },
  credentials: {},
  pepper: null,
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

it('names the variable that keeps it from working', () => {
  const fault = (more: Record<string, unknown>) =>
    createServices({ ...variables, ...more } as unknown as Env, () => {}) as { fault?: { variable: string } }
  expect(fault({ SLUICE_MASTER_KEY: 'c2hvcnQ=' }).fault?.variable).toBe('SLUICE_MASTER_KEY')
  expect(fault({ SLUICE_MASTER_KEY_PREVIOUS: 'c2hvcnQ=' }).fault?.variable).toBe('SLUICE_MASTER_KEY_PREVIOUS')
  expect(fault({ SLUICE_ADMIN_TOKEN: undefined }).fault?.variable).toBe('SLUICE_ADMIN_TOKEN')
  expect(fault({}).fault).toBeUndefined()
})

it('hands on what the variables say', () => {
  const token = 'x'.repeat(32)
  expect(made({ SLUICE_ADMIN_TOKEN_PREVIOUS: token }).adminTokens).toEqual([variables.SLUICE_ADMIN_TOKEN, token])
  expect(made().allowPrivate).toBe(true)
  expect(made({ SLUICE_ALLOW_PRIVATE: '0' }).allowPrivate).toBe(false)
  expect(made().webhooksPrivate).toBe(false)
  expect(made({ SLUICE_WEBHOOKS_PRIVATE: '1' }).webhooksPrivate).toBe(true)
  const background = () => {}
  expect(made({}, background).background).toBe(background)
})

it('carries every provider of the registry', () => {
  expect([...made().providers.keys()].sort()).toEqual([...providers().keys()].sort())
})

it('seals under the current master key and still opens what the previous one sealed', async () => {
  const before = made()
  const record = await before.vault.seal('operator', 'name', 1, 'the value')
  const next = { SLUICE_MASTER_KEY: Buffer.alloc(32, 5).toString('base64') }
  const after = made({ ...next, SLUICE_MASTER_KEY_PREVIOUS: variables.SLUICE_MASTER_KEY })
  expect(await after.vault.use('operator', 'name', record, (value) => value)).toBe('the value')
  expect(after.vault.isCurrent(record)).toBe(false)
  expect(before.vault.isCurrent(record)).toBe(true)
  await expect(made(next).vault.use('operator', 'name', record, (value) => value)).rejects.toThrow()
})

it('finds a binding that can be fetched from, and nothing else of that name', async () => {
  const fetcher = { fetch: async () => new Response('through') }
  const stub = env.TENANT.get(env.TENANT.idFromName('any'))
  const { binding } = made({ GPU_VPC: fetcher, REAL: stub, NOTHING: null, TEXT: 'fetch' })
  expect(binding('GPU_VPC')).toBe(fetcher)
  expect(binding('REAL'), 'a fetcher of the runtime, which answers to every name').toBe(stub)
  for (const name of ['ABSENT', 'NOTHING', 'TEXT', 'SLUICE_MASTER_KEY', 'TENANT']) expect(binding(name)).toBeUndefined()
})

it('writes one line of JSON a time', () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => {})
  made().log({ level: 'info', event: 'x' })
  expect(written.mock.calls).toEqual([['{"level":"info","event":"x"}']])
})

it('reads the Directory, the tenants and their admin side through one deployment', async () => {
  const { directoryAdmin, directory, deployment, tenants, tenantAdmin } = made()
  const tenant = { id: 'services', name: 'S', state: 'active' as const, createdAt: '2026-01-01T00:00:00Z' }
  const place = await directoryAdmin.createTenant(tenant, 'test')
  if (place === 'exists') throw new Error('exists')
  expect(await directory.place('services')).toEqual(place)
  expect(await tenantAdmin(place).tenant()).toMatchObject({ id: 'services' })
  expect(await tenants.lookUp(place, 'nokey000', 'digest')).toEqual({ kind: 'unknown' })
  expect((await deployment.get()).configVersion).toBe((await directoryAdmin.config()).version)
})

it('keeps the newest snapshot with its models compiled, and asks with the revision it has', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const asked: number[] = []
  let newest = 1
  const DIRECTORY = directoryOf(async (known) => {
    asked.push(known)
    return known === newest ? null : snapshotOf(newest)
  })
  const background: Promise<unknown>[] = []
  const { deployment } = made({ DIRECTORY }, (work) => void background.push(work))
  expect(deployment.peek()).toBeUndefined()
  const first = await deployment.get()
  expect([...first.models.keys()]).toEqual(['m1'])
  expect(first.models.get('m1')?.targets[0]?.id).toBe('up/m')

  vi.setSystemTime(Date.now() + 6001)
  expect(deployment.peek()).toBe(first)
  await Promise.all(background)
  expect(deployment.peek(), 'the same, since nothing changed').toBe(first)
  newest = 2
  vi.setSystemTime(Date.now() + 6001)
  deployment.peek()
  await Promise.all(background)
  expect([...(deployment.peek()?.models.keys() ?? [])]).toEqual(['m2'])
  expect(asked).toEqual([-1, 1, 1])
})

it('does not take "nothing new" for a deployment when it has none', async () => {
  await expect(made({ DIRECTORY: directoryOf(async () => null) }).deployment.get()).rejects.toThrow('no snapshot')
})

it('counts the time in which the Directory could not be asked', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  let isDown = false
  const DIRECTORY = directoryOf(async (known) => {
    if (isDown) throw new Error('down')
    return known === 1 ? null : snapshotOf(1)
  })
  const background: Promise<unknown>[] = []
  const { deployment, status } = made({ DIRECTORY }, (work) => void background.push(work))
  const degraded = () => status?.().degradedSeconds
  const look = async () => {
    await deployment.get().catch(() => {})
    await Promise.all(background)
  }
  const pass = (ms: number) => vi.setSystemTime(Date.now() + ms)
  await deployment.get()
  pass(6001)
  expect(degraded()).toBe(0)

  isDown = true
  await look()
  pass(20_000)
  expect(degraded(), 'still counting').toBe(20)
  await look()
  pass(10_000)
  isDown = false
  await look()
  expect(degraded()).toBe(30)
  pass(6001)
  expect(degraded(), 'back in reach').toBe(30)

  isDown = true
  await look()
  pass(4000)
  expect(degraded(), 'both times').toBe(34)
})

it('tells how many usage rows were dropped', () => {
  const { status, usageBuffer } = made()
  expect(status?.()).toEqual({ degradedSeconds: 0, rowsDropped: 0, ledgerCalls: 0 })
  vi.spyOn(usageBuffer, 'dropped', 'get').mockReturnValue(3)
  expect(status?.().rowsDropped).toBe(3)
})
