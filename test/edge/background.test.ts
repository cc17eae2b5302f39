/** Runs in the background: what can be one, and how it is told of before, while and after it is made. */
import { describe, expect, it } from 'vitest'
import { enter } from '../../src/authenticate/enter.ts'
import { backgroundFault, begunResponse, inBackground, queuedResponse } from '../../src/edge/background.ts'
import type { Exchange, Lasting } from '../../src/edge/exchange.ts'
import { requestOf } from '../support/path.ts'
import { isolate } from '../support/worker.ts'

const native = {
  form: 'responses',
  body: { model: 'plain', input: 'hi', metadata: { a: 'b' } },
  headers: {},
  dropped: [],
} as const

async function exchangeOf(more: Parameters<typeof requestOf>[0] = {}): Promise<Exchange> {
  const at = await isolate()
  const entry = await enter(at.services, at.guard, { authorization: `Bearer ${at.key}`, apiKey: null })
  if (entry.kind === 'refused') throw new Error(entry.refusal.message)
  const request = requestOf({ alias: 'plain', native, ...more })
  return { entry, request, headingId: 'abc' } as unknown as Exchange
}
const lasting = { store: true } as Lasting

describe('what is refused at once', () => {
  it.each([
    ['what is not to be kept', {}, { store: false }, 'store'],
    ['an unknown model', { alias: 'nobody' }, {}, 'model'],
    [
      'what only its own protocol can say',
      { native: { ...native, unsayable: { param: 'tools[0]', message: 'No.' } } },
      {},
      'tools[0]',
    ],
  ] as const)('%s', async (_, request, more, param) => {
    expect(backgroundFault(await exchangeOf(request), { ...lasting, ...more })).toMatchObject({ param })
  })

  it('nothing else', async () => expect(backgroundFault(await exchangeOf(), lasting)).toBeNull())
})

it('is answered as a stream, in no protocol of its own', () => {
  const request = inBackground(requestOf({ native, stream: false }))
  expect(request).toMatchObject({ stream: true, wantsUsage: true, body: { stream: true } })
  expect(request.native?.isTranslated).toBe(true)
})

it('is told of at once, under its id', async () =>
  expect(queuedResponse(await exchangeOf())).toMatchObject({
    id: 'resp_abc',
    object: 'response',
    status: 'queued',
    background: true,
    model: 'plain',
    metadata: { a: 'b' },
    output: [],
  }))

it.each([
  ['running', null, 'queued'],
  ['running', 3, 'in_progress'],
  ['finished', 3, 'in_progress'],
  ['cancelled', 3, 'cancelled'],
  ['failed', null, 'failed'],
  ['interrupted', 3, 'failed'],
] as const)('a stream that is %s after event %s makes it %s', (status, lastEvent, expected) => {
  const state = { id: 'resp_abc', status, lastEvent, startedAtMs: 0, endedAtMs: null, webhook: [] }
  expect(begunResponse({ id: 'resp_abc', status: 'queued' }, state)).toMatchObject({ status: expected })
})
