/** Every fault on the wire, as a client sees it. */
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { errorBody, Refusal } from '../../../scripts/demo/replies.ts'
import { type DemoOrigin, startDemoOrigin } from '../../support/demo-origin.ts'

let origin: DemoOrigin
beforeAll(async () => {
  origin = await startDemoOrigin()
})
afterAll(() => origin.close())

interface Seen {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** How the body ended. */
  readonly end: 'whole' | 'cut' | 'silent' | 'refused'
}

/** Asks with a fault and reads until the end, or until nothing has come for a while. */
function ask(fault: string, stream: boolean): Promise<Seen> {
  const body = JSON.stringify({
    model: 'demo-llm',
    stream,
    demo_fault: fault,
    messages: [{ role: 'user', content: 'Hello' }],
  })
  return new Promise((resolve) => {
    let text = ''
    let status: number | undefined
    let headers: Readonly<Record<string, unknown>> = {}
    const end = (how: Seen['end']) => resolve({ status, headers, text, end: how })
    const call = request(`${origin.url}/v1/chat/completions`, { method: 'POST' }, (reply) => {
      status = reply.statusCode
      headers = reply.headers
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      reply.on('end', () => end('whole'))
      reply.on('error', () => end('cut'))
    })
    call.setTimeout(300, () => {
      end('silent')
      call.destroy()
    })
    call.on('error', () => end('refused'))
    call.end(body)
  })
}

const contents = (text: string): number => text.match(/"delta":\{"content":"[^"]/g)?.length ?? 0

test('in place of a reply', async () => {
  expect((await ask('refuse', true)).end).toBe('refused')
  expect(await ask('stall-headers', true)).toMatchObject({ status: undefined, end: 'silent' })
  expect(await ask('html', true)).toMatchObject({ status: 200, text: expect.stringContaining('<html>'), end: 'whole' })
  expect(await ask('error-200', true)).toMatchObject({ status: 200, text: expect.stringMatching(/^\{"error"/) })
  expect(await ask('redirect', true)).toMatchObject({ status: 307, headers: { location: expect.any(String) } })
  expect(await ask('429', true)).toMatchObject({ status: 429, text: expect.stringContaining('RateLimitError') })
})

test('before the first content of a stream', async () => {
  for (const [fault, how] of [
    ['stall-first', 'silent'],
    ['cut-first', 'cut'],
    ['error-first', 'whole'],
  ] as const) {
    const seen = await ask(fault, true)
    expect(seen).toMatchObject({ status: 200, end: how })
    expect(contents(seen.text)).toBe(0)
  }
})

test('after the first content of a stream', async () => {
  for (const [fault, how] of [
    ['stall', 'silent'],
    ['cut', 'cut'],
    ['cut-event', 'cut'],
    ['end', 'whole'],
    ['error-event', 'whole'],
  ] as const) {
    const seen = await ask(fault, true)
    expect([fault, seen.end]).toEqual([fault, how])
    expect(contents(seen.text)).toBe(2)
    expect(seen.text).not.toContain('[DONE]')
  }
  expect((await ask('cut-event', true)).text).not.toMatch(/\n\n$/)
  expect((await ask('cut', true)).text).toMatch(/\n\n$/)
  expect((await ask('big-event', true)).text.length).toBeGreaterThan(1024 * 1024)
  expect((await ask('malformed', true)).text).toContain('[DONE]')
})

test('inside a whole reply', async () => {
  expect(await ask('cut', false)).toMatchObject({ status: 200, end: 'cut' })
  expect(await ask('stall', false)).toMatchObject({ status: 200, end: 'silent' })
  expect(await ask('stall-first', false)).toMatchObject({ status: 200, text: '', end: 'silent' })
})

test('the body of a refusal has the four keys, its code the status', () => {
  const refusal = new Refusal(400, 'BadRequestError', 'no', 'model')
  expect(errorBody(refusal)).toEqual({ error: { message: 'no', type: 'BadRequestError', param: 'model', code: 400 } })
})
