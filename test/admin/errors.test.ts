/** How the admin API says no: the shape, and what never comes out. */
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { AdminRefusal, errorReply, onError, refuse, refuseInput } from '../../src/admin/errors.ts'
import type { AdminEnv } from '../../src/admin/routing.ts'
import { refusal } from '../../src/core/errors.ts'
import { VaultError } from '../../src/core/sealed.ts'
import { ObjectTimeout } from '../../src/stores/embedded/object-call.ts'

async function thrown(fails: () => void) {
  const lines: unknown[] = []
  const app = new Hono<AdminEnv>()
  app.onError(onError)
  app.get('/', (c) => {
    c.set('services', { log: (line: unknown) => lines.push(line) } as unknown as AdminEnv['Variables']['services'])
    fails()
    return c.text('')
  })
  const reply = await app.request('/')
  return { status: reply.status, headers: reply.headers, body: await reply.json(), lines }
}

it('names every fault, the first one in message and param', async () => {
  const faults = [
    { path: '/models/a~1b/targets', message: 'is required (an array)' },
    { path: '/x', message: 'is not a known field' },
  ]
  const { status, body } = await thrown(() => refuseInput(faults))
  expect(status).toBe(400)
  expect(body).toEqual({
    error: {
      message: '/models/a~1b/targets is required (an array), and 1 more. Nothing was changed.',
      type: 'invalid_request_error',
      param: 'models.a/b.targets',
      code: 'invalid_request',
      faults,
    },
  })
})

it('says which methods a path takes', async () => {
  const { headers } = await thrown(() => refuse('method_not_allowed', 'No.', { allow: 'GET, PUT' }))
  expect(headers.get('allow')).toBe('GET, PUT')
})

it('rounds retry-after up', () => {
  const { headers } = errorReply(refusal('rate_limit_exceeded', 'Wait.', { retryAfterMs: 1001 }))
  expect(headers.get('retry-after')).toBe('2')
  expect(headers.get('retry-after-ms')).toBe('1001')
})

it('tells an object out of reach from a fault of ours', async () => {
  const unreachable = await thrown(() => {
    throw Object.assign(new Error('Network connection lost.'), { retryable: true })
  })
  expect(unreachable.status).toBe(503)
  expect(unreachable.body).toMatchObject({ error: { code: 'overloaded' } })
  expect(unreachable.headers.get('retry-after')).toBe('1')
  const late = await thrown(() => {
    throw new ObjectTimeout('the object did not answer in time')
  })
  expect(late.status).toBe(503)
  expect(late.body).toMatchObject({ error: { code: 'overloaded' } })
})

it('tells which variable is wrong when records do not open', async () => {
  const { status, body } = await thrown(() => {
    throw new VaultError('does not open')
  })
  expect(status).toBe(503)
  expect(body).toMatchObject({
    error: { code: 'misconfigured', message: expect.stringContaining('SLUICE_MASTER_KEY') },
  })
})

it('keeps what went wrong inside, and logs where without the message', async () => {
  const { status, body, lines } = await thrown(() => {
    throw new TypeError('Invalid header value: canary-secret')
  })
  expect(status).toBe(500)
  expect(body).toMatchObject({ error: { code: 'internal', faults: [] } })
  expect(lines).toMatchObject([{ event: 'admin_failed', error: 'TypeError', path: '/' }])
  expect(JSON.stringify([body, lines])).not.toContain('canary')
})

it('is an error like any other to those who do not know it', () => {
  expect(() => refuse('conflict', 'There is one.')).toThrow(AdminRefusal)
})
