/** One upstream call: what the provider is told, where it goes, and that secrets are open no longer than it. */
import { describe, expect, it, vi } from 'vitest'
import type { ProviderConfig } from '../../src/core/config.ts'
import { OPERATOR } from '../../src/core/sealed.ts'
import { call, NotCallable } from '../../src/dispatch/call.ts'
import type { ReplicaLease } from '../../src/dispatch/replica.ts'
import type { Candidate } from '../../src/route/route.ts'
import { candidatesOf, deploymentOf, json, pathServices, requestOf, scriptedProvider, sealed } from '../support/path.ts'

const NO_SIGNAL = new AbortController().signal

/** Services around a provider that answers `{}`, and a candidate of the provider's config given. */
function calling(provider: Partial<ProviderConfig> = {}, target: object = {}) {
  const scripted = scriptedProvider({ m: [json('{}')] })
  const services = pathServices(scripted)
  const deployment = deploymentOf(
    {
      providers: { p: { protocol: 'openai', baseUrl: 'https://p.example/v1', ...provider } },
      models: { model: { targets: [{ provider: 'p', model: 'm', ...target }] } },
    },
    { main: 'main-value' },
  )
  const [candidate] = candidatesOf(deployment).candidates
  if (candidate === undefined) throw new Error('no candidate')
  return { scripted, services, candidate: candidate as Candidate }
}

const pool = {
  replicas: [
    { id: 'a', url: 'https://a.example/v1' },
    { id: 'b', url: 'http://10.0.0.2/v1', binding: 'VPC' },
  ],
}

const leaseOf = (index: number, more: Partial<ReplicaLease> = {}): ReplicaLease => ({
  replica: pool.replicas[index] as ReplicaLease['replica'],
  choice: { reason: 'only', matchedBlocks: 0, blocks: 0, candidates: [] },
  first: () => undefined,
  release: () => undefined,
  ...more,
})

describe('call', () => {
  it('hands the request to the provider as it came, with what the target adds', async () => {
    const { scripted, services, candidate } = calling({ streamUsage: false }, { maxOutputTokens: 77 })
    const request = requestOf({ operation: 'completions', stream: true })
    const { signal } = new AbortController()
    const status = await call(services, candidate, request, null, signal, async (reply) => reply.status)
    expect(status).toBe(200)
    expect(scripted.calls).toStrictEqual([
      {
        operation: 'completions',
        baseUrl: 'https://p.example/v1',
        model: 'm',
        body: request.body,
        stream: true,
        streamUsage: false,
        betas: undefined,
        keepsBound: true,
        maxOutputTokens: 77,
        outputCap: undefined,
        credential: undefined,
        headers: {},
        outgoing: expect.any(Function),
        signal,
      },
    ])
    expect(scripted.calls[0]?.body).toBe(request.body)
  })

  it('tells the provider the bound that a candidate is held to', async () => {
    const { scripted, services, candidate } = calling({}, { maxOutputTokens: 77 })
    await call(services, { ...candidate, outputCap: 5 }, requestOf(), null, NO_SIGNAL, async () => null)
    expect(scripted.calls[0]).toMatchObject({ maxOutputTokens: 5, outputCap: 5 })
  })

  it('opens every credential for the length of the call, and tells their values to whoever reads the reply', async () => {
    const { scripted, services, candidate } = calling()
    const credentials = {
      primary: { owner: 'acme', name: 'main', record: sealed('primary-value') },
      headers: [
        ['x-literal', 'blue'],
        ['x-access', { owner: OPERATOR, name: 'access', record: sealed('access-value') }],
      ] as const,
      identity: '',
    }
    const request = requestOf({ traceparent: '00-abc-def-01' })
    const open = await call(services, { ...candidate, credentials }, request, null, NO_SIGNAL, async (_, secrets) => {
      expect(secrets).toEqual(['primary-value', 'access-value'])
      return services.vault.open
    })
    expect(open).toBe(2)
    expect(services.vault.open).toBe(0)
    expect(services.vault.opened).toEqual(['acme/main', '_/access'])
    expect(scripted.calls[0]?.credential).toBe('primary-value')
    expect(scripted.calls[0]?.headers).toEqual({
      'x-literal': 'blue',
      'x-access': 'access-value',
      traceparent: '00-abc-def-01',
    })
  })

  it('closes the secrets when the provider fails', async () => {
    const { services, candidate } = calling()
    const failing = { ...candidate, target: { ...candidate.target, model: 'unscripted' } }
    await expect(call(services, failing, requestOf(), null, NO_SIGNAL, async () => 1)).rejects.toThrow('no script')
    expect(services.vault.open).toBe(0)
  })

  it('goes to the replica, through its binding where it has one', async () => {
    const { scripted, services, candidate } = calling({ pool } as Partial<ProviderConfig>)
    const binding = { fetch: vi.fn(async (_url: string, _init: RequestInit) => new Response('bound')) }
    services.binding = (name) => (name === 'VPC' ? binding : undefined)
    const lease = leaseOf(1)
    await call(services, candidate, requestOf(), lease, NO_SIGNAL, async () => null)
    expect(scripted.calls[0]?.baseUrl).toBe('http://10.0.0.2/v1')
    const reply = await scripted.calls[0]?.outgoing({
      url: 'http://10.0.0.2/v1/x',
      method: 'GET',
      headers: {},
      signal: NO_SIGNAL,
    })
    expect(await reply?.text()).toBe('bound')
    expect(binding.fetch).toHaveBeenCalledTimes(1)
  })

  it('goes straight out where the replica has no binding', async () => {
    const { scripted, services, candidate } = calling({ pool } as Partial<ProviderConfig>)
    const fetched = vi.fn(async () => new Response('straight'))
    vi.stubGlobal('fetch', fetched)
    const asked = vi.spyOn(services, 'binding')
    const lease = leaseOf(0)
    await call(services, candidate, requestOf(), lease, NO_SIGNAL, async () => null)
    const reply = await scripted.calls[0]?.outgoing({
      url: 'https://a.example/v1/x',
      method: 'GET',
      headers: {},
      signal: NO_SIGNAL,
    })
    expect(await reply?.text()).toBe('straight')
    expect(asked).not.toHaveBeenCalled()
    vi.unstubAllGlobals()
  })

  it('is not made where the binding or the protocol does not exist', async () => {
    const { scripted, services, candidate } = calling({ pool } as Partial<ProviderConfig>)
    const lease = leaseOf(1)
    await expect(call(services, candidate, requestOf(), lease, NO_SIGNAL, async () => 1)).rejects.toThrow(NotCallable)
    services.providers.delete('openai')
    await expect(call(services, candidate, requestOf(), null, NO_SIGNAL, async () => 1)).rejects.toThrow(NotCallable)
    expect(scripted.calls).toEqual([])
    expect(services.vault.opened).toEqual([])
  })

  it('goes the way of a worker that has dialled in, with what keeps tenants apart there', async () => {
    const { scripted, services, candidate } = calling({ pool } as Partial<ProviderConfig>)
    const through = { fetch: vi.fn(async () => new Response('pulled')) }
    const lease = leaseOf(0, { through, cacheSalt: 'salt' })
    await call(services, candidate, requestOf(), lease, NO_SIGNAL, async () => null)
    const [asked] = scripted.calls
    const reply = await asked?.outgoing({ url: 'http://pool/x', method: 'GET', headers: {}, signal: NO_SIGNAL })
    expect(await reply?.text()).toBe('pulled')
    expect(asked?.cacheSalt).toBe('salt')
  })
})
