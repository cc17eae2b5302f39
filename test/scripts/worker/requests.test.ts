/** Requests at a worker: frames to engine and back, whole, bounded, and given up when nobody waits. */
import { expect, it } from 'vitest'
import { Requests } from '../../../scripts/worker/requests.ts'
import type { WorkerFrame } from '../../../src/core/pool/frames.ts'
import { STREAM_WINDOW_BYTES } from '../../../src/core/pool/worker-limits.ts'
import { bodyOf, type Engine, startEngine } from '../../support/engine.ts'

const value = { method: 'POST', path: '/chat', headers: {} } as const

async function world(answer: Engine, maxConcurrent = 4) {
  const { url } = await startEngine(answer)
  const sent: WorkerFrame[] = []
  let heard = Promise.withResolvers<void>()
  const counts = { served: 0, failed: 0 }
  const requests = new Requests({
    ...{ origin: `${url}/v1`, maxConcurrent, counts, idle: () => {} },
    send: (frame) => {
      sent.push(frame)
      heard.resolve()
      heard = Promise.withResolvers()
    },
  })
  const until = async (is: (frame: WorkerFrame) => boolean): Promise<void> => {
    while (!sent.some(is)) await heard.promise
  }
  const text = () =>
    Buffer.concat(sent.flatMap((frame) => (frame.kind === 'data' ? [Buffer.from(frame.bytes)] : []))).toString()
  return { requests, sent, until, text, counts }
}
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text))

it('streams both ways', async () => {
  const { requests, until, sent, text, counts } = await world(async (request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(`data: ${await bodyOf(request)}\n\n`)
  })
  requests.take({ kind: 'request', stream: 3, value })
  for (const piece of ['{"a"', ':1}']) requests.take({ kind: 'body', stream: 3, bytes: bytesOf(piece) })
  requests.take({ kind: 'bodyEnd', stream: 3 })
  await until(({ kind }) => kind === 'end')
  expect(sent[0]).toEqual({
    ...{ kind: 'head', stream: 3, value: { status: 200, headers: { 'content-type': 'text/event-stream' } } },
  })
  expect(text()).toBe('data: {"a":1}\n\n')
  expect([requests.running, counts]).toEqual([0, { served: 1, failed: 0 }])
})

it('sends no more of an answer than is acknowledged', async () => {
  const { requests, until, text } = await world((_, response) => {
    response.end('x'.repeat(STREAM_WINDOW_BYTES + 5))
  })
  requests.take({ kind: 'request', stream: 1, value })
  requests.take({ kind: 'bodyEnd', stream: 1 })
  await until(() => text().length === STREAM_WINDOW_BYTES)
  requests.take({ kind: 'ack', stream: 1, value: { bytes: 5 } })
  await until(({ kind }) => kind === 'end')
  expect(text()).toHaveLength(STREAM_WINDOW_BYTES + 5)
})

it('stops its engine when the answer is not wanted', async () => {
  const stopped = Promise.withResolvers<void>()
  const { requests, until, sent } = await world((_, response) => {
    response.on('close', stopped.resolve)
    response.write('first')
  })
  requests.take({ kind: 'request', stream: 1, value })
  requests.take({ kind: 'bodyEnd', stream: 1 })
  await until(({ kind }) => kind === 'data')
  requests.take({ kind: 'cancel', stream: 1 })
  await stopped.promise
  expect([requests.running, sent.map(({ kind }) => kind)]).toEqual([0, ['head', 'data']])
})

it('says that its engine gives no answer, or half of one', async () => {
  const { requests, until, sent, counts } = await world((request, response) => {
    if (request.headers['x-half'] === undefined) return void request.socket.destroy()
    response.writeHead(200, { 'content-length': '10' })
    response.write('half', () => request.socket.destroy())
  })
  requests.take({ kind: 'request', stream: 1, value })
  await until(({ kind }) => kind === 'fail')
  requests.take({ kind: 'request', stream: 2, value: { ...value, headers: { 'x-half': '1' } } })
  await until(({ kind, stream }) => kind === 'fail' && stream === 2)
  expect(sent.filter(({ kind }) => kind === 'fail')).toMatchObject([
    { stream: 1, value: { why: 'unreachable' } },
    { stream: 2, value: { why: 'broken' } },
  ])
  expect(counts).toEqual({ served: 0, failed: 2 })
})

it('takes so many at a time, and none twice', async () => {
  const { requests, sent } = await world(() => {}, 1)
  requests.take({ kind: 'request', stream: 1, value })
  requests.take({ kind: 'request', stream: 2, value })
  expect(sent).toEqual([{ kind: 'fail', stream: 2, value: { why: 'full' } }])
  expect(() => requests.take({ kind: 'request', stream: 1, value })).toThrow('twice')
  expect(() => requests.take({ kind: 'ack', stream: 1, value: { bytes: 1 } })).toThrow('acknowledged')
  requests.abortAll()
  expect(requests.running).toBe(0)
  requests.take({ kind: 'cancel', stream: 1 })
})
