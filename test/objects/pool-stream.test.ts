/** One request on a worker's socket: what goes there, what comes back, and who may break it off. */
import { expect, it } from 'vitest'
import { POOL_HEADER } from '../../src/core/pool/line-limits.ts'
import { CLOSE_FAULT, STREAM_WINDOW_BYTES } from '../../src/core/pool/worker-limits.ts'
import { type Dialled, withWorkers } from '../support/pool-workers.ts'

const REPLICA = 'worker-AbCdEf12-instance01'
const post = (body: BodyInit, more: RequestInit = {}) =>
  new Request('https://pool/v1/chat?x=1', { method: 'POST', body, ...more })
const head = (worker: Dialled, stream: number, headers: Record<string, string> = {}, status = 200) =>
  worker.say({ kind: 'head', stream, value: { status, headers } })
/** Reads the frames of a request to its end. */
async function asked(worker: Dialled) {
  const first = await worker.next()
  if (first.kind !== 'request') throw new Error(`no request: ${first.kind}`)
  const body: Uint8Array[] = []
  for (;;) {
    const frame = await worker.next()
    if (frame.kind === 'bodyEnd') return { ...first, body: Buffer.concat(body) }
    if (frame.kind !== 'body') throw new Error(`no body: ${frame.kind}`)
    body.push(frame.bytes)
  }
}

it('goes with path, query, headers and body, and without what is the runtime’s or ours', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const headers = {
      'content-type': 'application/json',
      authorization: 'Bearer engine',
      'x-custom': 'configured',
      'x-sluice-debug': '1',
      'cf-connecting-ip': '192.0.2.1',
      'x-forwarded-for': '192.0.2.1',
      cookie: 'a=b',
    }
    const answered = workers.serve(REPLICA, post('{"a":1}', { headers }))
    const { stream, value, body } = await asked(worker)
    expect(value).toEqual({
      method: 'POST',
      path: '/v1/chat?x=1',
      headers: { 'content-type': 'application/json', authorization: 'Bearer engine', 'x-custom': 'configured' },
    })
    expect(body.toString()).toBe('{"a":1}')
    head(worker, stream, { 'x-request-id': 'r', 'set-cookie': 'a=b', [POOL_HEADER]: 'lost' }, 503)
    worker.say({ kind: 'end', stream })
    const reply = await answered
    expect([reply.status, ...reply.headers]).toEqual([503, ['x-request-id', 'r']])
  }))

it('sends no more of a body than is acknowledged', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, post(new Uint8Array(STREAM_WINDOW_BYTES + 10)))
    const { stream } = await worker.next()
    let bytes = 0
    while (bytes < STREAM_WINDOW_BYTES) {
      const frame = await worker.next()
      if (frame.kind === 'body') bytes += frame.bytes.byteLength
    }
    expect(bytes).toBe(STREAM_WINDOW_BYTES)
    worker.say({ kind: 'ack', stream, value: { bytes: 100 } })
    expect(await worker.next()).toMatchObject({ kind: 'body', bytes: new Uint8Array(10) })
    expect(await worker.next()).toMatchObject({ kind: 'bodyEnd' })
    head(worker, stream)
    expect((await answered).status).toBe(200)
  }))

it('is cancelled by whoever reads its answer, or asked and left', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, post('{}'))
    const first = await asked(worker)
    head(worker, first.stream)
    await (await answered).body?.cancel()
    expect(await worker.next()).toEqual({ kind: 'cancel', stream: first.stream })
    const caller = new AbortController()
    const left = workers.serve(REPLICA, post('{}', { signal: caller.signal }))
    const second = await asked(worker)
    caller.abort(new Error('they left'))
    await expect(left).rejects.toThrow('they left')
    expect(await worker.next()).toEqual({ kind: 'cancel', stream: second.stream })
    expect(workers.view()).toMatchObject([{ requests: 0 }])
  }))

it.each([
  ['unreachable', 502, null],
  ['broken', 502, null],
  ['full', 503, '1'],
] as const)('is answered for an engine that is %s', (why, status, retryAfter) =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, post('{}'))
    const { stream } = await asked(worker)
    worker.say({ kind: 'fail', stream, value: { why } })
    const { headers, ...reply } = await answered
    expect((await answered).status).toBe(status)
    expect([(await answered).headers.get('retry-after'), (await answered).headers.get(POOL_HEADER)]).toEqual([
      retryAfter,
      null,
    ])
    expect([headers, reply]).toBeDefined()
  }),
)

it('breaks when its engine does, after what came before', () =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, post('{}'))
    const { stream } = await asked(worker)
    head(worker, stream)
    const reader = (await answered).body?.getReader()
    worker.say({ kind: 'data', stream, bytes: Uint8Array.from([1, 2]) })
    expect((await reader?.read())?.value).toEqual(Uint8Array.from([1, 2]))
    worker.say({ kind: 'fail', stream, value: { why: 'broken' } })
    await expect(reader?.read()).rejects.toThrow('broken')
  }))

const faults: [string, (worker: Dialled, stream: number) => void][] = [
  ['two heads', (worker, stream) => void [head(worker, stream), head(worker, stream)]],
  ['data before its head', (worker, stream) => worker.say({ kind: 'data', stream, bytes: Uint8Array.from([1]) })],
  ['its end before its head', (worker, stream) => worker.say({ kind: 'end', stream })],
  ['more acknowledged than was sent', (worker, stream) => worker.say({ kind: 'ack', stream, value: { bytes: 9 } })],
  [
    'more sent than is acknowledged',
    (worker, stream) => {
      head(worker, stream)
      for (let count = 0; count < 5; count += 1)
        worker.say({ kind: 'data', stream, bytes: new Uint8Array(STREAM_WINDOW_BYTES / 4) })
    },
  ],
]
it.each(faults)('ends its socket for %s', (_, say) =>
  withWorkers(async ({ workers, join }) => {
    const worker = await join()
    const answered = workers.serve(REPLICA, post('{}')).catch(() => null)
    const { stream } = await asked(worker)
    say(worker, stream)
    expect(await worker.closed).toMatchObject({ code: CLOSE_FAULT })
    expect([200, 503]).toContain((await answered)?.status)
  }),
)

it('is refused where no frame could name it', () =>
  withWorkers(async ({ workers, join }) => {
    await join()
    const long = new Request(`https://pool/${'a'.repeat(3000)}`)
    expect((await workers.serve(REPLICA, long)).status).toBe(502)
    expect((await workers.serve(REPLICA, post('{}', { headers: { 'x-long': 'a'.repeat(9000) } }))).status).toBe(502)
    expect(workers.view()).toMatchObject([{ requests: 0 }])
  }))
