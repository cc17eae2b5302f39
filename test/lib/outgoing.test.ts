/** The one place that makes outgoing calls: what goes to `fetch`, and through which one. */
import { afterEach, expect, it, vi } from 'vitest'
import { askThrough, type OutgoingRequest, outgoingThrough, upgradeThrough } from '../../src/lib/outgoing.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

const post = (): OutgoingRequest => ({
  url: 'https://upstream.example/v1/chat/completions',
  method: 'POST',
  headers: { accept: 'application/json' },
  body: '{}',
  signal: new AbortController().signal,
})

it('never follows a redirect, and adds nothing to the request', async () => {
  const reply = new Response(null, { status: 307, headers: { location: 'https://elsewhere.example' } })
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => reply)
  vi.stubGlobal('fetch', fetched)
  const request = post()
  expect(await outgoingThrough()(request)).toBe(reply)
  expect(fetched.mock.calls).toEqual([
    [request.url, { method: 'POST', headers: request.headers, body: '{}', redirect: 'manual', signal: request.signal }],
  ])
})

it('sends no body where there is none', async () => {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => new Response('ok'))
  vi.stubGlobal('fetch', fetched)
  const { body: _, ...rest } = post()
  await outgoingThrough()({ ...rest, method: 'GET' })
  expect(fetched.mock.calls[0]?.[1]).not.toHaveProperty('body')
  expect(fetched.mock.calls[0]?.[1]).toMatchObject({ method: 'GET', redirect: 'manual' })
})

it('goes through the binding where one is given, as a method of it', async () => {
  const fetched = vi.fn()
  vi.stubGlobal('fetch', fetched)
  const binding = {
    seen: [] as unknown[],
    async fetch(url: string, init: RequestInit): Promise<Response> {
      this.seen.push([url, init.redirect, init.signal])
      return new Response('through')
    },
  }
  const request = post()
  const reply = await outgoingThrough(binding)(request)
  expect(await reply.text()).toBe('through')
  expect(binding.seen).toEqual([[request.url, 'manual', request.signal]])
  expect(fetched).not.toHaveBeenCalled()
})

it('asks an object of ours for a socket', async () => {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => new Response(null, { status: 409 }))
  expect((await upgradeThrough({ fetch: fetched }, 'https://session/ticket')).status).toBe(409)
  expect(fetched.mock.calls).toEqual([['https://session/ticket', { headers: { upgrade: 'websocket' } }]])
})

it('asks an object of ours with the headers given, with a socket or without', async () => {
  const fetched = vi.fn(async (_url: string, _init: RequestInit) => new Response(null, { status: 426 }))
  await askThrough({ fetch: fetched }, 'https://pool/worker', { a: 'b' })
  await upgradeThrough({ fetch: fetched }, 'https://pool/worker', { a: 'b' })
  expect(fetched.mock.calls.map(([, init]) => init)).toEqual([
    { headers: { a: 'b' } },
    { headers: { a: 'b', upgrade: 'websocket' } },
  ])
})
