/** The fetch that SDK providers are given: which headers go out, and what becomes of answers. */
import { expect, it } from 'vitest'
import { UPSTREAM_ERROR_BYTES_MAX, UPSTREAM_REPLY_BYTES_MAX } from '../../../src/core/limits.ts'
import { transport, UpstreamFailure } from '../../../src/providers/ai-sdk/transport.ts'
import { callOf, json, sse, upstream } from '../support.ts'

type Answer = Parameters<typeof upstream>[0]

function made(answer: Answer, headers: Record<string, string> = {}, isStream = false) {
  const origin = upstream(answer)
  const call = callOf({ outgoing: origin.outgoing, body: {}, headers })
  return { ...transport(call, 'application/json', call.signal, isStream), origin }
}

const theirs = {
  'Content-Type': 'application/json',
  'x-api-key': 'secret-key',
  'anthropic-version': '2023-06-01',
  'anthropic-beta': 'mid-2026',
  'user-agent': 'ai-sdk/anthropic/4 node/24',
  'x-stainless-os': 'linux',
  cookie: 'a=b',
}

it('lets through the listed headers and the one with the credential, and names itself', async () => {
  const { send, origin } = made(() => json({}), { traceparent: '00-1' })
  await send('https://x.test/v1/messages', { method: 'POST', headers: theirs, body: '{"a":1}' })
  expect(origin.requests[0]).toMatchObject({ url: 'https://x.test/v1/messages', method: 'POST', body: '{"a":1}' })
  expect(origin.requests[0]?.headers).toEqual({
    accept: 'application/json',
    'content-type': 'application/json',
    'x-api-key': 'secret-key',
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'mid-2026',
    'user-agent': expect.stringMatching(/^sluice\//),
    traceparent: '00-1',
  })
})

it('a configured header wins, but for betas, which the SDK has joined with its own', async () => {
  const { send, origin } = made(() => json({}), { 'Anthropic-Version': '2024', 'anthropic-beta': 'mid' })
  await send('https://x.test', { method: 'POST', headers: { ...theirs, 'anthropic-beta': 'mid,late' } })
  expect(origin.requests[0]?.headers).toMatchObject({ 'anthropic-version': '2024', 'anthropic-beta': 'mid,late' })
})

it('takes a credential as bearer token too, and no other authorization', async () => {
  const { send, origin } = made(() => json({}))
  await send('https://x.test', { headers: { authorization: 'Bearer secret-key' } })
  await send('https://x.test', { headers: { authorization: 'Bearer other' } })
  expect(origin.requests[0]?.headers).toHaveProperty('authorization')
  expect(origin.requests[1]?.headers).not.toHaveProperty('authorization')
})

it.each([301, 307, 400, 503])('throws a %i as it came, before the SDK reads it', async (status) => {
  const { send, answered } = made(() => json('{"error":1}', status, { 'retry-after': '3' }))
  const error = await send('https://x.test', {}).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(UpstreamFailure)
  expect(error).toMatchObject({ status, text: '{"error":1}' })
  expect((error as UpstreamFailure).headers.get('retry-after')).toBe('3')
  expect(answered()).toBeUndefined()
})

const endless = (): Response =>
  new Response(
    new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024 * 1024).fill(32))
      },
    }),
  )

it('reads no more of an error than the bound', async () => {
  const { send } = made(() => new Response(endless().body, { status: 500 }))
  const error = (await send('https://x.test', {}).catch((reason: unknown) => reason)) as UpstreamFailure
  expect(error.status).toBe(500)
  expect(error.text.length).toBeLessThanOrEqual(UPSTREAM_ERROR_BYTES_MAX)
})

it('a whole answer beyond the bound is a failure of the provider', async () => {
  let pulled = 0
  const { send } = made(
    () =>
      new Response(
        new ReadableStream({
          pull(controller) {
            pulled += 1024 * 1024
            controller.enqueue(new Uint8Array(1024 * 1024))
          },
        }),
      ),
  )
  await expect(send('https://x.test', {})).rejects.toMatchObject({ status: 502 })
  expect(pulled).toBeLessThan(UPSTREAM_REPLY_BYTES_MAX + 4 * 1024 * 1024)
})

it('hands a stream on untouched, and remembers the headers of what was answered', async () => {
  const answer = sse('data: 1\n\n')
  const { send, answered } = made(() => answer, {}, true)
  expect(await send('https://x.test', {})).toBe(answer)
  expect(answered()?.get('content-type')).toBe('text/event-stream')
})

it('a whole answer that breaks off is no answer', async () => {
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new TypeError('terminated'))
    },
  })
  const { send, answered } = made(() => new Response(broken))
  await expect(send('https://x.test', {})).rejects.toThrow('terminated')
  expect(answered()).toBeUndefined()
})
